"""Loads the hiring files into a DuckDB file by bench/sql/load.sql: what an expert would write."""

import json
import pathlib
import sys

import duckdb

database, source = sys.argv[1:3]
script = (pathlib.Path(__file__).parents[1] / "sql" / "load.sql").read_text()
connection = duckdb.connect(database)
for name in ("departments", "jobs", "hired_employees"):
    path = str(pathlib.Path(source, f"{name}.csv")).replace("'", "''")
    script = script.replace(f":{name}_file", f"'{path}'")
connection.execute(script)
names = ["read", "inserted", "updated", "unchanged", "deduplicated", "rejected"]
counts = connection.execute("SELECT * FROM counts").fetchone()
connection.execute("CHECKPOINT")
print(json.dumps(dict(zip(names, counts, strict=True))))
