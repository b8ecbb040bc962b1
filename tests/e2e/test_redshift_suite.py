"""What the pipeline, the API, accounts and backups promise holds on Redshift as well: the same
tests, unchanged, on the stand-in of Redshift. Clean objects and backups are on the S3 server, users
and tokens in a PostgreSQL. An independent parser reads all that was sent, once for each shape."""

import pathlib
import subprocess
import sys

import pytest
from program import REAL
from redshift.muster import shapes, strangers
from redshift.server import running

HERE = pathlib.Path(__file__).parent
CASES = HERE.parent / "cases"
FILES = [
    "test_api_accounts.py",
    "test_api_admins.py",
    "test_api_reference.py",
    "test_api_rows.py",
    "test_backup.py",
    "test_backup_api.py",
    "test_backup_formats.py",
    "test_backup_references.py",
    "test_reference.py",
]
ALL_CASES = [
    f"test_cases.py::test_case[{path.parent.relative_to(CASES).as_posix()}]"
    for path in sorted(CASES.glob("*/*/case*.toml"))
]
# The cases in parts, for several processes.
PARTS = {f"cases {number}": ALL_CASES[number::6] for number in range(6)}
BUCKET = "suite"


@pytest.fixture(scope="module")
def env(tmp_path_factory):
    with running(tmp_path_factory.mktemp("s3")) as standin:
        standin.gateway.make_bucket(BUCKET)
        yield standin.gateway.environment(
            MUSTER_TEST_POSTGRES=standin.postgres.url(),
            MUSTER_TEST_REDSHIFT=standin.url("dev", "redshift"),
            MUSTER_TEST_LAKE=f"s3://{BUCKET}",
            MUSTER_TEST_LAKE_FOLDER=str(standin.gateway.folder / "objects" / BUCKET),
        )
        # What the tests themselves ask of many tables at once is long, and not muster's.
        sent = [sql for sql in standin.seen if not sql.startswith("SELECT 't0")]
        assert strangers(shapes(sent)) == {}


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", [*PARTS, *FILES])
def test_the_same_tests(env, name):
    tests = [HERE / one for one in PARTS.get(name, [name])]
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", *map(str, tests)]
    done = subprocess.run(
        [sys.executable, *words], env=env, cwd=HERE.parents[1], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " skipped" not in done.stdout or not REAL.is_dir(), done.stdout[-2000:]
