"""Restores while clients insert and read: no reader sees a table that is neither the old nor the
restored one, and every acknowledged row is in the table or in a safety backup, once."""

import os
import threading
import time

import pytest
from api import Client
from backup import Backups, parquet_rows
from program import generate

RESTORES = int(os.environ.get("MUSTER_RESTORES", "8"))
WRITERS = 3
READERS = 2
ROWS = 400
FIRST = 1_000_000  # keys of writers; those below are of the backup
PATIENT = (503, 409)  # come again
pytestmark = pytest.mark.timeout(120)


class Worker(threading.Thread):
    """Calls `step` until it is told to stop; a failure ends it and is kept."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.client = Client(server.port, server.user().token)
        self.done = threading.Event()
        self.failure = None
        self.steps = 0

    def run(self):
        try:
            while not self.done.is_set():
                self.step()
                self.steps += 1
        except BaseException as failure:  # shown by finish(), in the thread of the test
            self.failure = failure

    def finish(self):
        self.done.set()
        self.join(timeout=30)
        assert not self.is_alive(), "a client waits for ever"
        if self.failure:
            raise self.failure
        assert self.steps > 0


class Writer(Worker):
    """Rows with rising keys, two at a time; keeps those that were acknowledged."""

    def __init__(self, server, number):
        super().__init__(server)
        self.next = FIRST * (number + 1)
        self.acknowledged, self.refused = [], 0

    def step(self):
        keys = [self.next, self.next + 1]
        self.next += 2
        answer = self.client.post("/jobs", [{"id": k, "job": f"job {k}"} for k in keys])
        if answer.status == 201:
            self.acknowledged += keys
        else:
            assert answer.status in PATIENT, answer
            self.refused += 1


class Reader(Worker):
    """Pages and counts. The rows of the backup are there at every instant."""

    def step(self):
        page = self.client.get("/jobs?limit=1000", want=None)
        if page.status in PATIENT:
            return
        assert page.status == 200, page
        keys = [row["id"] for row in page.json]
        assert keys == sorted(set(keys)), "a key stands twice, or the order is not that of keys"
        saved = [key for key in keys if key < FIRST]
        assert saved == list(range(1, ROWS + 1)), f"{len(saved)} of the saved rows are there"
        row = self.client.get(f"/jobs/{ROWS}", want=None)
        assert row.status in (200, *PATIENT), row


class Counter(Worker):
    """A page and the number of all rows that comes with it."""

    def step(self):
        page = self.client.get("/jobs?limit=1000", want=None, Prefer="count=exact")
        if page.status in PATIENT:
            return
        assert page.status == 200, page
        rows, total = len(page.json), int(page.headers["x-total-count"])
        assert total == rows or total > rows == 1000, f"{rows} rows of {total} in one answer"


@pytest.fixture
def muster(tmp_path):
    """jobs holds the keys 1 to ROWS, and is saved."""
    generate(tmp_path / "source", 10)
    lines = [f"{key},job {key}" for key in range(1, ROWS + 1)]
    (tmp_path / "source" / "jobs.csv").write_text("\n".join(lines) + "\n")
    muster = Backups(tmp_path / "muster", tmp_path / "source")
    muster.load()
    return muster


def restore(client, name, source):
    """Restores, again and again while others are at work; the name of the safety backup."""
    deadline = time.monotonic() + 30
    while True:
        answer = client.post(f"/jobs/restore/{name}?from={source}")
        if answer.status == 200:
            return answer.json["safety_backup"]
        assert answer.status in PATIENT and time.monotonic() < deadline, answer


def test_nothing_acknowledged_is_lost(muster):
    name = muster.name("jobs")
    safeties = []
    with muster.server() as server:
        client = server.user()
        writers = [Writer(server, number) for number in range(WRITERS)]
        workers = writers + [Reader(server) for _ in range(READERS)]
        for worker in workers:
            worker.start()
        for number in range(RESTORES):
            time.sleep(0.2)
            safeties.append(restore(client, name, "avro" if number % 2 else "parquet"))
        time.sleep(0.2)
        for worker in workers:
            worker.finish()
        assert server.stop() == 0, server.log()
    check_kept(muster, name, safeties, writers)


def check_kept(muster, name, safeties, writers):
    assert len(set(safeties)) == RESTORES
    assert muster.verify(name, *safeties) == dict.fromkeys([name, *safeties], [])
    tables = [muster.rows("jobs")]
    tables += [parquet_rows(muster.folder_of(safety)) for safety in safeties]
    kept = []
    for rows in tables:
        keys = [row[0] for row in rows]
        assert len(keys) == len(set(keys)), "a row is doubled"
        assert all(job == f"job {key}" for key, job in rows)
        assert sorted(keys)[:ROWS] == list(range(1, ROWS + 1))
        kept += [key for key in keys if key >= FIRST]
    assert len(kept) == len(set(kept)), "a row is in the table and in a backup, or in two"
    acknowledged = [key for writer in writers for key in writer.acknowledged]
    assert acknowledged, "nothing was inserted"
    assert set(acknowledged) <= set(kept), "an acknowledged row is gone"
    held = set(kept)
    assert all((key in held) == (key ^ 1 in held) for key in held), "half a request is there"
    assert muster.asides() == []


def test_a_page_and_its_count_are_of_one_state(muster):
    """While others insert, and while tables are swapped."""
    name = muster.name("jobs")
    with muster.server() as server:
        client = server.user()
        workers = [Writer(server, number) for number in range(WRITERS)]
        workers += [Counter(server) for _ in range(READERS)]
        for worker in workers:
            worker.start()
        time.sleep(1)
        for _ in range(RESTORES // 2):
            restore(client, name, "parquet")
        for worker in workers:
            worker.finish()


def test_backups_while_clients_insert(muster):
    """Each is one snapshot: of every writer it holds the first rows without a gap."""
    with muster.server() as server:
        client = server.user()
        writers = [Writer(server, number) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        made = []
        for _ in range(RESTORES):
            before = [len(writer.acknowledged) for writer in writers]
            answer = client.post("/jobs/backup?formats=parquet", None, 200)
            made.append((answer.json["backup_name"], before))
        for writer in writers:
            writer.finish()
            assert writer.refused == 0, "a backup must not keep writers from writing"
        assert server.stop() == 0, server.log()
    assert muster.verify(*(name for name, _ in made)) == {name: [] for name, _ in made}
    for name, before in made:
        keys = [row[0] for row in parquet_rows(muster.folder_of(name))]
        for number, least in enumerate(before):
            start = FIRST * (number + 1)
            mine = [key for key in keys if start <= key < start + FIRST]
            assert mine == list(range(start, start + len(mine)))
            assert len(mine) >= least, "what was acknowledged before is not in the backup"
