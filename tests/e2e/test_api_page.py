"""The page at /swagger-ui/ in a real browser, without a network beyond the server."""

import subprocess

import pytest
from api import Server
from program import ROOT


@pytest.mark.timeout(120)
def test_a_person_registers_inserts_and_reads_a_report(tmp_path):
    (tmp_path / "data").mkdir()
    with Server(tmp_path) as server:
        done = subprocess.run(
            ["node", ROOT / "tests" / "browser" / "swagger.js",
             f"http://127.0.0.1:{server.port}", tmp_path / "page.png"],
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr + server.log()
        assert (tmp_path / "page.png").stat().st_size > 10_000
