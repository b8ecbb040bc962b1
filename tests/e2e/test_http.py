"""The HTTP server on raw sockets: what it refuses and how, slow clients, order, limits, its end.

Drives http_echo (tests/support/echo.py), which has the server without the API behind it.
"""

import contextlib
import re
import socket
import subprocess
import threading
import time

import pytest
from echo import ECHO, GET, HOST, QUICK, SHORT, TIMEOUT_S
from echo import Answers, chunked, dechunk, exchange, post, read_all, running


@pytest.fixture(scope="module")
def echo():
    with running("body_bytes=100000") as server:
        yield server


REFUSED = {
    "no method": (b"/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "bad method token": (b"G(T / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "no version": (b"GET /\r\n" + HOST + b"\r\n", 400),
    "unknown version": (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 400),
    "two spaces": (b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "tls": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": (b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
    "foreign authority": (b"GET http://evil/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "dot segments": (b"GET /a/../b HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "escaped dot segments": (b"GET /a/%2e%2e%2fb HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "NUL": (b"GET /a%00 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "no UTF-8": (b"GET /a%ff HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "bad escape": (b"GET /a?x=%zz HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "bare LF": (b"GET / HTTP/1.1\nHost: h\n\n", 400),
    "one bare LF": (b"GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", 400),
    "bare CR": (b"GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n", 400),
    "NUL in a field": (b"GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n", 400),
    "folded line": (b"GET / HTTP/1.1\r\nHost: h\r\nX: y\r\n z\r\n\r\n", 400),
    "space before colon": (post(b"Transfer-Encoding : chunked", body=b"0\r\n\r\n"), 400),
    "no name": (b"GET / HTTP/1.1\r\nHost: h\r\n: y\r\n\r\n", 400),
    "two lengths": (post(b"Content-Length: 1", b"Content-Length: 2", body=b"ab"), 400),
    "two equal lengths": (post(b"Content-Length: 1", b"Content-Length: 1", body=b"a"), 400),
    "list of lengths": (post(b"Content-Length: 1, 1", body=b"a"), 400),
    "signed length": (post(b"Content-Length: +1", body=b"a"), 400),
    "negative length": (post(b"Content-Length: -1", body=b"a"), 400),
    "hexadecimal length": (post(b"Content-Length: 0x1", body=b"a"), 400),
    "overflowing length": (post(b"Content-Length: 99999999999999999999"), 400),
    "length, then chunked": (post(b"Content-Length: 1", b"Transfer-Encoding: chunked"), 400),
    "chunked, then length": (post(b"Transfer-Encoding: chunked", b"Content-Length: 1"), 400),
    "chunked twice": (post(b"Transfer-Encoding: chunked, chunked"), 501),
    "other coding": (post(b"Transfer-Encoding: gzip, chunked"), 501),
    "hidden coding": (post(b"Transfer-Encoding: xchunked"), 501),
    "chunked in 1.0": (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "bad chunk size": (chunked(b"xyz\r\nabc\r\n0\r\n\r\n"), 400),
    "negative chunk size": (chunked(b"-1\r\nabc\r\n0\r\n\r\n"), 400),
    "prefixed chunk size": (chunked(b"0x1\r\na\r\n0\r\n\r\n"), 400),
    "overflowing chunk size": (chunked(b"10000000000000001\r\na\r\n0\r\n\r\n"), 400),
    "chunk with bare LF": (chunked(b"1\na\n0\n\n\r\n"), 400),
    "chunk too long": (chunked(b"1\r\nab\r\n0\r\n\r\n"), 400),
    "endless chunk extension": (chunked(b"1;" + b"a" * 200_000), 400),
    "compressed body": (post(b"Content-Encoding: gzip", b"Content-Length: 1", body=b"a"), 415),
    "other expectation": (post(b"Expect: x", b"Content-Length: 1"), 417),
    "length over the limit": (post(b"Content-Length: 100001", body=b"a" * 1000), 413),
    "chunk over the limit": (chunked(b"186a1\r\n" + b"a" * 1000), 413),
    "chunks over the limit": (chunked(b"c350\r\n" + b"a" * 50_000 + b"\r\nc351\r\n"), 413),
    "413 before 100": (post(b"Expect: 100-continue", b"Content-Length: 100001"), 413),
    "long target": (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    "endless target": (b"GET /" + b"a" * 20_000, 414),
    "target one over": (b"GET /" + b"a" * 4096 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    "long field": (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 17_000 + b"\r\n\r\n", 431),
    "endless field": (b"GET / HTTP/1.1\r\nX: " + b"a" * 40_000, 431),
    "many fields": (b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n" * 200 + b"\r\n", 431),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_and_closed(echo, name):
    data, status = REFUSED[name]
    with echo.connect(data + (GET if data.endswith(b"\r\n\r\n") else b"")) as connection:
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer
    assert answer.count(b"HTTP/1.1") == 1, "what follows was taken for a request"
    assert b"\r\nConnection: close\r\n" in answer
    assert b"\r\nContent-Type: application/problem+json\r\n" in answer
    assert b"\r\nX-Request-Id: " in answer


TAKEN = {
    "get": (GET, 200, b"GET /x\n"),
    "empty line before": (b"\r\n" + GET, 200, b"GET /x\n"),
    "query": (b"GET /a?b=c+d HTTP/1.1\r\n" + HOST + b"\r\n", 200, b"query b=c d\n"),
    "double slash": (b"GET //a HTTP/1.1\r\n" + HOST + b"\r\n", 200, b"GET //a\n"),
    "absolute": (b"GET http://h/a HTTP/1.1\r\n" + HOST + b"\r\n", 200, b"GET /a\n"),
    "options": (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 200, b"OPTIONS *\n"),
    "trace": (b"TRACE / HTTP/1.1\r\n" + HOST + b"\r\n", 200, b"TRACE /\n"),
    "connect": (b"CONNECT h:1 HTTP/1.1\r\n" + HOST + b"\r\n", 200, b"CONNECT h:1\n"),
    "target at limit": (b"GET /" + b"a" * 4095 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 200, b"/aa"),
    "joined fields": (b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\na: c\r\n\r\n", 200, b"a=b, c\n"),
    "length": (post(b"Content-Length: 3", body=b"abc"), 200, b"body abc"),
    "at the limit": (post(b"Content-Length: 100000", body=b"a" * 100_000), 200, b"body aaa"),
    "chunks": (chunked(b"1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n"), 200, b"body abc"),
    "trailer is no field": (chunked(b"1\r\na\r\n0\r\nX-Late: 1\r\n\r\n"), 200, b"chunked\nbody a"),
    "identity": (post(b"Content-Encoding: identity", b"Content-Length: 0"), 200, b"POST /x\n"),
    "thrown": (b"GET /throw HTTP/1.1\r\n" + HOST + b"\r\n", 500, b"thrown"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_taken_and_kept(echo, name):
    data, status, part = TAKEN[name]
    with echo.connect(data) as connection:
        answers = Answers(connection)
        got, headers, body = answers.next()
        assert (got, part in body) == (status, True), (got, body[:300])
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} gmt", headers["date"])
        connection.sendall(QUICK)
        assert answers.next()[2] == b"quick"


@pytest.mark.parametrize(
    "data, closed",
    [
        (b"GET /x HTTP/1.0\r\n\r\n", True),
        (b"GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", False),
        (b"GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", True),
        (b"GET /close HTTP/1.1\r\nHost: h\r\n\r\n", True),
        (GET, False),
    ],
)
def test_keep_alive(echo, data, closed):
    with echo.connect(data) as connection:
        answers = Answers(connection)
        status, headers, _ = answers.next()
        assert (status, headers.get("connection") == "close") == (200, closed)
        if closed:
            assert read_all(connection) == b""
        else:
            connection.sendall(QUICK)
            assert answers.next()[2] == b"quick"


def test_head_is_get_without_body(echo):
    get = exchange(echo, QUICK)
    with echo.connect(QUICK.replace(b"GET", b"HEAD") + QUICK) as connection:
        answers = Answers(connection)
        assert answers.next(head=True)[1]["content-length"] == get[1]["content-length"]
        assert answers.next()[2] == b"quick"
    # A malformed request behind it has its body again.
    with echo.connect(QUICK.replace(b"GET", b"HEAD") + b"GET / HTTP/1.1\r\n\r\n") as connection:
        answers = Answers(connection)
        answers.next(head=True)
        assert b"detail" in answers.next()[2]


def test_no_content_has_no_length(echo):
    status, headers, _ = exchange(echo, b"GET /empty HTTP/1.1\r\n" + HOST + b"\r\n")
    assert (status, "content-length" in headers) == (204, False)


def test_response_fields_cannot_be_split(echo):
    _, headers, _ = exchange(echo, b"GET /inject HTTP/1.1\r\n" + HOST + b"\r\n")
    assert headers["x-given"].split() == ["a", "x-injected:", "yes"]
    assert "x-injected" not in headers


@pytest.mark.parametrize("given, kept", [("a-B_1.c", True), ("a" * 129, False), ("a b", False)])
def test_request_id(echo, given, kept):
    data = b"GET /x HTTP/1.1\r\n" + HOST + b"X-Request-Id: " + given.encode() + b"\r\n\r\n"
    first, second = (exchange(echo, data)[1]["x-request-id"] for _ in range(2))
    assert (first == given.lower(), second == first) == (kept, kept)


def test_pipelined_requests_are_answered_in_order(echo):
    order = [b"/slow?ms=%d" % (30 - i) if i % 3 == 0 else b"/n?i=%d" % i for i in range(30)]
    with echo.connect(
        b"".join(b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"\r\n" for path in order)
    ) as connection:
        answers = Answers(connection)
        for i in range(30):
            body = answers.next()[2]
            assert body == b"slow" if i % 3 == 0 else b"query i=%d\n" % i in body


def test_requests_in_pieces(echo):
    data = chunked(b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")
    with echo.connect() as connection:
        for byte in data:
            connection.sendall(bytes([byte]))
        assert b"body abc" in Answers(connection).next()[2]


def test_continue_is_said_at_once(echo):
    data = post(b"Expect: 100-continue", b"Content-Length: 3")
    with echo.connect(data) as connection:
        start = time.monotonic()
        answers = Answers(connection)
        assert answers.next()[0] == 100
        assert time.monotonic() - start < 0.5
        connection.sendall(b"abc")
        assert b"body abc" in answers.next()[2]


def test_slow_headers_bodies_and_idlers_are_cut_off():
    with running(*SHORT) as server:
        for begin, piece in [
            (b"", b""),
            (b"GET / HTTP/1.1\r\n", b"X: y\r\n"),
            (post(b"Content-Length: 1000"), b"a"),
            (chunked(b"3e8\r\n"), b"a"),
        ]:
            start = time.monotonic()
            with server.connect(begin) as slow, contextlib.suppress(OSError):
                slow.settimeout(0.05)
                while time.monotonic() - start < 3:
                    assert exchange(server, QUICK)[0] == 200  # others are not kept waiting
                    slow.sendall(piece)
                    with contextlib.suppress(TimeoutError):
                        if slow.recv(1000) == b"":
                            break
            assert 0.2 < time.monotonic() - start < 2, begin


def test_slow_readers_are_cut_off():
    with running(*SHORT) as server, socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(TIMEOUT_S)
        slow.connect(("127.0.0.1", server.port))
        slow.sendall(b"GET /large?bytes=50000000 HTTP/1.1\r\n" + HOST + b"\r\n")
        time.sleep(1)
        assert exchange(server, QUICK)[0] == 200
        assert len(read_all(slow)) < 50_000_000


def test_large_bodies_are_whole(echo):
    with echo.connect(b"GET /large?bytes=20000000 HTTP/1.1\r\n" + HOST + b"\r\n") as connection:
        assert Answers(connection).next()[2] == b"x" * 20_000_000


def test_full_queue():
    slow = b"GET /slow?ms=500 HTTP/1.1\r\n" + HOST + b"\r\n"
    with running("workers=1", "queue=1") as server, contextlib.ExitStack() as stack:
        busy = []
        for _ in range(2):
            busy.append(stack.enter_context(server.connect(slow)))
            time.sleep(0.1)
        with server.connect(slow + QUICK) as connection:
            answers = Answers(connection)
            status, headers, _ = answers.next()
            assert (status, headers["retry-after"]) == (503, "1")
            assert answers.next()[2] == b"quick"
        assert [Answers(connection).next()[0] for connection in busy] == [200, 200]


def test_too_many_connections():
    with running("connections=2") as server:
        with server.connect(QUICK) as first, server.connect(QUICK) as second:
            assert Answers(first).next()[0] == Answers(second).next()[0] == 200
            with server.connect() as third:
                assert read_all(third).startswith(b"HTTP/1.1 503 ")
        time.sleep(0.2)
        assert exchange(server, QUICK)[0] == 200


def test_streams(echo):
    stream = b"GET /stream?count=3&ms=10 HTTP/1.%d\r\n" + HOST + b"%s\r\n"
    last = b"GET /close HTTP/1.1\r\n" + HOST + b"\r\n"
    with echo.connect(stream % (1, b"") + last) as connection:
        head, data = read_all(connection).split(b"\r\n\r\n", 1)
    assert b"Transfer-Encoding: chunked" in head
    body, rest = dechunk(data)
    assert body == b"data: 3\n\ndata: 2\n\ndata: 1\n\n"
    assert rest.startswith(b"HTTP/1.1 200 ")
    with echo.connect(stream % (0, b"")) as connection:
        assert read_all(connection).endswith(b"\r\n\r\n" + body)


def test_streams_take_no_workers_and_end_with_the_client():
    silent = b"GET /stream?count=-1&ms=500 HTTP/1.1\r\n" + HOST + b"\r\n"
    with running("workers=1") as server:
        for _ in range(3):  # more in all than may be open at once
            with contextlib.ExitStack() as stack:
                for _ in range(40):
                    connection = stack.enter_context(server.connect(silent))
                    assert connection.recv(15) == b"HTTP/1.1 200 OK"
                assert exchange(server, GET)[0] == 200
            time.sleep(1.2)
        held = server.connect(silent)
        assert held.recv(15) == b"HTTP/1.1 200 OK"
        start = time.monotonic()
        server.terminate()
        assert server.wait() == 0
        assert time.monotonic() - start < 3
        held.close()


def test_memory_stays_flat_under_bad_requests(echo):
    bad = [data for data, _ in REFUSED.values() if len(data) < 5000]

    def attack(count):
        for i in range(count):
            with echo.connect(bad[i % len(bad)]) as connection, contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
                read_all(connection)

    attack(500)
    before = echo.resident_kib()
    attack(2000)
    assert echo.resident_kib() - before < 4096


def test_stop_lets_requests_end_and_closes_idle_connections():
    with running() as server, server.connect() as idle, server.connect(QUICK) as kept:
        assert Answers(kept).next()[0] == 200
        with server.connect(b"GET /slow?ms=500 HTTP/1.1\r\n" + HOST + b"\r\n") as connection:
            time.sleep(0.2)
            server.terminate()
            status, headers, body = Answers(connection).next()
            assert (status, headers["connection"], body) == (200, "close", b"slow")
            assert read_all(connection) == read_all(idle) == read_all(kept) == b""
            assert server.wait() == 0
        with pytest.raises(ConnectionRefusedError):
            server.connect()


def test_stop_cuts_off_at_its_deadline():
    with running("stop_ms=200") as server:
        with server.connect(b"GET /slow?ms=1000 HTTP/1.1\r\n" + HOST + b"\r\n") as connection:
            time.sleep(0.2)
            server.terminate()
            assert read_all(connection) == b""
            assert server.wait() == 3


def test_port_in_use(echo):
    other = subprocess.run([ECHO, f"port={echo.port}"], capture_output=True, text=True, timeout=5)
    assert (other.returncode != 0, str(echo.port) in other.stderr) == (True, True)


def test_many_clients_at_once(echo):
    failures = []

    def work():
        with echo.connect() as connection:
            answers = Answers(connection)
            for i in range(200):
                connection.sendall(post(b"Content-Length: 4", body=b"%04d" % i))
                status, _, body = answers.next()
                if status != 200 or not body.endswith(b"body %04d" % i):
                    failures.append((status, body))

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
