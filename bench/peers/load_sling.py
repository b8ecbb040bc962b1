"""Loads a hired_employees file into PostgreSQL with sling: COPY into a table of its own, then an
upsert by the key (mode "incremental" without an update key)."""

import json
import os
import sys

import sling_linux_amd64

url, source = sys.argv[1:3]
columns = {
    "id": "bigint", "name": "text", "datetime_": "timestamp", "department_id": "bigint",
    "job_id": "bigint",
}  # fmt: skip
options = {"header": False, "fields": list(columns), "empty_as_null": True}
os.environ.update(
    {"BENCH_POSTGRES": url, "SLING_TELEMETRY": "false", "SLING_LOADED_AT_COLUMN": "false"}
)
os.execv(sling_linux_amd64.SLING_BIN, [
    "sling", "run", "--src-stream", f"file://{source}",
    "--src-options", json.dumps(options), "--columns", json.dumps(columns),
    "--tgt-conn", "BENCH_POSTGRES", "--tgt-object", "public.hired_employees",
    "--mode", "incremental", "--primary-key", "id",
])  # fmt: skip
