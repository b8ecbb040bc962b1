-- Loads the hiring files: refuses what does not fit, the last of equal keys wins, references are
-- checked, changed rows are replaced. No index and no MERGE: for few changes in a large table both
-- are slower. :*_file are put in by load_duckdb.py.
CREATE TABLE IF NOT EXISTS departments (id BIGINT, department VARCHAR);
CREATE TABLE IF NOT EXISTS jobs (id BIGINT, job VARCHAR);
CREATE TABLE IF NOT EXISTS hired_employees (
    id BIGINT, name VARCHAR, datetime_ TIMESTAMP, department_id BIGINT, job_id BIGINT);
CREATE TABLE IF NOT EXISTS rejects (line BIGINT, record VARCHAR, reason VARCHAR);

BEGIN;
DELETE FROM departments;
INSERT INTO departments FROM read_csv(:departments_file, header = false, auto_detect = false,
    columns = {'id': 'BIGINT', 'department': 'VARCHAR'});
DELETE FROM jobs;
INSERT INTO jobs FROM read_csv(:jobs_file, header = false, auto_detect = false,
    columns = {'id': 'BIGINT', 'job': 'VARCHAR'});

CREATE TEMP TABLE staged AS
SELECT *, row_number() OVER () AS position
FROM read_csv(:hired_employees_file, header = false, delim = ',', quote = '"', escape = '"',
    auto_detect = false, strict_mode = true, store_rejects = true, rejects_limit = 0,
    columns = {'id': 'BIGINT', 'name': 'VARCHAR', 'datetime_': 'TIMESTAMP',
               'department_id': 'BIGINT', 'job_id': 'BIGINT'});

-- Only keys that stand twice are sorted; mostly there are none.
CREATE TEMP TABLE losers AS
SELECT position
FROM (
    SELECT position, max(position) OVER (PARTITION BY id) AS winner
    FROM staged
    WHERE id IN (SELECT id FROM staged GROUP BY id HAVING count(*) > 1))
WHERE position < winner;

CREATE TEMP TABLE refused AS
SELECT position, 'id is missing' AS reason FROM staged WHERE id IS NULL
UNION ALL
SELECT position, 'no such department' FROM staged
WHERE department_id IS NOT NULL AND department_id NOT IN (SELECT id FROM departments)
UNION ALL
SELECT position, 'no such job' FROM staged
WHERE job_id IS NOT NULL AND job_id NOT IN (SELECT id FROM jobs);

CREATE TEMP VIEW good AS
SELECT * FROM staged
WHERE position NOT IN (SELECT position FROM refused)
  AND position NOT IN (SELECT position FROM losers);

CREATE TEMP TABLE known AS
SELECT g.id, (g.name, g.datetime_, g.department_id, g.job_id)
    IS DISTINCT FROM (t.name, t.datetime_, t.department_id, t.job_id) AS changed
FROM good g JOIN hired_employees t USING (id);

DELETE FROM hired_employees WHERE id IN (SELECT id FROM known WHERE changed);
INSERT INTO hired_employees
SELECT id, name, datetime_, department_id, job_id FROM good
WHERE id NOT IN (SELECT id FROM known WHERE NOT changed);

INSERT INTO rejects
SELECT line, csv_line, error_message FROM reject_errors
UNION ALL
SELECT position, NULL, reason FROM refused;

CREATE TEMP TABLE counts AS
SELECT
    (SELECT count(*) FROM staged) + (SELECT count(DISTINCT line) FROM reject_errors) AS read,
    (SELECT count(*) FROM good) - (SELECT count(*) FROM known) AS inserted,
    (SELECT count(*) FROM known WHERE changed) AS updated,
    (SELECT count(*) FROM known WHERE NOT changed) AS unchanged,
    (SELECT count(*) FROM losers) AS deduplicated,
    (SELECT count(DISTINCT position) FROM refused)
        + (SELECT count(DISTINCT line) FROM reject_errors) AS rejected;
COMMIT;
