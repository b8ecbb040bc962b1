"""What a stop does to requests at work, and slow reports to the workers (http-api.md)."""

import json
import signal
import socket
import time

import pytest
from api import PASSWORD, Server
from api_world import SLOW_REPORT, SLOW_SQL, WORKERS, invoke

WAIT_S = 30
DEADLINE_S = 15
# Can be interrupted anywhere, and takes minutes.
ENDLESS_SQL = (
    "SELECT count(*) AS n FROM range(1000000 * $ms) a, range(10000) b"
    " WHERE (a.range + b.range * 7) % 10007 = 5"
)


@pytest.fixture
def make(tmp_path):
    """Makes a server on the sample, with a report as slow as it is asked to be."""
    servers = []

    def make_server(sql=SLOW_SQL):
        server = Server(tmp_path)
        invoke(server, "init", "--sample")
        with open(tmp_path / "muster.toml", "a") as catalog:
            catalog.write(SLOW_REPORT)
        (tmp_path / "reports" / "slow.sql").write_text(sql)
        invoke(server, "users", "add", "root", text=PASSWORD + "\n")
        servers.append(server.start())
        return server

    yield make_server
    for server in servers:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()


def begin(client, method, path, body=b""):
    """A connection on which a request has begun; its body is still to come."""
    connection = socket.create_connection(("127.0.0.1", client.port), timeout=WAIT_S)
    head = f"{method} {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {client.token}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode())
    return connection


def read_all(connection):
    answer = b""
    while piece := connection.recv(65536):
        answer += piece
    return answer


def until(reached, seconds=WAIT_S):
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.02)


def running(client):
    """Requests at work beside this one."""
    lines = client.get("/metrics").body.decode().splitlines()
    found = [line for line in lines if line.startswith("muster_http_requests_running ")]
    return int(found[0].split()[1]) - 1


def test_what_begun_before_a_stop_is_answered(make):
    """Rows are stored; that nothing more begins is told by 503."""
    server = make()
    client = server.login("root")
    row = json.dumps({"id": 901, "job": "Archivist"}).encode()
    wanted = {
        ("POST", "/jobs", row): b"201 ",
        ("POST", "/runs", b"{}"): b"503 ",
        ("GET", "/readyz", b"{}"): b"503 ",
        ("GET", "/livez", b"{}"): b"200 ",
        ("GET", "/jobs/901", b"{}"): b"200 ",
    }
    begun = [(begin(client, *request), request) for request in wanted]
    client.get("/healthz")  # they were accepted before it
    server.process.send_signal(signal.SIGTERM)
    until(lambda: "stopping: requests at work" in server.log())
    time.sleep(0.2)
    with pytest.raises(ConnectionRefusedError):
        begin(client, "GET", "/healthz")
    for connection, request in begun:
        connection.sendall(request[2])
        answer = read_all(connection)
        assert answer.startswith(b"HTTP/1.1 " + wanted[request]), (request, answer)
        assert b"Connection: close" in answer
        assert (b"\r\nRetry-After: " in answer) == (wanted[request] == b"503 ")
    assert server.process.wait(WAIT_S) == 0
    with server:
        assert server.login("root").get("/jobs/901").json["job"] == "Archivist"


def test_workers_come_back_from_slow_reports_nobody_waits_for(make):
    client = make().login("root")
    gone = [begin(client, "GET", "/reports/slow?ms=3000") for _ in range(WORKERS - 1)]
    until(lambda: running(client) == WORKERS - 1)
    for connection in gone:
        connection.close()
    until(lambda: running(client) == 0)
    client.get("/jobs")


def test_an_endless_report_is_ended(make):
    """Whether its client waits for it or has gone."""
    client = make(ENDLESS_SQL).login("root")
    limit_s = client.get("/version").json["limits"]["report_ms"] / 1000
    with begin(client, "GET", "/reports/slow"):
        until(lambda: running(client) == 1)
    start = time.monotonic()
    refused = client.get("/reports/slow", 503)
    assert limit_s - 1 < time.monotonic() - start < limit_s + 10
    assert int(refused.headers["retry-after"]) >= 1
    until(lambda: running(client) == 0, 10)
    client.get("/reports/hires_by_quarter")


def test_a_stop_has_a_deadline(make):
    server = make(ENDLESS_SQL)
    client = server.login("root")
    with begin(client, "GET", "/reports/slow"):
        until(lambda: running(client) == 1)
        server.process.send_signal(signal.SIGTERM)
        until(lambda: server.process.poll() is not None, DEADLINE_S + 5)
    assert server.process.returncode == 0
