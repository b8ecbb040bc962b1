"""What goes wrong between a load and a PostgreSQL: kills, cut connections, restarts, conflicts."""

import os
import random
import re
import shutil
import signal
import time

import pytest
from postgres import PASSWORD, Postgres, name_of
from postgres_loads import Loaded, Session, copied
from postgres_proxy import Proxy
from program import generate

ROUNDS = int(os.environ.get("MUSTER_KILL_ROUNDS", "40"))
CUTS_STEP = int(os.environ.get("MUSTER_CUTS_STEP", "4"))
MESSAGE_CUTS = int(os.environ.get("MUSTER_MESSAGE_CUTS", "8"))


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


def counted_in_a_run(server, muster, messages=None):
    with Proxy(server.port, messages=messages) as proxy:
        muster.use(server.url(name_of(muster.url), proxy.port))
        muster("run")
        return proxy.statements


def cut_run(postgres, muster, proxy):
    """A run through the proxy, which is cut; whether it succeeded nevertheless."""
    direct = muster.url
    muster.use(postgres.url(name_of(direct), proxy.port))
    done = muster("run", code=None)
    if done.returncode != 0:
        assert done.returncode == 1, (proxy.cut, done)
        assert re.search("connection was lost|cannot connect|not known", done.stderr), done
    assert PASSWORD not in done.stdout + done.stderr
    muster.use(direct)
    return done.returncode == 0


def run_again(muster, expected, what):
    muster.forget_the_dead()
    muster("run")
    assert muster.state() == expected, what
    shutil.rmtree(muster.folder)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_a_connection_may_be_cut_at_every_statement(postgres, versions, tmp_path, before):
    first = Loaded(postgres, tmp_path / "base", versions["folder"] / "first")
    first.load()
    source = versions["folder"] / "second"
    whole = copied(postgres, name_of(first.url), tmp_path / "whole", source)
    count = counted_in_a_run(postgres, whole)
    assert count > 30
    succeeded = 0
    for cut in range(1, count + 1, CUTS_STEP):
        muster = copied(postgres, name_of(first.url), tmp_path / str(cut), source)
        with Proxy(postgres.port, cut, before) as proxy:
            succeeded += cut_run(postgres, muster, proxy)
            assert proxy.statements >= cut
        run_again(muster, versions["second"], f"cut {cut}")
    assert succeeded > count / CUTS_STEP / 2, "most cuts are survived by trying again"


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("messages", ["client", "server"])
def test_a_connection_may_be_cut_at_any_message(postgres, tmp_path, messages):
    """In the middle of a statement, of rows and of an answer: a load of a few rows, updated,
    inserted and refused."""
    rng = random.Random(11)
    generate(tmp_path / "first", 40, "--dirty", "0.1")
    generate(tmp_path / "second", 60, "--dirty", "0.1", "--changed", "0.3")
    first = Loaded(postgres, tmp_path / "base", tmp_path / "first")
    first.load()
    base = name_of(first.url)
    whole = copied(postgres, base, tmp_path / "whole", tmp_path / "second")
    direct = whole.url
    count = counted_in_a_run(postgres, whole, messages)
    whole.use(direct)
    expected = whole.state()
    cuts = sorted(rng.sample(range(1, count + 1), min(MESSAGE_CUTS, count)))
    succeeded = 0
    for cut in cuts:
        muster = copied(postgres, base, tmp_path / str(cut), tmp_path / "second")
        with Proxy(postgres.port, cut, rng.random() < 0.5, messages) as proxy:
            succeeded += cut_run(postgres, muster, proxy)
        run_again(muster, expected, f"cut {cut} of {count}")
    assert succeeded > len(cuts) / 2, "most cuts are survived by trying again"


def test_a_server_that_restarts_in_the_middle_of_a_load(tmp_path):
    server = Postgres(fast=False).start()
    try:
        muster = Loaded(server, tmp_path)
        generate(muster.source, 400_000)
        muster("migrate")
        process = muster.start("run")
        end = time.monotonic() + 30
        while not server.psql("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'COPY \"hired%'"):
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


def test_a_load_that_is_the_victim_of_a_deadlock_is_tried_again(postgres, tmp_path):
    """Another program holds a row that the load wants, and then wants one that the load has."""
    muster = Loaded(postgres, tmp_path)
    muster.source.mkdir()
    jobs = muster.source / "jobs.csv"
    jobs.write_text("".join(f"{number},old {number}\n" for number in range(1, 101)))
    for empty in ("departments.csv", "hired_employees.csv"):
        (muster.source / empty).write_text("\n")
    muster.load()
    jobs.write_text("".join(f"{number},new {number}\n" for number in range(1, 101)))
    with Session(muster.url) as other:
        # The load looks for a deadlock after a second of waiting, the other one much later.
        other.run("SET deadlock_timeout = '1min'; BEGIN; UPDATE jobs SET job = job WHERE id = 100;")
        process = muster.start("run")
        end = time.monotonic() + 30
        while muster.sql("SELECT count(*) FROM pg_locks WHERE NOT granted") == ["0"]:
            assert time.monotonic() < end and process.poll() is None
        other.run("UPDATE jobs SET job = 'other' WHERE id = 1;")
        other.run("COMMIT;")
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, (out, err)
    assert "deadlock detected" in err
    assert muster.sql("SELECT id, job FROM jobs ORDER BY 1") == [
        f"{number}|new {number}" for number in range(1, 101)
    ]
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    assert muster.sql(f"SELECT pg_stat_force_next_flush(); {deadlocks}")[-1] == "1"
