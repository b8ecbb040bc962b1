"""Loads into PostgreSQL: the reference results, the behaviour suite, and what goes wrong between
processes and a server: kills, cut connections, restarts, conflicts, wrong settings."""

import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse

import pytest
from api import Server
from postgres import PASSWORD, Postgres, name_of
from postgres_proxy import Proxy
from program import MUSTER, REAL, Program, generate, need_real

HERE = pathlib.Path(__file__).parent
ROUNDS = int(os.environ.get("MUSTER_KILL_ROUNDS", "40"))
CUTS_STEP = int(os.environ.get("MUSTER_CUTS_STEP", "4"))
SAME_FILES = ["test_cases.py", "test_oracle.py", "test_reference.py"]
PUBLISHED = """
    SELECT table_name, sum((outcome::json->'counts'->>'inserted')::bigint)::bigint AS inserted,
        sum((outcome::json->'counts'->>'updated')::bigint)::bigint AS updated
    FROM muster.publications GROUP BY 1 ORDER BY 1
"""
REJECTS = "SELECT id, state, severity, object, line FROM muster.rejects ORDER BY 1"


@pytest.fixture(scope="module")
def postgres():
    server = Postgres().start()
    yield server
    server.end()


class Loaded(Program):
    """muster on a database of its own."""

    def __init__(self, server, folder, source=None, url=None):
        super().__init__(folder, source)
        self.server = server
        self.use(url or server.database())

    def use(self, url):
        self.url = url
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER")}
        self.env = kept | {"MUSTER_WAREHOUSE": url, "MUSTER_MEMORY_LIMIT": "512MiB"}

    def sql(self, text):
        return self.server.psql(text, name_of(self.url))

    def state(self):
        return self.employees(), self.query(PUBLISHED), self.query(REJECTS)

    def start(self, *arguments):
        return subprocess.Popen(
            self.command(*arguments), env=self.env, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def forget_the_dead(self):
        """As if the leases of processes that were killed had expired."""
        self.sql("UPDATE muster.leases SET expires_at_us = 0")
        self.sql("UPDATE muster.runs SET begun_at_us = 0")


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", SAME_FILES)
def test_the_same_tests(postgres, name):
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", str(HERE / name)]
    done = subprocess.run(
        [sys.executable, *words], env=os.environ | {"MUSTER_TEST_POSTGRES": postgres.url()},
        cwd=HERE.parents[1], capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


def test_the_tables_are_what_users_of_postgresql_expect(postgres, tmp_path):
    need_real()
    muster = Loaded(postgres, tmp_path, REAL)
    muster.load()
    columns = muster.sql(
        "SELECT column_name, data_type, is_nullable, coalesce(collation_name, '') FROM"
        " information_schema.columns WHERE table_schema = 'public' AND table_name ="
        " 'hired_employees' ORDER BY ordinal_position"
    )
    assert columns == [
        "id|bigint|NO|", "name|text|YES|C", "datetime_|timestamp without time zone|YES|",
        "department_id|bigint|YES|", "job_id|bigint|YES|",
    ]  # fmt: skip
    keys = muster.sql(
        "SELECT conrelid::regclass, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace AND contype = 'p' ORDER BY 1"
    )
    assert [key.split("|")[1] for key in keys] == ["PRIMARY KEY (id)"] * 3
    assert muster.sql("SELECT count(*) FROM pg_class WHERE relname LIKE 'muster_%'") == ["0"]


def test_tables_are_in_the_schema_of_the_connection(postgres, tmp_path):
    url = postgres.database()
    postgres.psql("CREATE SCHEMA sales", name_of(url))
    option = urllib.parse.quote("-csearch_path=sales")
    muster = Loaded(postgres, tmp_path, url=f"{url}?options={option}")
    generate(muster.source, 100)
    muster.load()
    found = "SELECT tablename FROM pg_tables WHERE schemaname = 'sales'"
    names = postgres.psql(found, name_of(url))
    assert sorted(names) == ["departments", "hired_employees", "jobs"]


# --- two processes ------------------------------------------------------------------------------


def test_processes_that_prepare_at_once_wait_for_each_other(postgres, tmp_path):
    muster = Loaded(postgres, tmp_path)
    generate(muster.source, 10)
    running = [muster.start("migrate") for _ in range(8)]
    said = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [0] * 8, said
    assert muster.load()[0]["hired_employees"]["read"] == 10


def test_of_two_runs_at_once_one_is_told_to_wait(postgres, tmp_path):
    muster = Loaded(postgres, tmp_path)
    generate(muster.source, 200_000)
    muster("migrate")
    running = [muster.start("run") for _ in range(3)]
    said = [process.communicate(timeout=120) for process in running]
    codes = [process.returncode for process in running]
    assert codes.count(0) >= 1 and set(codes) <= {0, 5}, said
    for code, (_, err) in zip(codes, said, strict=True):
        assert code == 0 or ("holds the lease 'run'" in err and "wait until it is done" in err)
    assert muster.sql("SELECT count(*), count(DISTINCT id) FROM hired_employees")[0] == (
        "200000|200000"
    )


def test_verbs_run_beside_a_run_in_their_own_process(postgres, tmp_path):
    muster = Loaded(postgres, tmp_path)
    generate(muster.source, 300_000)
    muster("migrate")
    process = muster.start("run")
    seen = False
    while process.poll() is None:
        listed = json.loads(muster("runs", "list", "--json").stdout)
        seen = seen or any(run["status"] == "running" for run in listed)
    process.communicate()
    assert process.returncode == 0 and seen
    assert not list(muster.data.glob("muster.sock")), "a server's database has no owner here"
    assert not list((muster.data / "tmp").glob("*")), "scratch folders are removed"


# --- what goes wrong ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def versions(postgres, tmp_path_factory):
    """Two versions of the source, and the state that each leaves behind."""
    folder = tmp_path_factory.mktemp("versions")
    generate(folder / "first", 5_000, "--dirty", "0.02", "--keys", "shuffled")
    generate(folder / "second", 5_500, "--dirty", "0.02", "--changed", "0.1")
    muster = Loaded(postgres, folder / "whole", folder / "first")
    start = time.monotonic()
    muster.load()
    seconds = time.monotonic() - start
    first = muster.state()
    second = Loaded(postgres, folder / "whole", folder / "second", url=muster.url)
    second.load()
    return {"folder": folder, "seconds": seconds, "first": first, "second": second.state()}


def copied(server, template, folder, source):
    """A new database with the content of another one."""
    url = server.database()
    server.psql(
        f"DROP DATABASE {name_of(url)}; CREATE DATABASE {name_of(url)} TEMPLATE {template}"
    )
    return Loaded(server, folder, source, url=url)


@pytest.mark.timeout(900)
def test_a_killed_run_leaves_nothing_half_done(postgres, versions, tmp_path):
    rng = random.Random(7)
    base = Loaded(postgres, tmp_path / "base", versions["folder"] / "first")
    base.load()
    killed = 0
    for number in range(ROUNDS):
        muster = copied(
            postgres, name_of(base.url), tmp_path / str(number), versions["folder"] / "second"
        )
        process = muster.start("run")
        time.sleep(rng.uniform(0, 1.2 * versions["seconds"]))
        killed += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        muster.forget_the_dead()
        muster("run")
        assert muster.state() == versions["second"], f"round {number}"
        assert muster.sql("SELECT count(*) FROM muster.runs WHERE status = 'running'") == ["0"]
        shutil.rmtree(muster.folder)
    assert killed > 0, "no run was killed: the delays are too long"


def statements_of_a_run(server, muster):
    with Proxy(server.port) as proxy:
        muster.use(server.url(name_of(muster.url), proxy.port))
        muster("run")
        return proxy.statements


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_a_connection_may_be_cut_at_every_statement(postgres, versions, tmp_path, before):
    first = Loaded(postgres, tmp_path / "base", versions["folder"] / "first")
    first.load()
    source = versions["folder"] / "second"
    whole = copied(postgres, name_of(first.url), tmp_path / "whole", source)
    count = statements_of_a_run(postgres, whole)
    assert count > 30
    succeeded = 0
    for cut in range(1, count + 1, CUTS_STEP):
        muster = copied(postgres, name_of(first.url), tmp_path / str(cut), source)
        direct = muster.url
        with Proxy(postgres.port, cut, before) as proxy:
            muster.use(postgres.url(name_of(direct), proxy.port))
            done = muster("run", code=None)
            assert proxy.statements >= cut
        succeeded += done.returncode == 0
        if done.returncode != 0:
            assert done.returncode == 1, (cut, done)
            assert re.search("connection was lost|cannot connect|not known", done.stderr), done
        assert PASSWORD not in done.stdout + done.stderr
        muster.use(direct)
        muster.forget_the_dead()
        muster("run")
        assert muster.state() == versions["second"], f"cut {cut}"
        shutil.rmtree(muster.folder)
    assert succeeded > count / CUTS_STEP / 2, "most cuts are survived by trying again"


def test_a_server_that_restarts_in_the_middle_of_a_load(tmp_path):
    server = Postgres(fast=False).start()
    try:
        muster = Loaded(server, tmp_path)
        generate(muster.source, 400_000)
        muster("migrate")
        process = muster.start("run")
        end = time.monotonic() + 30
        while not server.psql("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'COPY pg_temp%'"):
            assert time.monotonic() < end and process.poll() is None
        server.stop("immediate")
        server.start()
        out, err = process.communicate(timeout=120)
        if process.returncode != 0:
            assert process.returncode == 1 and "PostgreSQL at 127.0.0.1" in err, (out, err)
            muster.forget_the_dead()
            muster("run")
        found = muster.sql("SELECT count(*), count(DISTINCT id) FROM hired_employees")
        assert found == ["400000|400000"]
    finally:
        server.end()


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_a_transaction_that_met_another_is_tried_again(postgres, tmp_path, state):
    muster = Loaded(postgres, tmp_path)
    generate(muster.source, 100)
    muster("migrate")
    muster.sql(
        f"""CREATE SEQUENCE public.tries;
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('public.tries') <= 2 THEN
                RAISE EXCEPTION 'in the way' USING ERRCODE = '{state}';
            END IF; RETURN NULL; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON hired_employees EXECUTE FUNCTION refuse();"""
    )
    tables, _ = muster.load()
    assert tables["hired_employees"]["inserted"] == 100
    assert muster.sql("SELECT last_value FROM public.tries") == ["3"]


def test_another_programs_rule_refuses_the_load_and_leaves_the_table(postgres, tmp_path):
    muster = Loaded(postgres, tmp_path)
    generate(muster.source, 100)
    muster("migrate")
    muster.sql("ALTER TABLE hired_employees ADD CONSTRAINT small CHECK (id < 50)")
    done = muster("run", code=None)
    assert done.returncode == 1 and "small" in done.stderr, done
    assert muster.sql("SELECT count(*) FROM hired_employees") == ["0"]


# --- settings that are wrong --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (lambda url: url.replace("not%20a%20secret", "wrong"), 2, "password authentication failed"),
        (lambda url: url.rsplit("/", 1)[0] + "/nowhere", 2, 'database "nowhere" does not exist'),
        (lambda url: url.replace("//muster:", "//nobody:"), 2, "nobody"),
        (lambda url: re.sub(r":\d+/", ":1/", url), 1, "127.0.0.1:1"),
        (lambda url: url.replace("127.0.0.1", "no-such-host.invalid"), 1, "no-such-host.invalid"),
        (lambda url: url + "?sslmode=require", 2, "does not support SSL"),
        (lambda url: url.replace("muster:", "muster:p@ss/"), 2, "cannot be read"),
        (lambda url: url.replace("postgresql:", "mysql:"), 2, "no warehouse of this kind"),
    ],
    ids=["password", "database", "user", "port", "host", "ssl", "unescaped", "kind"],
)
def test_a_wrong_setting_is_named(postgres, tmp_path, change, code, words):
    muster = Loaded(postgres, tmp_path, url=change(postgres.url()))
    muster.source.mkdir()
    done = muster("query", "SELECT 1", code=code)
    assert words in done.stderr, done.stderr
    for secret in (PASSWORD, urllib.parse.quote(PASSWORD), "loopback only", "p@ss", "ss/"):
        assert secret not in done.stdout + done.stderr


