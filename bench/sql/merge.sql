-- A small file of changed records into a large table, as DuckDB's documentation shows it.
CREATE TEMP TABLE staged AS
SELECT * FROM read_csv(:hired_employees_file, header = false, auto_detect = false,
    columns = {'id': 'BIGINT', 'name': 'VARCHAR', 'datetime_': 'TIMESTAMP',
               'department_id': 'BIGINT', 'job_id': 'BIGINT'});
MERGE INTO hired_employees AS t USING staged AS s ON t.id = s.id
WHEN MATCHED AND (t.name, t.datetime_, t.department_id, t.job_id)
    IS DISTINCT FROM (s.name, s.datetime_, s.department_id, s.job_id)
    THEN UPDATE SET name = s.name, datetime_ = s.datetime_, department_id = s.department_id,
        job_id = s.job_id
WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.name, s.datetime_, s.department_id, s.job_id);
CHECKPOINT;
