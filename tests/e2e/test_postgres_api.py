"""The REST API on PostgreSQL, where it is not as on DuckDB: several servers share the database, the
database goes away and comes back, and others work in it."""

import concurrent.futures
import json
import os
import random
import signal
import subprocess
import threading
import time

import pytest
from api import Client, Server
from postgres import Postgres, name_of
from postgres_loads import Session
from postgres_proxy import Proxy
from program import MUSTER

ROUNDS = int(os.environ.get("MUSTER_API_KILL_ROUNDS", "6"))
SECRET = "a secret that both servers know, of 32 bytes and more"
FACTS_S = 5  # a change of users is known to the other server by then
CLIENTS = 8


@pytest.fixture(scope="module")
def postgres():
    server = Postgres(fast=False).start()
    yield server
    server.end()


@pytest.fixture
def url(postgres):
    return postgres.database()


@pytest.fixture
def serve(tmp_path, url):
    """Starts servers on one database, each with a data directory of its own."""
    running = []

    def start(name="a", **env):
        folder = tmp_path / name
        (folder / "data").mkdir(parents=True, exist_ok=True)
        env = {"MUSTER_WAREHOUSE": url, "MUSTER_JWT_SECRET": SECRET} | env
        running.append(Server(folder, env=env).start())
        return running[-1]

    yield start
    for server in running:
        if server.process.poll() is None:
            server.stop(signal.SIGKILL)


