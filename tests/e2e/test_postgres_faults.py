"""What goes wrong between a load and a PostgreSQL: kills, cut connections, restarts, conflicts."""

import os
import random
import re
import shutil
import signal
import time

import pytest
from postgres import PASSWORD, Postgres, name_of
from postgres_loads import Loaded, copied
from postgres_proxy import Proxy
from program import generate

ROUNDS = int(os.environ.get("MUSTER_KILL_ROUNDS", "40"))
CUTS_STEP = int(os.environ.get("MUSTER_CUTS_STEP", "4"))


@pytest.fixture(scope="module")
def postgres():
    server = Postgres().start()
    yield server
    server.end()


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
