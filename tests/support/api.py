"""A running `muster serve` and a client of it, as the tests drive them."""

import http.client
import json
import os
import signal
import subprocess
from pathlib import Path

import warehouse
from program import MUSTER

START_S = 30
PASSWORD = "correct horse battery"


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def codes(self):
        return [error["code"] for error in self.json["errors"]]

    def __repr__(self):
        return f"<{self.status} {self.headers.get('content-type')} {self.body[:2000]!r}>"


class Client:
    """One connection that is kept; a new one after it was closed."""

    def __init__(self, port, token=None, timeout=60):
        self.port = port
        self.token = token
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def __call__(self, method, path, body=None, want=None, **headers):
        """`body` that is no bytes goes as JSON. Header names with '_' for '-'."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        try:
            self.connection.request(method, path, body, sent)
            response = self.connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError):
            self.connection.close()
            self.connection.request(method, path, body, sent)
            response = self.connection.getresponse()
        answer = Answer(response, response.read())
        if want is not None:
            assert answer.status == want, f"{method} {path}: {answer}"
        return answer

    def get(self, path, want=200, **headers):
        return self("GET", path, None, want, **headers)

    def post(self, path, body=None, want=None, **headers):
        return self("POST", path, body, want, **headers)


class Server:
    """`muster serve` on a free port in a folder; its log is kept for failures."""

    def __init__(self, folder, *options, env=None, config=None):
        assert config is None or Path(folder) in Path(config).parents or "--data-dir" in options, (
            "without --data-dir the server would write beside its catalog"
        )
        self.folder, self.config = folder, config and warehouse.catalog(config)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER")}
        self.base = kept | {"MUSTER_MEMORY_LIMIT": "512MiB", "MUSTER_THREADS": "2"}
        self.base |= warehouse.settings(folder)
        self.own = env or {}
        words = ["--config", str(self.config)] if config else []
        self.command = [str(MUSTER), *words, "serve", "--listen", "127.0.0.1:0", *options]
        self.process = None
        self.port = None
        self.tokens = {}

    @property
    def env(self):
        """As the catalog in the folder is now."""
        found = {} if self.config else warehouse.prepared(self.folder)
        return self.base | found | self.own

    def start(self):
        log = open(self.folder / "serve.log", "ab")
        self.process = subprocess.Popen(
            self.command, cwd=self.folder, env=self.env, stdout=subprocess.PIPE, stderr=log,
            stdin=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        log.close()
        line = self.process.stdout.readline()
        assert line.startswith("muster serves http://127.0.0.1:"), f"{line!r}\n{self.log()}"
        self.port = int(line.split()[2].rsplit(":", 1)[1])
        return self

    def log(self):
        return (self.folder / "serve.log").read_text()[-5000:]

    def client(self, token=None):
        return Client(self.port, token)

    def user(self, name="ada"):
        """A client that is logged in; the user is made if there is none. Logs in once."""
        if name not in self.tokens:
            made = self.client().post("/register", {"username": name, "password": PASSWORD})
            assert made.status in (201, 409), made
            self.tokens[name] = self.login(name).token
        return self.client(self.tokens[name])

    def login(self, name="ada", password=PASSWORD):
        client = self.client()
        tokens = client.post("/login", {"username": name, "password": password}, 200).json
        client.token = tokens["access_token"]
        client.refresh_token = tokens["refresh_token"]
        return client

    def stop(self, how=signal.SIGTERM):
        """The exit code."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(timeout=START_S)
        self.process.stdout.close()
        return code

    def __enter__(self):
        return self.start()

    def __exit__(self, *failure):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
