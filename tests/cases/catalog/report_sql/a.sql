-- é $no
SELECT '$not', $yaer, é$year,
    $1, $$text$$, $tag$text$tag$;
SELECT $;
