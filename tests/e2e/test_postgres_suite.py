"""What the API, accounts and backups promise holds on PostgreSQL as well: the same tests, run on a
PostgreSQL of their own."""

import os
import subprocess

import pytest
from program import BUILD
from same_tests import FILES, run_again

# The one that is left out counts by how much the data version rises: a poll may raise it once more.
UNITS = {
    "rows_test": "-InsertTest.AnUpsertTellsWhatChanged",
    "warehouse_test": "StateStoreTest.*:OccurrenceStoreTest.*",
}


@pytest.fixture(scope="module")
def env(postgres):
    return os.environ | {"MUSTER_TEST_POSTGRES": postgres.url()}


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", FILES)
def test_the_same_tests(env, name):
    run_again([name], env, "-x")


@pytest.mark.parametrize("name", UNITS)
def test_the_same_unit_tests(env, name):
    found = list(BUILD.glob(f"**/{name}"))
    assert found, f"{name} is not in {BUILD}: build the target test_programs"
    done = subprocess.run(
        [found[0], f"--gtest_filter={UNITS[name]}"], env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