def together(work, count=CLIENTS):
    """work(0), work(1), ... at once; the answers in this order."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def test_rows_come_and_go(serve):
    server = serve()
    client = server.user()
    assert client.post("/jobs", [{"id": 1, "job": "é"}, {"id": 2, "job": "b"}], 201)
    refused = client.post("/jobs", [{"id": 3, "job": "c"}, {"id": 2, "job": "x"}], 409)
    assert refused.codes == ["key.exists"]
    assert [row["id"] for row in client.get("/jobs").json] == [1, 2]
    person = {"id": 7, "name": "Ada", "datetime_": "2021-11-07T02:48:42Z", "job_id": 1}
    missing = client.post("/hiredemployees", person | {"department_id": 9})
    assert missing.codes == ["reference.missing"]
    rows = [{"id": 1, "job": "é"}, {"id": 2, "job": 'B "\\'}, {"id": 3, "job": "{NULL,c}"}]
    merged = client.post("/jobs", rows, 200, Prefer="resolution=merge-duplicates").json
    assert [merged[name] for name in ("inserted", "updated", "unchanged")] == [1, 1, 1]
    assert client.get("/jobs").json == rows
    page = client.get("/jobs?limit=1", Prefer="count=exact")
    assert page.headers["x-total-count"] == "3"
    assert 'rel="next"' in page.headers["link"]
    lenient = [{"id": 4, "job": "d"}, {"id": 4, "job": "again"}, {"id": 5, "job": ""}]
    answer = client.post("/jobs", lenient, 200, Prefer="handling=lenient").json
    assert (answer["inserted"], answer["rejected"]) == (1, 2)
    assert len(client.get("/rejects?table=jobs").json) == 2
    assert server.stop() == 0


def test_two_servers_take_each_key_once(serve):
    servers = [serve("a"), serve("b")]
    servers[0].user()
    tokens = [server.login().token for server in servers]

    def insert(number):
        client = Client(servers[number % 2].port, tokens[number % 2])
        taken = []
        for key in range(1, 61):
            answer = client.post("/jobs", {"id": key, "job": f"of {number}"})
            assert answer.status in (201, 409), answer
            if answer.status == 201:
                taken.append((key, number))
            else:
                assert answer.codes == ["key.exists"], answer
        return taken

    taken = [pair for pairs in together(insert) for pair in pairs]
    assert sorted(key for key, _ in taken) == list(range(1, 61))
    rows = servers[0].user().get("/jobs?limit=1000").json
    assert [(row["id"], row["job"]) for row in rows] == [
        (key, f"of {number}") for key, number in sorted(taken)
    ]


def test_an_idempotency_key_works_once_over_servers(serve):
    servers = [serve("a"), serve("b")]
    servers[0].user()
    tokens = [server.login().token for server in servers]
    body = [{"id": 5, "job": "once"}]

    def insert(number):
        client = Client(servers[number % 2].port, tokens[number % 2])
        while True:
            answer = client.post("/jobs", body, Idempotency_Key="the-same-key")
            if answer.status != 409 or answer.json["code"] != "idempotency.in_flight":
                return answer

    answers = together(insert)
    assert {answer.status for answer in answers} == {201}, answers
    assert len({answer.body for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == CLIENTS - 1
    assert len(servers[1].user().get("/jobs").json) == 1


def test_one_of_many_may_register_a_name(serve, postgres, url):
    servers = [serve("a"), serve("b")]
    user = {"username": "ada", "password": "correct horse battery"}
    answers = together(lambda n: servers[n % 2].client().post("/register", user))
    assert sorted(answer.status for answer in answers) == [201] + [409] * (CLIENTS - 1)
    assert postgres.psql("SELECT name, role FROM muster.users", name_of(url)) == ["ada|admin"]


def test_one_of_many_first_users_is_the_administrator(serve, postgres, url):
    servers = [serve("a"), serve("b")]

    def register(number):
        user = {"username": f"user{number}", "password": "correct horse battery"}
        return servers[number % 2].client().post("/register", user, 201)

    together(register, 6)
    roles = postgres.psql("SELECT role, count(*) FROM muster.users GROUP BY 1", name_of(url))
    assert "admin|1" in roles, roles


def test_of_two_admins_who_lose_their_rights_at_once_one_stays(postgres, url, tmp_path):
    """By two processes that have both seen that there is another admin."""
    env = {"MUSTER_WAREHOUSE": url, "MUSTER_MEMORY_LIMIT": "256MiB"}

    def muster(*words, **options):
        folder = tmp_path / words[-1]
        folder.mkdir(exist_ok=True)
        return subprocess.Popen(
            [MUSTER, "users", *words], env=os.environ | env, cwd=folder, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
        )  # fmt: skip

    for name in ("ada", "bob"):
        made = muster("add", "--role", "admin", name)
        said = made.communicate("correct horse battery\n", timeout=30)
        assert made.returncode == 0, said
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with Session(url) as other:
        other.run("SELECT pg_advisory_lock(hashtextextended('muster users', 0));")
        running = [muster("role", "ada", "writer"), muster("disable", "bob")]
        end = time.monotonic() + 30
        while postgres.psql(waiting, name_of(url)) != ["2"]:
            assert time.monotonic() < end, "they do not wait for each other"
    said = [process.communicate(timeout=30) for process in running]
    assert sorted(process.returncode for process in running) == [0, 2], said
    assert "is the last admin" in said[0][1] + said[1][1]
    admins = "SELECT count(*) FROM muster.users WHERE role = 'admin' AND NOT disabled"
    assert postgres.psql(admins, name_of(url)) == ["1"]


def test_users_and_revocations_reach_the_other_server(serve):
    one, other = serve("a"), serve("b")
    one.user()  # unknown to the other, which started before
    mine = one.login()
    on_other = Client(other.port, mine.token)
    on_other.get("/jobs")  # at once: a token of ours is looked at anew
    mine.post("/logout", None, 200)
    mine.get("/jobs", 401)
    end = time.monotonic() + FACTS_S
    while on_other("GET", "/jobs").status != 401:
        assert time.monotonic() < end, "a token that was revoked is good for too long"
        time.sleep(0.1)


def test_a_row_of_another_program_is_met_as_one_of_ours(serve, postgres, url):
    client = serve().user()
    client.post("/jobs", {"id": 1, "job": "a"}, 201)
    done = threading.Event()

    def write():
        for key in range(1000, 1400):
            postgres.psql(f"INSERT INTO jobs VALUES ({key}, 'psql') ON CONFLICT DO NOTHING",
                          name_of(url))  # fmt: skip
            if done.is_set():
                return

    writer = threading.Thread(target=write)
    writer.start()
    for key in range(1000, 1200):
        answer = client.post("/jobs", {"id": key, "job": "api"})
        assert answer.status == 201 or answer.codes == ["key.exists"], answer
    done.set()
    writer.join()


def ended(postgres, url, how):
    """Ends the servers' connections, or those that are just in COMMIT."""
    postgres.psql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE datname = '{name_of(url)}' AND pid <> pg_backend_pid() {how}"
    )


class Ledger(threading.Thread):
    """Inserts rows of three until told to stop; keeps what it was told of each request."""

    def __init__(self, server, token, first):
        super().__init__()
        self.server, self.token, self.first = server, token, first
        self.stopped = threading.Event()
        self.told = {201: [], 503: [], "lost": []}

    def run(self):
        client = Client(self.server.port, self.token, timeout=30)
        number = 0
        while not self.stopped.is_set():
            keys = [self.first + number * 3 + i for i in range(3)]
            number += 1
            try:
                status = client.post("/jobs", [{"id": k, "job": f"job {k}"} for k in keys]).status
            except OSError:
                client = Client(self.server.port, self.token, timeout=30)
                status = "lost"
                if self.server.process.poll() is not None:
                    self.stopped.set()
            assert status in self.told, status
            self.told[status].append(keys)


