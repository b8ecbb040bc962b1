"""Merges a file of hired employees into a DuckDB file by bench/sql/merge.sql."""

import pathlib
import sys

import duckdb

database, file = sys.argv[1:3]
script = (pathlib.Path(__file__).parents[1] / "sql" / "merge.sql").read_text()
duckdb.connect(database).execute(script.replace(":hired_employees_file", f"'{file}'"))
