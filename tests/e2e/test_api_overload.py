"""More at once than there is room for: refused early, and the server is well afterwards."""

import concurrent.futures
import contextlib
import http.client
import json
import time

import pytest
from api import PASSWORD, Server
from api_world import invoke

LOGINS, PER_ADDRESS = 300, 25  # an address has 30 attempts at once
WAITED_FOR_MAX = 32  # hashes of others before a read is answered
GATE_WAIT_S = 5
# A row check that takes minutes for one key: its insert holds the gate of jobs.
SLOW_KEY = 1_000_000
SLOW_CHECK = (
    'check = [{ name = "slow", sql = "len(list_filter(range(CASE id WHEN '
    f"{SLOW_KEY} THEN 1000000 ELSE 1 END),"
    """ lambda x: sha256(repeat(x::VARCHAR, 2000)) = 'a')) = 0" }]"""
)
ROWS, LETTERS, LARGE = 100, 70_000, 40  # bodies of 7 MB


@pytest.fixture
def make(tmp_path):
    """Makes a server on the sample, without employees; with variables of its environment."""
    with contextlib.ExitStack() as stack:

        def make_server(check="", **variables):
            server = Server(tmp_path, env=variables)
            invoke(server, "init", "--sample")
            invoke(server, "run", "departments", "jobs")
            catalog = tmp_path / "muster.toml"
            jobs = 'name = "jobs"\n'
            catalog.write_text(catalog.read_text().replace(jobs, jobs + check + "\n", 1))
            invoke(server, "users", "add", "root", text=PASSWORD + "\n")
            return stack.enter_context(server)

        yield make_server


def log_in_as_nobody(server, number):
    """Status, headers and when it was answered; from many addresses, as a flood comes."""
    address = (f"127.0.1.{1 + number // PER_ADDRESS}", 0)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, 120, source_address=address)
    body = json.dumps({"username": f"nobody{number}", "password": "wrong horse battery"})
    connection.request("POST", "/login", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    response.read()
    at = time.monotonic()
    connection.close()
    return response.status, response.headers, at


def flood(server, meanwhile):
    """All answers; `meanwhile` is called while they are waited for."""
    with concurrent.futures.ThreadPoolExecutor(LOGINS) as pool:
        logins = [pool.submit(log_in_as_nobody, server, number) for number in range(LOGINS)]
        while not any(login.done() for login in logins):
            time.sleep(0.001)
        meanwhile()
        return [login.result() for login in logins]


def test_a_flood_of_logins_is_refused_beyond_the_queue(make):
    server = make()
    answers = flood(server, lambda: None)
    assert {status for status, _, _ in answers} == {401, 503}
    for status, headers, _ in answers:
        assert (status == 503) == (headers["Retry-After"] is not None)
    server.login("root").get("/jobs")


def test_a_flood_of_logins_does_not_hold_up_reads(make):
    server = make()
    client = server.login("root")
    span = []

    def read():
        for _ in range(5):
            span.append(time.monotonic())
            client.get("/jobs?limit=1")
            span.append(time.monotonic())

    answers = flood(server, read)
    hashed = [at for status, _, at in answers if status == 401]
    waited_for = [
        sum(begin < at < end for at in hashed)
        for begin, end in zip(span[::2], span[1::2], strict=True)
    ]
    assert max(waited_for) <= WAITED_FOR_MAX, waited_for


def test_who_waits_too_long_for_a_gate_is_told_so(make):
    """An insert looks into the tables it refers to, and waits while one of them is written."""
    server = make(SLOW_CHECK)
    client = server.login("root")
    person = {"id": 1, "name": "Ada", "datetime_": "2021-11-07T02:48:42Z"}
    person |= {"department_id": 1, "job_id": 1}
    client.post("/hiredemployees", person, 201)
    slow = http.client.HTTPConnection("127.0.0.1", server.port)
    token = {"Authorization": f"Bearer {client.token}", "Content-Type": "application/json"}
    slow.request("POST", "/jobs", json.dumps({"id": SLOW_KEY, "job": "slow"}), token)
    time.sleep(1)  # it has the gate
    start = time.monotonic()
    refused = client.post("/hiredemployees", person | {"id": 2}, 503)
    assert GATE_WAIT_S - 0.5 < time.monotonic() - start < GATE_WAIT_S + 5
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.json["code"] == "busy"
    client.get("/hiredemployees/2", 404)  # reads need no gate
    client.post("/departments", {"id": 99, "department": "Archive"}, 201)
    slow.close()


@pytest.mark.xfail(strict=True, reason="a checkpoint that lacks memory ends the database")
def test_large_inserts_under_a_small_limit_of_memory(make):
    """More in all than the limit: all that is acknowledged is there, and opens with it again."""
    server = make(MUSTER_MEMORY_LIMIT="256MiB")
    client = server.login("root")
    row = {"datetime_": "2021-11-07T02:48:42Z", "department_id": 1, "job_id": 1}

    def insert(number):
        keys = range(10_000 + number * ROWS, 10_000 + (number + 1) * ROWS)
        rows = [row | {"id": key, "name": "n" * LETTERS} for key in keys]
        return server.client(client.token).post("/hiredemployees", rows).status

    statuses = [insert(number) for number in range(LARGE)]
    assert set(statuses) <= {201, 503}
    assert 201 in statuses
    assert server.stop() == 0, server.log()
    client = server.start().login("root")
    for number, status in enumerate(statuses):
        ends = (10_000 + number * ROWS, 10_000 + (number + 1) * ROWS - 1)
        found = [client.get(f"/hiredemployees/{key}", None).status for key in ends]
        # A refused one may have been stored, but as a whole.
        assert found == [200, 200] or (status == 503 and found == [404, 404]), (status, found)
    client.post("/hiredemployees", row | {"id": 1, "name": "last"}, 201)
