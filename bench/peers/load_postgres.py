"""Loads a hired_employees file into PostgreSQL by bench/sql/load_postgres.sql, in one transaction:
what an expert would write."""

import pathlib
import sys

import psycopg

BLOCK_BYTES = 1 << 20

url, source = sys.argv[1:3]
script = (pathlib.Path(__file__).parents[1] / "sql" / "load_postgres.sql").read_text()
with psycopg.connect(url) as connection, open(source, "rb") as file:
    for statement in script.split(";\n"):
        if "FROM STDIN" in statement:
            with connection.cursor().copy(statement) as copy:
                while block := file.read(BLOCK_BYTES):
                    copy.write(block)
        elif statement.strip():
            connection.execute(statement)
