"""A private PostgreSQL 15 on loopback, in a folder of its own, for the time of a test session."""

import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
import urllib.parse

import warehouse

BINARIES = pathlib.Path("/usr/lib/postgresql/15/bin")
USER, PASSWORD = "muster", "not a secret: loopback only"
START_S = 30
# What a test of durability needs is the default; the others need not wait for the disk.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def servant():
    """The words before a command that the server, which refuses to run as root, is started with."""
    if os.geteuid() != 0:
        return []
    names = [user.pw_name for user in pwd.getpwall()]
    assert "postgres" in names, "PostgreSQL does not run as root: it needs a user postgres"
    return ["runuser", "-u", "postgres", "--"]


class Postgres:
    """A server that is started by start(), with databases made by database()."""

    def __init__(self, fast=True, auth="scram-sha-256"):
        there = (BINARIES / "initdb").exists()
        assert there, f"PostgreSQL 15 is not in {BINARIES}: run scripts/bootstrap.sh"
        self.prefix = servant()
        made = self.run("mktemp", "-d", f"{tempfile.gettempdir()}/muster-pg.XXXXXX")
        self.folder = pathlib.Path(made.stdout.strip())
        self.data = self.folder / "data"
        self.port = free_port()
        self.settings = [
            "listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}",
            "max_connections=200", *(FAST if fast else ()),
        ]  # fmt: skip
        self.databases = 0
        password = self.folder / "password"
        self.run("tee", password, input=PASSWORD + "\n")
        self.run(
            BINARIES / "initdb", "-D", self.data, "-U", USER, "-A", auth,
            f"--pwfile={password}", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
        )  # fmt: skip

    def run(self, *words, **options):
        return subprocess.run(
            [*self.prefix, *map(str, words)], cwd="/", check=True, capture_output=True, text=True,
            timeout=2 * START_S, **options,
        )  # fmt: skip

    def start(self):
        options = " ".join(f"-c {setting}" for setting in self.settings)
        # Its own log: a pipe that the server keeps open would never end.
        with open(os.devnull, "w") as nowhere:
            subprocess.run(
                [*self.prefix, BINARIES / "pg_ctl", "-D", self.data, "-w", "-t", str(START_S),
                 "-l", self.folder / "log", "-o", f"-p {self.port} {options}", "start"],
                cwd="/", check=True, stdout=nowhere, stderr=nowhere, timeout=2 * START_S,
            )  # fmt: skip
        return self

    def stop(self, mode="immediate"):
        self.run(BINARIES / "pg_ctl", "-D", self.data, "-w", "-m", mode, "stop")

    def url(self, database="postgres", port=None):
        secret = urllib.parse.quote(PASSWORD)
        return f"postgresql://{USER}:{secret}@127.0.0.1:{port or self.port}/{database}"

    def psql(self, sql, database="postgres"):
        """The rows of the last statement as lines, their values separated by '|'."""
        return warehouse.psql(self.url(database), sql)

    def database(self):
        """The URL of a new, empty database."""
        self.databases += 1
        name = f"test_{os.getpid()}_{self.databases}"
        self.psql(f"CREATE DATABASE {name}")
        return self.url(name)

    def end(self):
        if (self.data / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def name_of(url):
    """The database that a URL names."""
    return url.rsplit("/", 1)[1]
