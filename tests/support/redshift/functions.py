"""The functions that Redshift documents and generated SQL may use. Any other call is refused: what
PostgreSQL offers beyond them would hide a mistake. Extend it from the documentation only."""

AGGREGATES = """
    any_value approximate avg count listagg max median min percentile_cont percentile_disc stddev
    stddev_pop stddev_samp sum var_pop var_samp variance bit_and bit_or bool_and bool_or
"""
WINDOWS = """
    cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank
    ratio_to_report rank row_number
"""
TEXTS = """
    ascii btrim bpcharcmp char_length character_length charindex chr collate concat crc32 initcap
    left len length lower lpad ltrim octetindex octet_length position quote_ident quote_literal
    regexp_count regexp_instr regexp_replace regexp_substr repeat replace replicate reverse right
    rpad rtrim soundex split_part strpos strtol substring substr textlen translate trim upper md5
    sha sha1 sha2 func_sha1 fnv_hash farmfingerprint64 checksum to_hex
"""
TIMES = """
    add_months convert_timezone current_date date_cmp date_part date_part_year date_trunc dateadd
    datediff extract getdate interval_cmp last_day months_between next_day sysdate timeofday
    timestamp_cmp timezone to_timestamp trunc
"""
NUMBERS = """
    abs acos asin atan atan2 cbrt ceil ceiling cos cot degrees dexp dlog1 dlog10 exp floor ln log
    mod pi power pow radians random round sign sin sqrt tan
"""
OTHERS = """
    case cast coalesce convert decode greatest isnull least nullif nvl nvl2 to_char to_date
    to_number try_cast set_config current_setting current_database current_schema current_schemas
    current_user current_user_id has_database_privilege has_schema_privilege has_table_privilege
    pg_backend_pid pg_cancel_backend pg_terminate_backend pg_last_copy_count pg_last_copy_id
    pg_last_query_id pg_last_unload_count pg_get_userbyid pg_get_viewdef pg_table_is_visible
    format_type obj_description col_description session_user version can_json_parse json_parse
    json_serialize is_valid_json json_extract_path_text json_array_length
"""
KNOWN = set(" ".join([AGGREGATES, WINDOWS, TEXTS, TIMES, NUMBERS, OTHERS]).upper().split())

# Words that may stand before a bracket without being a function.
KEYWORDS = set(
    """
    ALL AND ANY AS BETWEEN BY COLUMN COPY CROSS DELETE DISTINCT ELSE EXCEPT EXISTS FROM FULL GROUP
    HAVING IDENTITY ILIKE IN INNER INSERT INTERSECT INTO IS JOIN KEY LEFT LIKE LIMIT MINUS NATURAL
    NOT OFFSET ON OR ORDER OUTER OVER PARTITION PRIMARY REFERENCES RIGHT ROWS SELECT SET SIMILAR
    SOME SORTKEY DISTKEY THEN TO TOP UNION UNIQUE UNLOAD UPDATE USING VALUES WHEN WHERE WITH WITHIN
    TABLE FOREIGN GROUPING SETS ROLLUP CUBE RETURN MATCHED FILTER CHECK
    """.split()
)
# Types that take a length in brackets.
TYPES = {
    "VARCHAR", "CHAR", "CHARACTER", "VARYING", "NVARCHAR", "NCHAR", "BPCHAR", "DECIMAL", "NUMERIC",
    "TIMESTAMP", "TIME",
}  # fmt: skip
# After these a name with a bracket is a relation and its columns.
BEFORE_RELATION = {"INTO", "TABLE", "EXISTS", "REFERENCES", "AS", "WITH", "RECURSIVE", "VIEW"}
