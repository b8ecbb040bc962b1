"""Validates a hired_employees file with DuckDB's CSV reader and keeps the rejects as a file."""

import json
import os
import pathlib
import sys

import duckdb
import duckdb_extension_httpfs

source, rejects = sys.argv[1:3]
connection = duckdb.connect()
if source.startswith("s3://"):
    folder = pathlib.Path(duckdb_extension_httpfs.__file__).parent
    extension = next(folder.glob("extensions/*/httpfs.duckdb_extension"))
    connection.execute(f"LOAD '{extension}'")
    host = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://")
    connection.execute(
        f"""
        CREATE SECRET (TYPE s3, KEY_ID '{os.environ["AWS_ACCESS_KEY_ID"]}',
            SECRET '{os.environ["AWS_SECRET_ACCESS_KEY"]}', REGION '{os.environ["AWS_REGION"]}',
            ENDPOINT '{host}', URL_STYLE 'path', USE_SSL false)
        """
    )
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
