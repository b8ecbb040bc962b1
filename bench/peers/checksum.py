"""Rows and checksum of hired_employees in a DuckDB file, whoever wrote it."""

import json
import sys

import duckdb

rows, total = (
    duckdb.connect(sys.argv[1], read_only=True)
    .execute(
        """SELECT count(*), sum(hash(id, name, epoch_us(datetime_), department_id, job_id)::HUGEINT)
        FROM hired_employees"""
    )
    .fetchone()
)
print(json.dumps([rows, str(total)]))
