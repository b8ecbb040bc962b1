"""What Redshift has and PostgreSQL lacks, as functions and system tables of a database."""

VERSION = (
    "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 "
    "(Red Hat 3.4.2-6.fc3), Redshift 1.0.99999"
)
VIOLATION = (
    "Serializable isolation violation on table - 100, transactions forming the cycle are: 1, 2"
)

SETUP = f"""
SET allow_system_table_mods = on;
CREATE SCHEMA standin;
CREATE SEQUENCE standin.query_id;
CREATE TABLE standin.load_errors (
    user_id int, query_id bigint, transaction_id bigint, session_id int, database_name text,
    table_id int, start_time timestamp, file_name text, line_number bigint, column_name text,
    column_type text, column_length text, position int, error_code int, error_message text);
CREATE TABLE standin.load_history (
    user_id int, query_id bigint, transaction_id bigint, session_id int, database_name text,
    status text, table_name text, start_time timestamp, end_time timestamp, duration bigint,
    data_source text, file_format text, loaded_rows bigint, loaded_bytes bigint,
    source_file_count int, source_file_bytes bigint, error_count int, error_message text);
CREATE VIEW pg_catalog.sys_load_error_detail AS SELECT * FROM standin.load_errors;
CREATE VIEW pg_catalog.sys_load_history AS SELECT * FROM standin.load_history;
CREATE VIEW pg_catalog.svv_table_info AS
    SELECT current_database()::text AS database, n.nspname::text AS schema, c.oid AS table_id,
        c.relname::text AS "table", greatest(c.reltuples, 0)::numeric AS tbl_rows,
        pg_relation_size(c.oid) / 1048576 AS size
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'standin');
CREATE VIEW pg_catalog.pg_table_def AS
    SELECT n.nspname AS schemaname, c.relname AS tablename, a.attname AS "column",
        format_type(a.atttypid, a.atttypmod) AS type, 'none'::text AS encoding,
        false AS distkey, 0 AS sortkey, a.attnotnull AS "notnull"
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind = 'r' AND n.nspname::text = ANY (current_schemas(true)::text[]);

CREATE FUNCTION pg_catalog.getdate() RETURNS timestamp STABLE LANGUAGE sql
    AS $$SELECT date_trunc('second', now() AT TIME ZONE 'UTC')$$;
CREATE FUNCTION standin.number(setting text) RETURNS bigint STABLE LANGUAGE sql
    AS $$SELECT coalesce(nullif(current_setting('standin.' || setting, true), ''), '-1')::bigint$$;
CREATE FUNCTION pg_catalog.pg_last_copy_id() RETURNS bigint STABLE LANGUAGE sql
    AS $$SELECT standin.number('copy_id')$$;
CREATE FUNCTION pg_catalog.pg_last_query_id() RETURNS bigint STABLE LANGUAGE sql
    AS $$SELECT standin.number('copy_id')$$;
CREATE FUNCTION pg_catalog.pg_last_copy_count() RETURNS bigint STABLE LANGUAGE sql
    AS $$SELECT greatest(standin.number('copy_count'), 0)$$;
CREATE FUNCTION pg_catalog.pg_last_unload_count() RETURNS bigint STABLE LANGUAGE sql
    AS $$SELECT greatest(standin.number('unload_count'), 0)$$;
CREATE FUNCTION pg_catalog.datediff(part text, a timestamp, b timestamp) RETURNS bigint IMMUTABLE
    LANGUAGE sql AS $$SELECT CASE part
        WHEN 'second' THEN extract(epoch FROM date_trunc('second', b) - date_trunc('second', a))
        WHEN 'minute' THEN
            extract(epoch FROM date_trunc('minute', b) - date_trunc('minute', a)) / 60
        WHEN 'hour' THEN extract(epoch FROM date_trunc('hour', b) - date_trunc('hour', a)) / 3600
        WHEN 'day' THEN b::date - a::date
        WHEN 'month' THEN (extract(year FROM b) - extract(year FROM a)) * 12
            + extract(month FROM b) - extract(month FROM a)
        WHEN 'year' THEN extract(year FROM b) - extract(year FROM a) END::bigint$$;
CREATE FUNCTION pg_catalog.dateadd(part text, count bigint, at timestamp)
    RETURNS timestamp IMMUTABLE LANGUAGE sql
    AS $$SELECT at + count * ('1 ' || part)::interval$$;
CREATE FUNCTION pg_catalog.nvl2(given anyelement, one anyelement, other anyelement)
    RETURNS anyelement IMMUTABLE LANGUAGE sql
    AS $$SELECT CASE WHEN given IS NOT NULL THEN one ELSE other END$$;
CREATE OR REPLACE FUNCTION pg_catalog.version() RETURNS text STABLE LANGUAGE sql
    AS $$SELECT '{VERSION}'$$;

-- The mean of integers is an integer.
CREATE FUNCTION standin.add(state numeric[], value bigint) RETURNS numeric[] IMMUTABLE LANGUAGE sql
    AS $$SELECT CASE WHEN value IS NULL THEN state
        ELSE ARRAY[state[1] + value, state[2] + 1] END$$;
CREATE FUNCTION standin.mean(state numeric[]) RETURNS bigint IMMUTABLE LANGUAGE sql
    AS $$SELECT trunc(state[1] / nullif(state[2], 0))::bigint$$;
CREATE FUNCTION standin.add(state numeric[], value integer) RETURNS numeric[] IMMUTABLE
    LANGUAGE sql AS $$SELECT standin.add(state, value::bigint)$$;
CREATE FUNCTION standin.add(state numeric[], value smallint) RETURNS numeric[] IMMUTABLE
    LANGUAGE sql AS $$SELECT standin.add(state, value::bigint)$$;
CREATE AGGREGATE standin.avg (bigint)
    (SFUNC = standin.add, STYPE = numeric[], INITCOND = '{{0,0}}', FINALFUNC = standin.mean);
CREATE AGGREGATE standin.avg (integer)
    (SFUNC = standin.add, STYPE = numeric[], INITCOND = '{{0,0}}', FINALFUNC = standin.mean);
CREATE AGGREGATE standin.avg (smallint)
    (SFUNC = standin.add, STYPE = numeric[], INITCOND = '{{0,0}}', FINALFUNC = standin.mean);
CREATE AGGREGATE standin.avg (numeric)
    (SFUNC = numeric_avg_accum, STYPE = internal, FINALFUNC = numeric_avg);
CREATE AGGREGATE standin.avg (double precision)
    (SFUNC = float8_accum, STYPE = float8[], INITCOND = '{{0,0,0}}', FINALFUNC = float8_avg);

-- A row in here makes the transaction fail when it commits.
CREATE TABLE standin.fuse (at timestamp DEFAULT now());
CREATE FUNCTION standin.burn() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '1023' USING ERRCODE = 'XX000', DETAIL = '{VIOLATION}'; END$$;
CREATE CONSTRAINT TRIGGER burn AFTER INSERT ON standin.fuse DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION standin.burn();
"""
