"""docs/redshift.md is true: its catalog and its commands run against the stand-in of Redshift."""

import re
import shutil
import subprocess
import urllib.parse

from postgres import PASSWORD, USER
from program import HIRING, MUSTER, ROOT
from redshift.server import running

GUIDE = (ROOT / "docs" / "redshift.md").read_text()
CLUSTER = "name.region.redshift.amazonaws.com:5439/dev?sslmode=verify-full"
SAMPLE = ROOT / "examples" / "hiring" / "data"


def replaced(text, old, new):
    assert text.count(old) == 1, (old, text)
    return text.replace(old, new)


def catalog(standin):
    """The hiring catalog with the sections of the guide, at the servers of the test."""
    sections = re.search(r"^## The catalog\n+```toml\n(.*?)^```", GUIDE, re.M | re.S)[1]
    server = standin.postgres.url(standin.database()).rpartition("@")[2]
    sections = replaced(sections, CLUSTER, f"127.0.0.1:{standin.port}/{standin.database()}")
    sections = replaced(sections, "redshift://loader:", f"redshift://{USER}:")
    sections = replaced(sections, "postgresql://muster:", f"postgresql://{USER}:")
    sections = replaced(sections, "db1/state", server)
    standin.roles.add(re.search(r'iam_role = "(.*?)"', sections)[1])
    tables = HIRING.read_text().split("\n\n")
    return "\n\n".join(p for p in tables if "[source]" not in p) + "\n\n" + sections


def test_the_commands_run(tmp_path):
    (commands,) = re.findall(r"^```sh\n(.*?)^```", GUIDE, re.M | re.S)
    with running(tmp_path / "s3") as standin:
        standin.gateway.make_bucket("bucket")
        standin.gateway.put_folder("bucket", "incoming/", SAMPLE)
        work = tmp_path / "work"
        work.mkdir()
        shutil.copytree(HIRING.parent / "reports", work / "reports")
        (work / "muster.toml").write_text(catalog(standin))
        secret = urllib.parse.quote(PASSWORD)
        env = standin.gateway.environment(LOADER_PASSWORD=secret, STATE_PASSWORD=secret)
        env["PATH"] = f"{MUSTER.parent}:{env['PATH']}"
        done = subprocess.run(
            ["bash", "-c", f"set -euo pipefail\n{commands}"], cwd=work, env=env,
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        for part in ("Business Development", "982", "reference.missing", "hired_employees-"):
            assert part in done.stdout, (part, done.stdout)
        kinds = {key.split("/")[0] for key in standin.gateway.keys("bucket")}
        assert kinds == {"incoming", "clean", "backups"}
