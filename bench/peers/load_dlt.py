"""Loads a hired_employees file into PostgreSQL with dlt. Of its ways the fastest: pyarrow reads the
file, dlt's files are uncompressed CSV, which it sends by COPY into a table of a staging schema, and
a MERGE brings that into the table (merge strategy "upsert")."""

import os
import sys

import dlt
import pyarrow as pa
import pyarrow.csv

BLOCK_BYTES = 16 << 20
COLUMNS = pa.schema([
    ("id", pa.int64()), ("name", pa.string()), ("datetime_", pa.timestamp("us")),
    ("department_id", pa.int64()), ("job_id", pa.int64()),
])  # fmt: skip

url, source, folder = sys.argv[1:4]
os.environ.update({
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "ERROR",
    "DATA_WRITER__DISABLE_COMPRESSION": "true",
    "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION": "true",
})  # fmt: skip


@dlt.resource(
    name="hired_employees",
    primary_key="id",
    write_disposition={"disposition": "merge", "strategy": "upsert"},
    columns={"datetime_": {"data_type": "timestamp", "timezone": False}},
)
def hired_employees():
    convert = pa.csv.ConvertOptions(
        column_types=COLUMNS, timestamp_parsers=["%Y-%m-%dT%H:%M:%SZ"], strings_can_be_null=True
    )
    read = pa.csv.ReadOptions(column_names=COLUMNS.names, block_size=BLOCK_BYTES)
    with pa.csv.open_csv(source, read_options=read, convert_options=convert) as batches:
        for batch in batches:
            yield pa.Table.from_batches([batch])


pipeline = dlt.pipeline(
    "hiring",
    pipelines_dir=folder,
    destination=dlt.destinations.postgres(url),
    dataset_name="hiring",
)
pipeline.run(hired_employees(), loader_file_format="csv").raise_on_failed_jobs()
