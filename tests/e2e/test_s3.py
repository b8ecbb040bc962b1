"""muster on S3: source, clean objects, backups and exports in buckets of a real server."""

import gzip
import json
import os
import subprocess

import pytest
from program import HIRING, MUSTER, REAL, need_real
from s3 import Gateway
from test_reference import ABOVE_MEAN

CATALOG = """
[source]
url = "s3://lake/incoming/"
[clean]
url = "s3://lake/clean"
[backups]
url = "s3://lake/backups"
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    server = Gateway(tmp_path_factory.mktemp("s3"))
    yield server
    server.stop()


class Lake:
    """muster with the hiring catalog on a bucket of its own."""

    def __init__(self, server, folder, bucket):
        self.server, self.folder, self.bucket = server, folder, bucket
        server.make_bucket(bucket)
        text = HIRING.read_text()
        sections = CATALOG.replace("lake", bucket)
        kept = [p for p in text.split("\n\n") if "[source]" not in p and "[clean]" not in p]
        (folder / "muster.toml").write_text("\n\n".join(kept) + sections)
        reports = HIRING.parent / "reports"
        if reports.is_dir():
            os.symlink(reports, folder / "reports")
        self.env = server.environment(MUSTER_MEMORY_LIMIT="512MiB", MUSTER_THREADS="2")

    def __call__(self, *words, code=0, env=None, timeout=120):
        done = subprocess.run(
            [MUSTER, *map(str, words)], cwd=self.folder, env=self.env | (env or {}),
            capture_output=True, text=True, timeout=timeout,
        )  # fmt: skip
        assert code is None or done.returncode == code, f"muster {words}: {done}"
        return done

    def load(self, *words, **options):
        lines = self("run", "--json", *words, **options).stdout.splitlines()
        summary = json.loads(lines[-1])
        return {table["table"]: table for table in summary["tables"]}, summary

    def report(self, name, year):
        done = self("report", name, "--year", str(year), "--output", "json")
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def lake(gateway, tmp_path, request):
    digits = "".join(c if c.isalnum() else "-" for c in request.node.name.lower())
    return Lake(gateway, tmp_path, f"b-{digits}"[:60].rstrip("-"))


def test_a_whole_run_gives_the_reference_results(lake):
    need_real()
    lake.server.put_folder(lake.bucket, "incoming/", REAL)
    tables, _ = lake.load()
    assert {name: table["read"] for name, table in tables.items()} == {
        "departments": 12, "jobs": 183, "hired_employees": 1999,
    }  # fmt: skip
    rows = lake.report("departments_above_mean", 2021)
    assert {row["department"]: row["hired"] for row in rows} == ABOVE_MEAN
    clean = lake.server.keys(lake.bucket, "clean/")
    assert {key.rsplit("/", 1)[1] for key in clean} >= {"part-0000.parquet", "scan.json"}
    assert not list((lake.folder / "muster-data" / "tmp").glob("s3-spool-*"))


def test_unchanged_objects_are_known_without_reading(lake):
    need_real()
    lake.server.put_folder(lake.bucket, "incoming/", REAL)
    lake.load()
    again, _ = lake.load()
    assert all(table["read"] == 0 and table["files_skipped"] == 1 for table in again.values())
    # The same bytes written once more have the same ETag, others do not.
    jobs = (REAL / "jobs.csv").read_bytes()
    lake.server.put(lake.bucket, "incoming/jobs.csv", jobs)
    assert lake.load()[0]["jobs"]["read"] == 0
    lake.server.put(lake.bucket, "incoming/jobs.csv", jobs + b"184,Astronaut\n")
    assert lake.load()[0]["jobs"]["inserted"] == 1
