"""Loads a Parquet file into a new table of a DuckDB file; says how long the loading took."""

import json
import sys
import time

import duckdb

database, file = sys.argv[1:3]
connection = duckdb.connect(database)
start = time.perf_counter()
connection.execute(f"CREATE TABLE restored AS FROM read_parquet('{file}')")
connection.execute("CHECKPOINT")
seconds = time.perf_counter() - start
rows = connection.execute("SELECT count(*) FROM restored").fetchone()[0]
print(json.dumps({"seconds": seconds, "rows": rows}))
