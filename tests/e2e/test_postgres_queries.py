"""Queries and reports of users on PostgreSQL: they change nothing, give every type, and end."""

import signal
import subprocess
import time

import pytest
from api import Server
from postgres_loads import Loaded
from program import MUSTER, generate


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM jobs",
        "WITH gone AS (DELETE FROM jobs RETURNING id) SELECT * FROM gone",
        "SELECT 1; DELETE FROM jobs",
        "SELECT 1) AS q; DELETE FROM jobs; SELECT * FROM (SELECT 1",
        "COPY jobs TO '/tmp/jobs'",
        "SELECT * INTO stolen FROM jobs",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_catalog.\"pg_read_file\"('/etc/passwd')",
        "SELECT U&\"pg\\005fread_file\"('/etc/passwd')",
        "SELECT pg_ls_dir/* a comment */ ('/')",
        "SELECT lo_import('/etc/passwd')",
        "SELECT pg_advisory_lock(1)",
        "SELECT query_to_xml('SELECT 1', true, true, '')",
        "SELECT set_config('transaction_read_only', 'off', false)",
        "SET ROLE muster",
        "EXPLAIN ANALYZE DELETE FROM jobs",
        "SELECT nextval('tries')",
        "",
        "-- nothing",
    ],
)
def test_a_query_changes_nothing_and_reads_no_files(postgres, tmp_path, sql):
    muster = Loaded(postgres, tmp_path)
    generate(muster.source, 10)
    muster.load()
    muster.sql("CREATE SEQUENCE tries")
    before = muster.sql("SELECT count(*) FROM jobs")
    done = muster("query", sql, code=2)
    assert not done.stdout and done.stderr
    assert muster.sql("SELECT count(*) FROM jobs") == before


def test_a_query_gives_every_type(postgres, tmp_path):
    muster = Loaded(postgres, tmp_path)
    muster.source.mkdir()
    rows = muster.query(
        "SELECT 1::smallint AS a, 2 AS b, 3::bigint AS c, 1.50::numeric(5,2) AS d,"
        " 2.5::float8 AS e, true AS f, 'x;--' AS g, DATE '2021-02-03' AS h,"
        " TIMESTAMP '2021-02-03 04:05:06.7' AS i,"
        " TIMESTAMPTZ '2021-02-03 04:05:06+01' AS j, NULL::int AS k, '{1,2}'::int[] AS l,"
        " sum(n) AS m FROM (VALUES (1::bigint), (2)) AS v(n) -- the end"
    )
    assert rows == [
        {
            "a": 1, "b": 2, "c": 3, "d": 1.5, "e": 2.5, "f": True, "g": "x;--", "h": "2021-02-03",
            "i": "2021-02-03T04:05:06.700000Z", "j": "2021-02-03T03:05:06Z", "k": None,
            "l": "{1,2}", "m": "3",
        }
    ]  # fmt: skip


def begin_slow(muster, postgres, name, last):
    """Begins a query of that name; its process, and the SQL that counts it while it runs."""
    process = muster.start("query", f"SELECT count(*) FROM generate_series(1, {last}) AS {name}")
    running = f"SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%AS {name}%' AND pid <>"
    running += " pg_backend_pid() AND state = 'active'"
    while postgres.psql(running) == ["0"]:
        assert process.poll() is None
    return process, running


def test_a_query_that_is_stopped_ends_in_the_server_too(postgres, tmp_path):
    muster = Loaded(postgres, tmp_path)
    muster.source.mkdir()
    process, running = begin_slow(muster, postgres, "slow_one", 100000000000)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode == 130
    assert postgres.psql(running) == ["0"]


def test_a_client_that_is_killed_does_not_keep_its_locks(postgres, tmp_path):
    muster = Loaded(postgres, tmp_path)
    muster.source.mkdir()
    process, running = begin_slow(muster, postgres, "dead", 1000000000000)
    process.kill()
    process.communicate()
    end = time.monotonic() + 15
    while postgres.psql(running) != ["0"]:
        assert time.monotonic() < end, "the statement runs on without a client"
        time.sleep(0.1)


def test_the_program_needs_no_libpq_until_it_connects():
    linked = subprocess.run(["ldd", MUSTER], capture_output=True, text=True, check=True)
    assert "libpq" not in linked.stdout


@pytest.mark.parametrize(
    ("staleness", "after_s", "shown"),
    [(None, 7, True), (1, 3, True), (3600, 3, False)],
    ids=["as it is", "short", "long"],
)
def test_a_cached_report_shows_what_another_process_loaded(
    postgres, tmp_path, staleness, after_s, shown
):
    muster = Loaded(postgres, tmp_path)
    if staleness:
        (tmp_path / "reports").symlink_to(muster.config.parent / "reports")
        text = muster.config.read_text() + f"\n[api]\nstaleness = {staleness}\n"
        muster.config = tmp_path / "muster.toml"
        muster.config.write_text(text)
    generate(muster.source, 500)
    muster.load()
    path = "/reports/departments_above_mean?year=2021"
    elsewhere = ["--data-dir", str(tmp_path / "server")]
    with Server(tmp_path, *elsewhere, env=muster.env, config=muster.config) as server:
        client = server.user()
        before = client.get(path).json
        time.sleep(0.5)  # the first look at the database may be under way
        assert client.get(path).json == before
        generate(muster.source, 3000)
        muster.load()
        end = time.monotonic() + after_s
        while time.monotonic() < end and client.get(path).json == before:
            time.sleep(0.1)
        assert (client.get(path).json != before) == shown
