"""The built program, as the tests drive it."""

import json
import os
import pathlib
import subprocess

import pytest
import warehouse

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MUSTER_BUILD", ROOT / "build/release"))
MUSTER = pathlib.Path(os.environ.get("MUSTER_BIN", BUILD / "muster"))
GENERATOR = BUILD / "tools" / "generate_hiring"
# The real hiring files, which are not part of the repository.
REAL = pathlib.Path(os.environ.get("MUSTER_SHARED", ROOT.parent / "shared")) / "data" / "hiring"
HIRING = ROOT / "catalogs" / "hiring" / "muster.toml"


def need_real():
    if not REAL.is_dir():
        pytest.skip(f"the real hiring files are not in {REAL}; set MUSTER_SHARED")


class Program:
    """muster on one data directory and one source folder, with the hiring catalog."""

    def __init__(self, folder, source=None, config=HIRING):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "muster-data"
        self.source = pathlib.Path(source or self.folder / "source")
        self.config = config
        self.env = os.environ | warehouse.settings(folder)

    def command(self, *arguments):
        config = warehouse.catalog(self.config)
        options = ["--config", config, "--data-dir", self.data, "--source", self.source]
        return [str(word) for word in [MUSTER, *options, *arguments]]

    def __call__(self, *arguments, code=0, **options):
        """Runs a verb; `code` is the exit code that must come, None for any."""
        options.setdefault("env", self.env)
        result = subprocess.run(
            self.command(*arguments), capture_output=True, text=True, timeout=120, **options
        )
        if code is not None and result.returncode != code:
            raise AssertionError(
                f"muster {' '.join(map(str, arguments))}: exit {result.returncode}, not {code}\n"
                f"{result.stdout[-3000:]}\n{result.stderr[-3000:]}"
            )
        return result

    def load(self, *options, code=0):
        """One `run`; returns the tables of its summary by name, and the summary."""
        lines = self("run", "--json", *options, code=code).stdout.splitlines()
        summary = json.loads(lines[-1])
        assert summary["type"] == "summary", lines[-1]
        tables = {table["table"]: table for table in summary["tables"]}
        for table in tables.values():
            parts = ("inserted", "updated", "unchanged", "deduplicated", "rejected")
            assert table["read"] == sum(table[part] for part in parts), table
        return tables, summary

    def query(self, sql):
        return json.loads(self("query", sql, "--json").stdout)

    def report(self, name, year):
        return json.loads(self("report", name, "--year", str(year), "--json").stdout)

    def employees(self):
        """hired_employees by id: (name, microseconds since 1970, department, job)."""
        rows = self.query(
            "SELECT id, name, CAST(EXTRACT(EPOCH FROM datetime_) * 1000000 AS BIGINT) AS us,"
            " department_id, job_id FROM hired_employees"
        )
        assert len({row["id"] for row in rows}) == len(rows), "a key stands twice"
        return {
            row["id"]: (row["name"], row["us"], row["department_id"], row["job_id"]) for row in rows
        }


def generate(folder, rows, *options):
    """Hiring files of that many rows; returns what the generator says about them."""
    command = [GENERATOR, "--rows", str(rows), "--out", folder, *map(str, options)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
