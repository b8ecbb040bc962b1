-- Loads a hired_employees file into PostgreSQL: COPY into a temporary table, then one upsert. The
-- last of equal keys wins, rows that did not change are left alone. Sent by load_postgres.py.
CREATE TABLE IF NOT EXISTS hired_employees (
    id bigint PRIMARY KEY, name text COLLATE "C", datetime_ timestamp, department_id bigint,
    job_id bigint);

CREATE TEMP TABLE staged (
    id bigint, name text COLLATE "C", datetime_ timestamp, department_id bigint, job_id bigint)
    ON COMMIT DROP;

COPY staged FROM STDIN (FORMAT csv);

INSERT INTO hired_employees AS t
SELECT DISTINCT ON (id) id, name, datetime_, department_id, job_id
FROM staged ORDER BY id, ctid DESC
ON CONFLICT (id) DO UPDATE SET
    name = excluded.name, datetime_ = excluded.datetime_,
    department_id = excluded.department_id, job_id = excluded.job_id
WHERE (t.name, t.datetime_, t.department_id, t.job_id) IS DISTINCT FROM
    (excluded.name, excluded.datetime_, excluded.department_id, excluded.job_id);
