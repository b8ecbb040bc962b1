"""muster on a real Redshift. Its name keeps it out of the tests that CI runs. It needs
    MUSTER_LIVE_REDSHIFT  the warehouse URL (redshift:// or redshift-data://) of an empty database
    MUSTER_LIVE_BUCKET    s3://bucket or s3://bucket/prefix, in the region of the cluster
    MUSTER_LIVE_ROLE      the role of COPY and UNLOAD; "default" without it
and credentials of AWS in the environment. What it makes stays there: drop the database, and remove
what is below muster-live-* in the bucket."""

import os

import pytest
from redshift import behaviour
from redshift.cluster import OnCluster

URL, BUCKET = os.environ.get("MUSTER_LIVE_REDSHIFT"), os.environ.get("MUSTER_LIVE_BUCKET")
ROLE = os.environ.get("MUSTER_LIVE_ROLE", "default")


@pytest.fixture(scope="module")
def muster(tmp_path_factory):
    assert URL and BUCKET, "set MUSTER_LIVE_REDSHIFT and MUSTER_LIVE_BUCKET"
    made = OnCluster(tmp_path_factory.mktemp("live"), URL, BUCKET, ROLE)
    there = made.query("SELECT COUNT(*) AS n FROM pg_namespace WHERE nspname = 'muster'")
    assert there == [{"n": 0}], "the database is not empty: there is a schema muster"
    return made


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    return behaviour.expected_states(tmp_path_factory.mktemp("duckdb"))


def test_all_of_it(muster, expected):
    """In one test, because each step needs the one before."""
    behaviour.all_of_it(muster, expected)
