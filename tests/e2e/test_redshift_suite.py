"""What the pipeline, the API, accounts and backups promise holds on Redshift as well: the same
tests, unchanged, on the stand-in of Redshift. Clean objects and backups are on the S3 server, users
and tokens in a PostgreSQL. An independent parser reads all that was sent, once for each shape."""

import pytest
from program import REAL
from redshift.muster import shapes, strangers
from redshift.server import running
from same_tests import E2E, FILES, run_again

CASES = E2E.parent / "cases"
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
@pytest.mark.parametrize("name", [*PARTS, *FILES, "test_reference.py"])
def test_the_same_tests(env, name):
    said = run_again(PARTS.get(name, [name]), env)
    assert " skipped" not in said or not REAL.is_dir(), said[-2000:]
