"""muster with the hiring catalog whose source, clean objects and backups are in a bucket."""

import json
import os
import secrets
import subprocess

from program import HIRING, MUSTER

CATALOG = """
[source]
url = "s3://lake/incoming/"
[clean]
url = "s3://lake/clean"
[backups]
url = "s3://lake/backups"
"""


class Lake:
    """muster with the hiring catalog on a bucket of its own."""

    def __init__(self, server, folder, bucket):
        self.server, self.folder = server, folder
        self.bucket = bucket = f"{bucket}-{secrets.token_hex(4)}"
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
        assert code is None or done.returncode == code, (
            f"muster {words}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        )
        return done

    def load(self, *words, **options):
        lines = self("run", "--json", *words, **options).stdout.splitlines()
        summary = json.loads(lines[-1])
        return {table["table"]: table for table in summary["tables"]}, summary

    def report(self, name, year):
        return json.loads(self("report", name, "--year", str(year), "--output", "json").stdout)

    def backups(self):
        return json.loads(self("backup", "list", "--json").stdout)