def judge(ledgers, stored, unknown=("lost",)):
    """`stored` are the keys that are there; those of a status in `unknown` may be, as a whole."""
    assert len(stored) == len(set(stored)), "a row is there twice"
    there = set(stored)
    for ledger in ledgers:
        for status, requests in ledger.told.items():
            for keys in requests:
                found = len(there & set(keys))
                assert found == 3 or (found == 0 and status != 201), (status, keys, found)
                if status not in (201, *unknown):
                    assert found == 0, f"{keys} were refused with {status}, but are there"


def keys_of(postgres, url):
    return [int(line) for line in postgres.psql("SELECT id FROM jobs ORDER BY 1", name_of(url))]


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_a_request_survives_a_cut_at_any_of_its_statements(serve, postgres, url, before):
    with Proxy(postgres.port, before=before) as proxy:
        server = serve("a", MUSTER_WAREHOUSE=postgres.url(name_of(url), proxy.port))
        client = server.user()
        for cut in range(1, 21):
            keys = [cut * 10, cut * 10 + 1, cut * 10 + 2]
            with proxy.lock:
                proxy.statements, proxy.cut = 0, cut
            client.post("/jobs", [{"id": k, "job": "x"} for k in keys], 201)
            there = postgres.psql(
                f"SELECT id FROM jobs WHERE id BETWEEN {keys[0]} AND {keys[2]} ORDER BY 1",
                name_of(url),
            )
            assert there == [str(key) for key in keys], cut
        versions = "SELECT version FROM muster.table_versions WHERE table_name = 'jobs'"
        assert postgres.psql(versions, name_of(url)) == ["20"]


def test_connections_that_are_cut_lose_and_double_nothing(serve, postgres, url):
    server = serve()
    token = server.user().token
    ledgers = [Ledger(server, token, 1 + i * 1_000_000) for i in range(4)]
    for ledger in ledgers:
        ledger.start()
    rng = random.Random(8)
    for _ in range(60):
        time.sleep(rng.uniform(0.01, 0.15))
        ended(postgres, url, rng.choice(["", "AND query = 'COMMIT'", "AND state = 'active'"]))
    for ledger in ledgers:
        ledger.stopped.set()
    for ledger in ledgers:
        ledger.join()
    assert sum(len(ledger.told[201]) for ledger in ledgers) > 20
    judge(ledgers, keys_of(postgres, url))
    assert server.process.poll() is None
    assert server.stop() == 0


@pytest.mark.timeout(ROUNDS * 30)
def test_a_killed_server_keeps_what_it_acknowledged(serve, postgres, url):
    rng = random.Random(9)
    ledgers, first = [], 1
    for _ in range(ROUNDS):
        server = serve()
        token = server.user().token
        now = [Ledger(server, token, first + i * 100_000) for i in range(4)]
        first += 400_000
        for ledger in now:
            ledger.start()
        time.sleep(rng.uniform(0.1, 0.8))
        server.stop(signal.SIGKILL)
        for ledger in now:
            ledger.stopped.set()
            ledger.join()
        ledgers += now
        judge(ledgers, keys_of(postgres, url))


def test_a_restart_of_the_database_is_survived(tmp_path):
    postgres = Postgres(fast=False).start()
    url = postgres.database()
    (tmp_path / "data").mkdir()
    server = Server(tmp_path, env={"MUSTER_WAREHOUSE": url, "MUSTER_JWT_SECRET": SECRET})
    try:
        with server:
            token = server.user().token
            ledgers = [Ledger(server, token, 1 + i * 1_000_000) for i in range(4)]
            for ledger in ledgers:
                ledger.start()
            for mode in ("fast", "immediate"):
                time.sleep(0.4)
                postgres.stop(mode)
                time.sleep(0.3)
                postgres.start()
            time.sleep(1)
            for ledger in ledgers:
                ledger.stopped.set()
            for ledger in ledgers:
                ledger.join()
            judge(ledgers, keys_of(postgres, url))
            Client(server.port, token).post("/jobs", {"id": 9_000_001, "job": "after"}, 201)
            postgres.stop()
            answer = Client(server.port, token).post("/jobs", {"id": 9_000_002, "job": "without"})
            assert answer.status == 503, answer
            assert "correct" not in json.dumps(answer.json)
            postgres.start()
            assert server.stop() == 0
    finally:
        postgres.end()
