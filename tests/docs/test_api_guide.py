"""docs/api.md is true: its commands run against a server, and it knows every code of the API."""

import re
import subprocess

from api import Server
from program import MUSTER, ROOT

GUIDE = (ROOT / "docs" / "api.md").read_text()
SOURCES = sorted((ROOT / "src" / "api").glob("**/*.cpp"))


def test_the_commands_run(tmp_path):
    blocks = re.findall(r"^```sh\n(.*?)^```", GUIDE, re.M | re.S)
    made = subprocess.run([MUSTER, "init", "--sample"], cwd=tmp_path, capture_output=True)
    assert made.returncode == 0
    with Server(tmp_path) as server:
        script = f"set -euo pipefail\nURL=http://127.0.0.1:{server.port}\n" + "\n".join(blocks)
        done = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{server.log()}"
        for part in (
            "User created successfully.", '"status":"succeeded"', '"inserted":1', "rows.refused",
            '"job":"Archivist"', "id,name,datetime_", '"hired":', '"type":"reject"',
            "Nothing was changed.", "Table restored successfully.", "Successfully logged out.",
        ):  # fmt: skip
            assert part in done.stdout, part
        assert server.stop() == 0


def test_every_code_is_listed():
    used = set()
    for source in SOURCES:
        used |= set(re.findall(r'\{\s*[45]\d\d,\s*"([a-z._]+)"', source.read_text()))
    listed = set(re.findall(r"`([a-z._]+)`", GUIDE.split("## Errors")[1]))
    assert used - listed == set()
