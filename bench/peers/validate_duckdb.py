"""Validates a hired_employees file with DuckDB's CSV reader and keeps the rejects as a file."""

import json
import sys

import duckdb

source, rejects = sys.argv[1:3]
connection = duckdb.connect()
# Every column is counted: the reader does not look at columns that nobody asks for.
# All of the result is taken: the rejects are there when the query has ended.
rows, keys, *_ = connection.execute(
    """
    SELECT count(*), count(id), count(name), count(datetime_), count(department_id), count(job_id)
    FROM read_csv(?, header = false, delim = ',', quote = '"', escape = '"', auto_detect = false,
        strict_mode = true, store_rejects = true, rejects_limit = 0,
        columns = {'id': 'BIGINT', 'name': 'VARCHAR', 'datetime_': 'TIMESTAMP',
                   'department_id': 'BIGINT', 'job_id': 'BIGINT'})
    """,
    [source],
).fetchall()[0]
connection.execute("COPY reject_errors TO '%s' (FORMAT csv)" % rejects.replace("'", "''"))
refused = connection.execute("SELECT count(DISTINCT line) FROM reject_errors").fetchone()[0]
print(json.dumps({"read": rows + refused, "rejected": refused + rows - keys}))
