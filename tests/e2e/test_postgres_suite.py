"""What the API, accounts and backups promise holds on PostgreSQL as well: the same tests, run on a
PostgreSQL of their own."""

import os
import pathlib
import subprocess
import sys

import pytest
from postgres import Postgres
from program import BUILD

HERE = pathlib.Path(__file__).parent
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
# The one that is left out counts by how much the data version rises: a poll may raise it once more.
UNITS = {
    "rows_test": "-InsertTest.AnUpsertTellsWhatChanged",
    "warehouse_test": "StateStoreTest.*:OccurrenceStoreTest.*",
}


@pytest.fixture(scope="module")
def postgres():
    server = Postgres().start()
    yield server
    server.end()


@pytest.fixture(scope="module")
def env(postgres):
    return os.environ | {"MUSTER_TEST_POSTGRES": postgres.url()}


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", FILES)
def test_the_same_tests(env, name):
    words = ["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", str(HERE / name)]
    done = subprocess.run(
        [sys.executable, *words], env=env, cwd=HERE.parents[1], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


@pytest.mark.parametrize("name", UNITS)
def test_the_same_unit_tests(env, name):
    found = list(BUILD.glob(f"**/{name}"))
    assert found, f"{name} is not in {BUILD}: build the target test_programs"
    done = subprocess.run(
        [found[0], f"--gtest_filter={UNITS[name]}"], env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
