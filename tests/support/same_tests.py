"""Tests that hold on every warehouse, run again as they are on another one than DuckDB."""

import pathlib
import subprocess
import sys

E2E = pathlib.Path(__file__).resolve().parents[1] / "e2e"
# What the API, accounts and backups promise.
FILES = [
    "test_api_accounts.py",
    "test_api_admins.py",
    "test_api_reference.py",
    "test_api_rows.py",
    "test_backup.py",
    "test_backup_api.py",
    "test_backup_formats.py",
    "test_backup_references.py",
]


def run_again(tests, env, *words):
    """In a pytest of its own, whose environment names the warehouse; returns what it printed."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
    done = subprocess.run(
        [*command, *(str(E2E / test) for test in tests)], env=env, cwd=E2E.parents[1],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    return done.stdout
