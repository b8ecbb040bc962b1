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
BATCHES = 8
ROWS = 5_000
LEDGER = """
    SELECT table_name, sum(inserted)::BIGINT AS inserted, sum(updated)::BIGINT AS updated
    FROM muster.publications GROUP BY ALL ORDER BY ALL
"""


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
    return muster.employees(), muster.query(LEDGER)


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
        again = rng.random() < 0.5
        folder = tmp_path / str(number)
        if again:
            shutil.copytree(base["folder"] / "loaded", folder)
        muster = Program(folder, base["folder"] / ("second" if again else "first"))
        for _ in range(rng.choice([1, 1, 1, 2])):
            killed += kill_during(muster, rng.uniform(0, base["seconds"]), "run")
        muster.load()
        assert state(muster) == base["second" if again else "first"], f"round {number}"
        runs = muster("runs", "list", "--json").stdout
        assert '"running"' not in runs, runs
        shutil.rmtree(folder)
    assert killed > 0, "no run was killed: the delays are too long"
