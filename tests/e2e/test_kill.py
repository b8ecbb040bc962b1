"""kill -9 at any instant of a run: the next run gives exactly what an undisturbed one gives."""

import os
import random
import shutil
import signal
import subprocess
import time

import pytest
from program import Program, generate

ROUNDS = int(os.environ.get("MUSTER_KILL_ROUNDS", "200"))
BATCHES = 4
pytestmark = pytest.mark.timeout(max(300, ROUNDS * 3))
ROWS = 5_000
PUBLISHED = """
    SELECT table_name, sum((outcome::JSON->'counts'->>'inserted')::BIGINT)::BIGINT AS inserted,
        sum((outcome::JSON->'counts'->>'updated')::BIGINT)::BIGINT AS updated
    FROM muster.publications GROUP BY ALL ORDER BY ALL
"""
REJECTS = "SELECT id, state, severity, object, line FROM muster.rejects ORDER BY ALL"
UNFINISHED = "SELECT run_id FROM muster.runs WHERE status = 'running'"


def kill_during(muster, delay_s, *arguments):
    """Starts a verb and kills it after the delay; True if it was still running."""
    with subprocess.Popen(
        muster.command(*arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        time.sleep(delay_s)
        running = process.poll() is None
        process.send_signal(signal.SIGKILL)
    return running


def state(muster):
    return muster.employees(), muster.query(PUBLISHED), muster.query(REJECTS)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Two versions of the source, a data directory with the first loaded, and what is expected."""
    folder = tmp_path_factory.mktemp("kill")
    generate(folder / "first", ROWS, "--dirty", "0.02", "--keys", "shuffled")
    generate(folder / "second", ROWS + 500, "--dirty", "0.02", "--changed", "0.1")
    loaded = Program(folder / "loaded", folder / "first")
    start = time.monotonic()
    loaded.load()
    seconds = time.monotonic() - start
    first = state(loaded)
    # Copied with its times: the second version is to be seen as a change by its content.
    shutil.copytree(folder / "loaded", folder / "whole")
    whole = Program(folder / "whole", folder / "second")
    whole.load()
    return {"folder": folder, "seconds": seconds, "first": first, "second": state(whole)}


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_killed_run_leaves_nothing_half_done(base, tmp_path, batch):
    rng = random.Random(batch)
    killed = 0
    for number in range(ROUNDS // BATCHES):
        version = rng.choice(["first", "second"])
        folder = tmp_path / str(number)
        if version == "second":
            shutil.copytree(base["folder"] / "loaded", folder)
        muster = Program(folder, base["folder"] / version)
        killed += kill_during(muster, rng.uniform(0, base["seconds"]), "run")
        muster("run")  # at once: no lease of the dead is waited for
        assert state(muster) == base[version], f"round {number}"
        assert muster.query(UNFINISHED) == [], f"round {number}"
    assert killed > 0, "no run was killed: the delays are too long"
