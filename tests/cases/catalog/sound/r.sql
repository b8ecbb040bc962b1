-- It's $free text; in a comment
/* and $here; */
SELECT code, COUNT(*) AS n, '$no; $param' AS "$x;"
FROM orders
WHERE EXTRACT(YEAR FROM bought) = $year AND state = $state AND a$year = ''''
GROUP BY code
