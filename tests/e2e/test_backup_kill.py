"""kill -9 at any instant of a backup or a restore: the table is the old or the restored one, what
is listed is whole, and the next verb leaves nothing of the dead one."""

import datetime
import http.client
import os
import random
import shutil
import signal
import subprocess
import threading
import time

import pytest
from backup import Backups, facts_of, parquet_rows
from program import generate

ROUNDS = int(os.environ.get("MUSTER_KILL_ROUNDS", "200")) // 2  # of each verb
SERVER_ROUNDS = max(ROUNDS // 10, 1)
BATCHES = 4
ROWS = 2_000
TABLE = "hired_employees"
EPOCH = datetime.datetime(1970, 1, 1)
pytestmark = pytest.mark.timeout(max(300, ROUNDS * 3))
LEFT = """
    SELECT table_name AS name FROM information_schema.tables WHERE starts_with(table_name, '_')
    UNION ALL SELECT name FROM muster.asides
"""
UNFINISHED = "SELECT run_id FROM muster.runs WHERE status = 'running'"


class Base:
    """Two states of a table, each with its backup, and how long the verbs take."""

    def __init__(self, folder):
        generate(folder / "source", ROWS)
        self.muster = Backups(folder / "base", folder / "source")
        self.muster.load()
        self.rows, self.names = {}, {}
        for state, more in (("first", 0), ("second", 300)):
            generate(folder / "source", ROWS + more, "--changed", "0.2" if more else "0")
            self.muster.load()
            self.names[state] = self.muster.name(TABLE)
            self.rows[state] = parquet_rows(self.muster.folder_of(self.names[state]))
        assert self.rows["first"] != self.rows["second"]
        start = time.monotonic()
        self.muster.create(TABLE)
        self.create_s = time.monotonic() - start
        start = time.monotonic()
        self.muster.restore(self.names["first"])
        self.restore_s = time.monotonic() - start

    def copy(self, folder):
        """A data directory in which the table is in the state `first`."""
        shutil.copytree(self.muster.folder, folder)
        return Backups(folder, self.muster.source)

    def state_of(self, rows):
        """Which of the two states these rows are; the test fails if they are neither."""
        (state,) = [state for state, known in self.rows.items() if known == rows]
        return state


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return Base(tmp_path_factory.mktemp("backup_kill"))


def kill_during(muster, delay_s, *arguments):
    """Starts a verb and kills it after the delay; True if it was still running."""
    with subprocess.Popen(
        muster.command(*arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        time.sleep(delay_s)
        running = process.poll() is None
        process.send_signal(signal.SIGKILL)
    return running


class Delay:
    """Delays that end some verbs early and let some through, however busy the machine is."""

    def __init__(self, rng, limit_s):
        self.rng, self.limit_s = rng, limit_s

    def __call__(self):
        return self.rng.uniform(0, self.limit_s)

    def learn(self, killed):
        self.limit_s *= 1.1 if killed else 0.85


def rows_now(muster):
    """As parquet_rows has them, but by `query`."""
    rows = []
    for key, (name, us, department, job) in sorted(muster.employees().items()):
        when = None if us is None else EPOCH + datetime.timedelta(microseconds=us)
        rows.append((key, name, when, department, job))
    return rows


def complete(muster):
    """The names of all backups that have a manifest."""
    found, without = muster.folders()
    return {path.name for path in found} - {path.name for path in without}


def check_no_trace(muster):
    """Right after `backup create`: nothing half made is on disk."""
    without = muster.folders()[1]
    assert without == [], [list(folder.iterdir()) for folder in without]
    assert [path for path in muster.root.rglob("*") if "data-" not in path.name
            and path.is_file() and path.name != "manifest.json"] == []  # fmt: skip


def check_whole(muster, names):
    """All are listed, verify, and go: later rounds need not read them again."""
    assert names <= set(muster.list(TABLE))
    assert muster.verify(*names) == {name: [] for name in names}
    for name in names:
        shutil.rmtree(muster.folder_of(name))


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_killed_backup(base, tmp_path, batch):
    rng = random.Random(batch)
    delay = Delay(rng, base.create_s)
    muster = base.copy(tmp_path / "muster")
    kept = complete(muster)
    killed = 0
    for number in range(ROUNDS // BATCHES):
        formats = rng.choice(["parquet", "parquet,avro"])
        words = ("backup", "create", TABLE, "--formats", formats)
        running = kill_during(muster, delay(), *words)
        delay.learn(running)
        killed += running
        before = complete(muster)
        name = muster.name(TABLE, "--formats", "parquet")  # at once: no lease of the dead
        assert complete(muster) == before | {name}, f"round {number}"
        for made in complete(muster) - kept:
            rows = parquet_rows(muster.folder_of(made))
            assert base.state_of(rows) == "first", f"round {number}: {made}"
        check_no_trace(muster)
        if number % 10 == 9:
            check_whole(muster, complete(muster) - kept)
    check_whole(muster, complete(muster) - kept | set(base.names.values()))
    muster("run")
    assert muster.query(UNFINISHED) == []
    assert killed > 0, "no backup was killed: the delays are too long"


def check_restored(base, muster, state, before, rows):
    """The state after a restore of the other one that was killed; its safety backup is there."""
    now = base.state_of(rows)
    safety = [
        name
        for name in complete(muster) - before
        if facts_of(muster.folder_of(name))["reason"] == "safety"
    ]
    if now == state:
        assert safety == []
        return now
    (name,) = safety
    assert base.state_of(parquet_rows(muster.folder_of(name))) == state
    return now


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_killed_restore(base, tmp_path, batch):
    delay = Delay(random.Random(batch), base.restore_s)
    muster = base.copy(tmp_path / "muster")
    kept = complete(muster)
    state, killed, swapped = "first", 0, 0
    for number in range(ROUNDS // BATCHES):
        target = "second" if state == "first" else "first"
        words = ("backup", "restore", base.names[target], "--from", "parquet")
        before = complete(muster)
        running = kill_during(muster, delay(), *words)
        delay.learn(running)
        killed += running
        seen = base.state_of(rows_now(muster)) if number % 5 == 4 else None
        name = muster.name(TABLE, "--formats", "parquet")
        rows = parquet_rows(muster.folder_of(name))
        now = check_restored(base, muster, state, before | {name}, rows)
        assert seen in (None, now), f"round {number}: the table changed after the kill"
        check_no_trace(muster)
        if number % 3 == 2:
            assert muster.query(LEFT) == [], f"round {number}"
        swapped += now != state
        state = now
        if number % 10 == 9:
            check_whole(muster, complete(muster) - kept)
    muster("run")
    assert muster.query(UNFINISHED) == []
    assert killed > 0, "no restore was killed: the delays are too long"
    assert swapped > 0 or ROUNDS < 80, "every kill came before the swap"


def post_quietly(client, path):
    """The status, or nothing if the server went away."""
    try:
        return client.post(path).status
    except (OSError, http.client.HTTPException):
        return None


def test_a_killed_server(base, tmp_path):
    """The next start of the server saves the rows that a restore had replaced."""
    delay = Delay(random.Random(7), 0.3)
    muster = base.copy(tmp_path / "muster")
    state = "first"
    for number in range(SERVER_ROUNDS):
        before = complete(muster)
        server = muster.server()
        with server:
            client = server.user()
            target = base.names["second" if state == "first" else "first"]
            answers = []
            thread = threading.Thread(
                target=lambda c=client, t=target, a=answers: a.append(
                    post_quietly(c, f"/hiredemployees/restore/{t}")
                )
            )
            thread.start()
            time.sleep(delay())
            server.stop(signal.SIGKILL)
            thread.join()
        assert answers[0] in (200, None)
        delay.learn(answers[0] is None)
        with server:
            listed = server.user().get("/hiredemployees/backups").json
            assert server.stop() == 0, server.log()
        now = check_restored(base, muster, state, before, rows_now(muster))
        assert answers[0] is None or now != state, f"round {number}: acknowledged, but not done"
        assert {entry["backup_name"] for entry in listed} == complete(muster)
        assert muster.query(LEFT) == []
        state = now