def test_a_database_that_cannot_hold_every_text_is_refused(postgres, tmp_path):
    postgres.psql(
        "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    muster = Loaded(postgres, tmp_path, url=postgres.url("latin"))
    muster.source.mkdir()
    assert "LATIN1" in muster("query", "SELECT 1", code=1).stderr


def test_a_role_without_rights_is_told_what_it_lacks(postgres, tmp_path):
    postgres.psql(f"CREATE ROLE poor LOGIN PASSWORD '{PASSWORD}'")
    url = postgres.database().replace("//muster:", "//poor:")
    muster = Loaded(postgres, tmp_path, url=url)
    muster.source.mkdir()
    said = muster("query", "SELECT 1", code=1).stderr
    assert "permission denied" in said and "docs/postgresql.md" in said


def test_doctor_names_the_server_and_no_password(postgres, tmp_path):
    muster = Loaded(postgres, tmp_path)
    generate(muster.source, 10)
    done = muster("doctor")
    assert "127.0.0.1" in done.stdout and PASSWORD not in done.stdout
    assert urllib.parse.quote(PASSWORD) not in done.stdout


# --- queries of users ---------------------------------------------------------------------------


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


def test_a_query_that_is_stopped_ends_in_the_server_too(postgres, tmp_path):
    muster = Loaded(postgres, tmp_path)
    muster.source.mkdir()
    slow = "SELECT count(*) FROM generate_series(1, 100000000000) AS slow_one"
    process = muster.start("query", slow)
    running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%AS slow_one%' AND pid <>"
    running += " pg_backend_pid() AND state = 'active'"
    while postgres.psql(running) == ["0"]:
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode == 130
    assert postgres.psql(running) == ["0"]


def test_a_client_that_is_killed_does_not_keep_its_locks(postgres, tmp_path):
    muster = Loaded(postgres, tmp_path)
    muster.source.mkdir()
    slow = "SELECT count(*) FROM generate_series(1, 1000000000000) AS dead"
    process = muster.start("query", slow)
    running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%AS dead%' AND pid <>"
    running += " pg_backend_pid() AND state = 'active'"
    while postgres.psql(running) == ["0"]:
        assert process.poll() is None
    process.kill()
    process.communicate()
    end = time.monotonic() + 15
    while postgres.psql(running) != ["0"]:
        assert time.monotonic() < end, "the statement runs on without a client"
        time.sleep(0.1)


def test_the_program_needs_no_libpq_until_it_connects():
    linked = subprocess.run(["ldd", MUSTER], capture_output=True, text=True, check=True)
    assert "libpq" not in linked.stdout


def test_a_cached_report_shows_what_another_process_loaded(postgres, tmp_path):
    muster = Loaded(postgres, tmp_path)
    generate(muster.source, 500)
    muster.load()
    path = "/reports/departments_above_mean?year=2021"
    elsewhere = ["--data-dir", str(tmp_path / "server")]
    with Server(tmp_path, *elsewhere, env=muster.env, config=muster.config) as server:
        client = server.user()
        before = client.get(path).json
        assert client.get(path).json == before
        generate(muster.source, 3000)
        muster.load()
        end = time.monotonic() + 6
        while client.get(path).json == before:
            assert time.monotonic() < end, "a cached report is older than 5 s"
            time.sleep(0.1)
