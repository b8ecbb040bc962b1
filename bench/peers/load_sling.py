"""Loads a hired_employees file, which has a header, into PostgreSQL with sling: COPY into a table
of its own, then an upsert by the key (mode "incremental" without an update key). Types are those
that sling finds: told them, this version mixes up the columns, and without a header as well."""

import json
import os
import sys

import sling_linux_amd64

url, source = sys.argv[1:3]
options = {"header": True, "empty_as_null": True}
os.environ.update(
    {"BENCH_POSTGRES": url, "SLING_TELEMETRY": "false", "SLING_LOADED_AT_COLUMN": "false"}
)
os.execv(sling_linux_amd64.SLING_BIN, [
    "sling", "run", "--src-stream", f"file://{source}",
    "--src-options", json.dumps(options),
    "--tgt-conn", "BENCH_POSTGRES", "--tgt-object", "public.hired_employees",
    "--mode", "incremental", "--primary-key", "id",
])  # fmt: skip
