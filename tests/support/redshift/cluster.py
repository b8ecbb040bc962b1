"""muster with the hiring catalog on a Redshift that somebody names, and a bucket beside it."""

import json
import os
import secrets
import subprocess

from program import HIRING, MUSTER

SECTIONS = """
[source]
url = "source"
[clean]
url = "{root}/clean"
[backups]
url = "{root}/backups"
"""


class OnCluster:
    """`url` is a warehouse URL of an empty database, `bucket` s3://name or s3://name/prefix in its
    region, `role` what COPY assumes. It looks like an OnRedshift. What it needs of AWS it takes
    from the environment, as muster does."""

    def __init__(self, folder, url, bucket, role="default", env=None):
        self.folder = folder
        (folder / "source").mkdir()
        root = f"{bucket.rstrip('/')}/muster-live-{secrets.token_hex(4)}"
        kept = [p for p in HIRING.read_text().split("\n\n") if not p.startswith("[")]
        tables = [p for p in HIRING.read_text().split("\n\n") if p.startswith(("[[", "[muster]"))]
        warehouse = f"\n[warehouse]\nurl = \"{url}\"\niam_role = \"{role}\"\n"
        (folder / "muster.toml").write_text(
            "\n\n".join(kept + tables) + SECTIONS.format(root=root) + warehouse
        )
        os.symlink(HIRING.parent / "reports", folder / "reports")
        given = {n: v for n, v in os.environ.items() if not n.startswith("MUSTER")}
        self.env = (given if env is None else env) | {"MUSTER_MEMORY_LIMIT": "512MiB"}

    def __call__(self, *words, code=0, timeout=900):
        done = subprocess.run(
            [MUSTER, *map(str, words)], cwd=self.folder, env=self.env,
            capture_output=True, text=True, timeout=timeout,
        )  # fmt: skip
        assert code is None or done.returncode == code, (
            f"muster {words}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        )
        return done

    def put_source(self, files):
        for name, body in files.items():
            (self.folder / "source" / name).write_bytes(body)

    def load(self, *words):
        lines = self("run", "--json", *words).stdout.splitlines()
        summary = json.loads(lines[-1])
        return {table["table"]: table for table in summary["tables"]}, summary

    def query(self, sql):
        return json.loads(self("query", sql, "--json").stdout)
