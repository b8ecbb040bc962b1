"""Saves a table of a DuckDB file as Parquet, as DuckDB's documentation shows it."""

import sys

import duckdb

database, file = sys.argv[1:3]
connection = duckdb.connect(database, read_only=True)
connection.execute(f"COPY hired_employees TO '{file}' (FORMAT parquet)")
