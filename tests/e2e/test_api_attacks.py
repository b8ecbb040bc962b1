"""Malformed HTTP, slow clients and hostile bodies: the right status, and the server stays well."""

import pathlib
import socket
import time

import pytest
from api import Server

HOST = b"Host: 127.0.0.1\r\n"
MALFORMED = {
    "no host": (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
    "two hosts": (b"GET /healthz HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
    "two lengths": (
        b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        400,
    ),
    "length and coding": (
        b"POST /login HTTP/1.1\r\n" + HOST
        + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "blank before the colon": (
        b"POST /login HTTP/1.1\r\n" + HOST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "unknown coding": (
        b"POST /login HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        501,
    ),
    "bare line feeds": (b"GET /healthz HTTP/1.1\nHost: a\n\n", 400),
    "folded header": (b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n", 400),
    "bad chunk": (
        b"POST /login HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
        400,
    ),
    "chunk overflow": (
        b"POST /login HTTP/1.1\r\n" + HOST
        + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nabc",
        400,
    ),
    "huge chunk": (
        b"POST /login HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFF\r\nabc",
        413,
    ),
    "long target": (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    "large header": (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 20000 + b"\r\n\r\n", 431),
    "large body": (
        b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: 9000000\r\n\r\n" + b"a" * 9000000,
        413,
    ),
    "large body, expected": (
        b"POST /login HTTP/1.1\r\n" + HOST
        + b"Content-Length: 9000000\r\nExpect: 100-continue\r\n\r\n",
        413,
    ),
    "other expectation": (
        b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nExpect: magic\r\n\r\nabc",
        417,
    ),
    "coded body": (
        b"POST /login HTTP/1.1\r\n" + HOST
        + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        415,
    ),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
    "dot segments": (b"GET /a/../b HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "encoded dot segments": (b"GET /a/%2e%2e/b HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "NUL in the target": (b"GET /a%00 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "another host": (b"GET http://other/healthz HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "unknown version": (b"GET /healthz HTTP/2.0\r\n" + HOST + b"\r\n", 400),
    "negative length": (b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n", 400),
    "control character": (b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: a\x01b\r\n\r\n", 400),
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("attacks")
    (folder / "data").mkdir()
    with Server(folder) as running:
        yield running
        running.client().get("/readyz")
        assert running.stop() == 0


def exchange(server, sent, seconds=5):
    """What comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as connection:
        try:
            connection.sendall(sent)
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
        except ConnectionResetError:
            pass
    return answer


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_requests_are_refused_and_the_connection_closed(server, name):
    sent, status = MALFORMED[name]
    answer = exchange(server, sent)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:200]
    assert b"application/problem+json" in answer
    assert b"\r\nConnection: close\r\n" in answer
    assert answer.count(b"HTTP/1.1 ") == 1  # what stands behind is not taken for a request


def test_pipelined_requests_are_answered_in_order(server):
    one = b"GET /healthz HTTP/1.1\r\n" + HOST + b"X-Request-Id: a%d\r\n"
    sent = b"".join(one % i + b"\r\n" for i in range(20)) + one % 20 + b"Connection: close\r\n\r\n"
    ids = [line for line in exchange(server, sent).split(b"\r\n") if line.startswith(b"X-Request")]
    assert ids == [b"X-Request-Id: a%d" % i for i in range(21)]


def test_100_continue_comes_at_once(server):
    head = b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        start = time.monotonic()
        connection.sendall(head + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue")
        assert time.monotonic() - start < 0.5
        connection.sendall(b"{}")
        assert connection.recv(1000).startswith(b"HTTP/1.1 422 ")


def test_slow_clients_do_not_slow_others(server):
    slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
    for connection in slow:
        connection.sendall(b"POST /login HTTP/1.1\r\n")
    client = server.client()
    start = time.monotonic()
    for _ in range(50):
        client.get("/healthz")
    assert time.monotonic() - start < 2
    for connection in slow:
        connection.close()


def test_memory_stays_flat_under_bad_requests(server):
    def resident_kib():
        status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    samples = [sent for sent, status in MALFORMED.values() if len(sent) < 10_000]
    for sent in samples * 2:
        exchange(server, sent)
    before = resident_kib()
    for _ in range(20):
        for sent in samples:
            exchange(server, sent)
    assert resident_kib() < before + 20 * 1024


def test_hostile_names_and_values(server):
    client = server.user()
    for name in ("%2e", "a%2Fb", "%F0%9F%98%80", "1'%20OR%20'1'='1", "a" * 3000):
        answer = client.get(f"/jobs/{name}", None)
        assert answer.status in (400, 404), (name, answer)
    hostile = "Robert'); DROP TABLE jobs;--"
    client.post("/jobs", {"id": 1, "job": hostile}, 201)
    assert client.get("/jobs/1").json["job"] == hostile
    assert client.get("/jobs?job=Robert%27)%3B%20DROP%20TABLE%20jobs%3B--").json[0]["id"] == 1
    header = client.get("/healthz", X_Request_Id="bad id\tx").headers["x-request-id"]
    assert header != "bad id\tx"
