"""docs/s3.md is true: its commands run against an S3 server."""

import re
import subprocess

from program import MUSTER, ROOT
from s3 import Gateway

GUIDE = (ROOT / "docs" / "s3.md").read_text()


def test_the_commands_run(tmp_path):
    blocks = re.findall(r"^```sh\n(.*?)^```", GUIDE, re.M | re.S)
    assert len(blocks) == 2
    server = Gateway(tmp_path / "server")
    try:
        server.make_bucket("guide")
        work = tmp_path / "work"
        work.mkdir()
        env = server.environment(BUCKET="guide")
        env["PATH"] = f"{MUSTER.parent}:{env['PATH']}"
        out = ""
        for block in blocks:
            done = subprocess.run(
                ["bash", "-c", f"set -euo pipefail\n{block}"], cwd=work, env=env,
                capture_output=True, text=True, timeout=120,
            )  # fmt: skip
            assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
            out += done.stdout + done.stderr
            server.put_folder("guide", "incoming/", work / "data")
        for part in ("backups: delete", "nothing to load", "Business Development", "jobs-"):
            assert part in out, (part, out)
        kinds = {key.split("/")[0] for key in server.keys("guide")}
        assert kinds == {"incoming", "clean", "mend", "backups"}
    finally:
        server.stop()
