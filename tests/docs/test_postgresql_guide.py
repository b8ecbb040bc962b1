"""docs/postgresql.md is true: its commands run against a server."""

import os
import re
import subprocess

import pytest
from postgres import PASSWORD, USER, Postgres
from program import MUSTER, ROOT

GUIDE = (ROOT / "docs" / "postgresql.md").read_text()


@pytest.fixture
def server():
    postgres = Postgres().start()
    yield postgres
    postgres.end()


def test_the_commands_run(server, tmp_path):
    blocks = re.findall(r"^```sh\n(.*?)^```", GUIDE, re.M | re.S)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER")}
    env = kept | {
        "PATH": f"{MUSTER.parent}:{os.environ['PATH']}",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.port),
        "PGUSER": USER,
        "PGPASSWORD": PASSWORD,
    }
    done = subprocess.run(
        ["bash", "-c", "set -euo pipefail\n" + "\n".join(blocks)],
        cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    for part in ("Business Development", "hired_employees|982", "departments", "12"):
        assert part in done.stdout, part
    assert "change me" not in done.stdout + done.stderr


def test_every_type_is_listed():
    listed = GUIDE.split("## What is there")[1]
    for kind in ("int32", "int64", "decimal", "double", "bool", "string", "date", "timestamp"):
        assert f"`{kind}" in listed, kind
