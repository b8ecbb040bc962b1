"""Kill -9 under concurrent inserts: what was acknowledged is there once, nothing by half."""

import os
import random
import signal
import threading
import time

import pytest
from api import Client, Server

ROUNDS = int(os.environ.get("MUSTER_API_KILL_ROUNDS", "6"))
CLIENTS = 4
BATCH = 3


class Writer(threading.Thread):
    """Inserts batches until the server is gone; keeps what it was told."""

    def __init__(self, port, token, first):
        super().__init__()
        self.client = Client(port, token, timeout=10)
        self.first = first
        self.acknowledged, self.unknown = [], []

    def run(self):
        for number in range(10_000):
            keys = [self.first + number * BATCH + i for i in range(BATCH)]
            try:
                answer = self.client.post("/jobs", [{"id": k, "job": f"job {k}"} for k in keys])
            except OSError:
                self.unknown.append(keys)
                return
            assert answer.status == 201, answer
            self.acknowledged.append(keys)


def stored(client):
    keys, path = [], "/jobs?limit=1000"
    while path:
        page = client.get(path)
        keys += [row["id"] for row in page.json]
        link = page.headers.get("link")
        path = link.split(";")[0].strip("<>") if link else None
    return keys


@pytest.mark.timeout(ROUNDS * 30)
def test_acknowledged_rows_survive(tmp_path):
    (tmp_path / "data").mkdir()
    rng = random.Random(4)
    server = Server(tmp_path)
    sure, first = set(), 1
    for number in range(ROUNDS):
        with server:
            token = server.user().token
            writers = [
                Writer(server.port, token, first + i * 1_000_000) for i in range(CLIENTS)
            ]
            first += CLIENTS * 1_000_000
            for writer in writers:
                writer.start()
            time.sleep(rng.uniform(0.1, 1.0))
            server.stop(signal.SIGKILL)
            for writer in writers:
                writer.join()
        batches = [keys for writer in writers for keys in writer.acknowledged]
        unknown = [keys for writer in writers for keys in writer.unknown]
        assert batches, f"round {number}: nothing was acknowledged"
        sure.update(key for keys in batches for key in keys)
        for _ in range(2):  # after the crash, and after a clean stop
            with server:
                keys = stored(server.user())
                assert server.stop() == 0
            assert len(keys) == len(set(keys)), f"round {number}: a row is there twice"
            assert sure <= set(keys), f"round {number}: an acknowledged row is gone"
            for batch in unknown:
                assert len(set(batch) & set(keys)) in (0, BATCH), f"round {number}: half a batch"
        sure = set(keys)
