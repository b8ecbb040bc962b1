"""Saves hired_employees by COPY in binary, in the order of its key, or loads what was saved into a
new table with the same key. Prints rows and the seconds that it took."""

import json
import os
import sys
import time

import psycopg

BLOCK_BYTES = 1 << 20
COLUMNS = "id, name, datetime_, department_id, job_id"

verb, url, path = sys.argv[1:4]
start = time.perf_counter()
with psycopg.connect(url) as connection, connection.cursor() as cursor:
    if verb == "save":
        query = (
            f"COPY (SELECT {COLUMNS} FROM hired_employees ORDER BY id) TO STDOUT (FORMAT binary)"
        )
        with open(path, "wb", BLOCK_BYTES) as file, cursor.copy(query) as copy:
            file.writelines(copy)
            file.flush()
            os.fsync(file.fileno())
    else:
        cursor.execute("DROP TABLE IF EXISTS copied")
        cursor.execute("CREATE TABLE copied (LIKE hired_employees INCLUDING ALL)")
        query = f"COPY copied ({COLUMNS}) FROM STDIN (FORMAT binary)"
        with open(path, "rb") as file, cursor.copy(query) as copy:
            while block := file.read(BLOCK_BYTES):
                copy.write(block)
    rows = cursor.rowcount
print(json.dumps({"rows": rows, "seconds": time.perf_counter() - start}))
