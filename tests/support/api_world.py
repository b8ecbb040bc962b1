"""Servers on the sample in the states that some answers of the REST API need."""

import contextlib
import functools
import select
import socket
import subprocess
import time

from api import PASSWORD, Client, Server

WAIT_S = 60
RUN_ROWS = 1_000_000  # a run of them takes long enough to meet it at work
WORKERS, QUEUE = 64, 256  # of the server; more requests than both are refused
SLOW_MS = 120_000
SLOW_REPORT = """
[[report]]
name = "slow"
sql = "reports/slow.sql"
params = [{ name = "ms", type = "int64", default = 1 }]
columns = [{ name = "n", type = "int64" }]
"""
SLOW_SQL = "SELECT CASE WHEN sleep_ms($ms) IS NULL THEN 1 ELSE 0 END AS n"
PERSON = {"name": "Ada", "datetime_": "2021-11-07T02:48:42Z", "department_id": 1, "job_id": 1}


def invoke(server, *words, text=""):
    done = subprocess.run(
        [server.command[0], *words],
        cwd=server.folder, env=server.env, input=text, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done
    return done.stdout


class World:
    """Servers on the sample, each in the state that some answers need; started when asked for."""

    def __init__(self, make_folder, stack):
        self.make_folder = make_folder
        self.stack = stack
        self.keys = iter(range(1_000_000, 2_000_000))

    def serve(self, name, settings=""):
        server = Server(self.make_folder(name))
        invoke(server, "init", "--sample")
        with open(server.folder / "muster.toml", "a") as catalog:
            catalog.write(SLOW_REPORT + settings)
        (server.folder / "reports" / "slow.sql").write_text(SLOW_SQL)
        for user, role in (("root", "admin"), ("reader", "reader")):
            invoke(server, "users", "add", user, "--role", role, text=PASSWORD + "\n")
        return self.stack.enter_context(server)

    @functools.cached_property
    def server(self):
        server = self.serve("usual")
        with open(server.folder / "data" / "jobs_many.csv", "w") as rows:
            rows.writelines(f"{key},job {key}\n" for key in range(1000, 1000 + RUN_ROWS))
        return server

    @functools.cached_property
    def reader(self):
        return self.server.login("reader")

    @functools.cached_property
    def client(self):
        return self.server.login("root")

    @functools.cached_property
    def document(self):
        return self.client.get("/openapi.json").json

    @functools.cached_property
    def closed(self):
        return self.serve("closed", '[api]\nregistration = "closed"\n').client()

    @functools.cached_property
    def limited(self):
        return self.serve("limited", "[api]\nrequests_per_minute = 2\n").login("root")

    @functools.cached_property
    def overloaded(self):
        """All workers wait for a slow report, and the queue behind them is full."""
        server = self.serve("overloaded")
        client = server.login("root")
        sent = f"GET /reports/slow?ms={SLOW_MS} HTTP/1.1\r\nHost: a\r\n"
        sent = (sent + f"Authorization: Bearer {client.token}\r\n\r\n").encode()
        refused, waiting, end = 0, [], time.monotonic() + WAIT_S
        while refused < 8 or len(waiting) < WORKERS + QUEUE:
            assert time.monotonic() < end, (refused, len(waiting))
            one = self.stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            one.sendall(sent)
            waiting.append(one)
            if len(waiting) > WORKERS + QUEUE:
                answered = select.select(waiting, [], [], 0.2)[0]
                refused += len(answered)
                waiting = [other for other in waiting if other not in answered]
        return client

    @functools.cached_property
    def run(self):
        """The id of a run that has ended, with rejects."""
        return self.ended(self.client.post("/runs", None, 202).json["run_id"])

    @functools.cached_property
    def reject(self):
        assert self.run
        return self.client.get("/rejects?table=hired_employees&limit=1").json[0]["id"]

    @functools.cached_property
    def mended(self):
        assert self.run
        return invoke(self.server, "rejects", "export", "--table", "hired_employees").encode()

    @functools.cached_property
    def backup(self):
        assert self.run
        return self.client.post("/hiredemployees/backup", None, 200).json["backup_name"]

    def ended(self, run):
        """Waits for the last event: the next run may start then."""
        events = self.client.get(f"/runs/{run}/events").body
        assert b"event: summary" in events, events
        return run

    @contextlib.contextmanager
    def at_work(self):
        """While a run is at work: from its first event to its last."""
        run = self.client.post("/runs", {"tables": ["jobs"], "force": True}, 202).json["run_id"]
        with contextlib.closing(Client(self.server.port, self.client.token).connection) as follow:
            token = {"Authorization": f"Bearer {self.client.token}"}
            follow.request("GET", f"/runs/{run}/events", headers=token)
            events = follow.getresponse()
            assert b"event: progress" in events.readline() + events.readline()
            yield run
            assert b"event: summary" in events.read()

    def person(self, **changes):
        assert self.run
        return PERSON | {"id": next(self.keys)} | changes

    def target(self, path):
        """The path with names that exist; without a run where none is needed."""
        if "{key}" in path:
            person = self.person()
            self.client.post("/hiredemployees", person, 201)
            path = path.replace("{key}", str(person["id"]))
        path = path.replace("{file}", "swagger-ui.css")
        for name, found in (("/runs/{id}", "run"), ("/rejects/{id}", "reject")):
            if path.startswith(name):
                path = path.replace("{id}", getattr(self, found))
        if "{backup_name}" in path:
            path = path.replace("{backup_name}", self.backup) + "?force=true"
        return path
