"""A client that asks for much and does not read: cut off in the end, and no trouble for others."""

import pathlib
import socket
import threading
import time

import pytest
from api import Server

CONNECTIONS, REQUESTS = 16, 100
ROWS, LETTERS = 1000, 100  # a page of 100 KB; all of them are more than sockets hold
WRITE_S = 30
MEMORY_KIB = 96 * 1024  # the pages that were asked for are twice as much
SETTLED_S, GROWTH_KIB = 5, 8 * 1024


@pytest.fixture
def server(tmp_path):
    (tmp_path / "data").mkdir()
    with Server(tmp_path) as running:
        rows = [{"id": i, "job": f"{i:04}" + "x" * (LETTERS - 4)} for i in range(1, ROWS + 1)]
        running.user().post("/jobs", rows, 201)
        yield running


def resident_kib(server):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def connections(client):
    lines = client.get("/metrics").body.decode().splitlines()
    found = [line for line in lines if line.startswith("muster_http_connections ")]
    return int(found[0].split()[1])


class Watch(threading.Thread):
    """Another client, who asks all the time and keeps the longest wait."""

    def __init__(self, client):
        super().__init__()
        self.client, self.stop = client, threading.Event()
        self.longest_s, self.answers, self.failed = 0, 0, None

    def run(self):
        while not self.stop.wait(0.02):
            start = time.monotonic()
            try:
                self.client.get(f"/jobs/{1 + self.answers % ROWS}")
                self.client.get("/healthz")
            except (OSError, AssertionError) as failure:
                self.failed = failure
                return
            self.longest_s = max(self.longest_s, time.monotonic() - start)
            self.answers += 2


def test_who_does_not_read_is_cut_off(server):
    client = server.user()
    sent = "GET /jobs?limit=1000 HTTP/1.1\r\nHost: a\r\nAccept: text/csv\r\n"
    sent = (sent + f"Authorization: Bearer {client.token}\r\n\r\n").encode()
    client.get("/jobs?limit=1000", Accept="text/csv")
    before_kib, before = resident_kib(server), connections(client)
    watch = Watch(server.user())
    watch.start()
    start, slow = time.monotonic(), []
    for _ in range(CONNECTIONS):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.connect(("127.0.0.1", server.port))
        one.setblocking(False)
        assert one.send(sent * REQUESTS) == len(sent) * REQUESTS
        slow.append(one)
    kib, cut_off_s = [], None
    while time.monotonic() < start + WRITE_S + 20 and cut_off_s is None:
        kib.append((time.monotonic() - start, resident_kib(server)))
        if connections(client) <= before + 1:  # the watch has one
            cut_off_s = time.monotonic() - start
        time.sleep(0.2)
    watch.stop.set()
    watch.join()
    assert cut_off_s is not None
    assert cut_off_s > WRITE_S - 1  # patience has its time, too
    assert watch.failed is None
    assert watch.longest_s < 2
    assert watch.answers > 200
    assert max(one for _, one in kib) < before_kib + MEMORY_KIB
    settled = [one for at, one in kib if at > SETTLED_S]
    assert max(settled) < settled[0] + GROWTH_KIB
    for one in slow:
        assert ended(one)


def ended(connection):
    """What was on its way can be read; then comes the end, not the rest."""
    connection.settimeout(5)
    taken = 0
    try:
        while piece := connection.recv(1 << 16):
            taken += len(piece)
    except ConnectionResetError:
        pass
    connection.close()
    return taken < REQUESTS * ROWS * LETTERS
