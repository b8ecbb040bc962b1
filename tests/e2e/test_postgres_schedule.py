"""Schedules of servers that share a PostgreSQL: an occurrence is that of who executes it."""

import subprocess
import time
from datetime import UTC, datetime

import pytest
from api import Server
from postgres import name_of
from postgres_loads import Session
from program import ROOT

WAIT_S = 60
SCHEDULE = '\n[schedule]\nrun = "* * * * *"\n'
# Of the job `run`, in the order of their instants.
OUTCOMES = "SELECT outcome FROM muster.occurrences ORDER BY planned_at_us"


@pytest.fixture
def world(postgres, sample):
    """The sample, its tables and the URL of its database."""
    sample.env |= {"MUSTER_WAREHOUSE": postgres.database()}
    sample("migrate")
    file = sample.folder / "muster.toml"
    file.write_text(file.read_text() + SCHEDULE)
    return sample


def clock_library(folder):
    library = folder / "shifted_clock.so"
    source = ROOT / "tests" / "support" / "shifted_clock.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


def server_at(world, name, second, library):
    """A server whose clock stands at this second of a minute."""
    shift = (second - datetime.now(UTC).second) % 60
    env = world.env | {"LD_PRELOAD": str(library), "CLOCK_SHIFT_S": str(shift)}
    folder = world.folder / name
    folder.mkdir()
    config = world.folder / "muster.toml"
    return Server(folder, "--data-dir", str(folder / "data"), env=env, config=config)


def wait_for(condition):
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, "in vain"
        time.sleep(0.1)


def test_what_one_server_executes_is_not_interrupted_by_the_start_of_another(
    postgres, world, tmp_path
):
    library = clock_library(tmp_path)
    database = name_of(world.env["MUSTER_WAREHOUSE"])

    def outcomes():
        return postgres.psql(OUTCOMES, database)

    with Session(world.env["MUSTER_WAREHOUSE"]) as other:
        other.run("BEGIN; LOCK TABLE jobs IN EXCLUSIVE MODE;")  # the run waits for it
        with server_at(world, "a", 57, library) as first:
            wait_for(lambda: outcomes() == ["started"])
            with server_at(world, "b", 5, library) as second:
                assert outcomes() == ["started"]
                assert "interrupted" not in second.log()
                assert second.stop() == 0
            first.process.kill()
        # Whether it is dead is known when its lease is over.
        with server_at(world, "c", 5, library) as third:
            assert outcomes() == ["started"]
            assert third.stop() == 0
        postgres.psql("UPDATE muster.occurrences SET held_until_us = 0", database)
        with server_at(world, "d", 5, library) as fourth:
            assert outcomes() == ["interrupted"]
            assert "interrupted" in fourth.log()
            other.run("ROLLBACK;")
            assert fourth.stop() == 0


def test_the_lease_of_an_occurrence_is_renewed_while_it_is_executed(postgres, world, tmp_path):
    library = clock_library(tmp_path)
    held = "SELECT held_until_us - (extract(epoch FROM now()) * 1000000)::bigint FROM"
    held += " muster.occurrences WHERE outcome = 'started'"
    database = name_of(world.env["MUSTER_WAREHOUSE"])
    with Session(world.env["MUSTER_WAREHOUSE"]) as other:
        other.run("BEGIN; LOCK TABLE jobs IN EXCLUSIVE MODE;")
        with server_at(world, "a", 57, library) as server:
            wait_for(lambda: postgres.psql(held, database))
            postgres.psql("UPDATE muster.occurrences SET held_until_us = 0", database)
            wait_for(lambda: int(postgres.psql(held, database)[0]) > 20_000_000)
            other.run("COMMIT;")
            wait_for(lambda: postgres.psql(OUTCOMES, database) == ["succeeded"])
            assert server.stop() == 0
