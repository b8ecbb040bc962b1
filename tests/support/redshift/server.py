"""The listener of the stand-in, its options and its faults. Safe to use from several threads."""

import contextlib
import dataclasses
import itertools
import socket
import threading
import urllib.parse

import psycopg
from postgres import Postgres
from redshift.lake import Lake
from redshift.session import Session
from redshift.system import SETUP
from s3 import Gateway

ROLE = "arn:aws:iam::123456789012:role/muster-copy"
CUT_BEFORE, CUT_AFTER, FAIL = "cut before", "cut after", "fail"


@dataclasses.dataclass
class Fault:
    """Happens once, at the statement of that number or the first that `when` is true of."""

    how: str
    when: object
    seen: int = 0

    def meets(self, sql):
        if callable(self.when):
            return self.when(sql)
        self.seen += 1
        return self.seen == self.when


class Standin:
    """`postgres` is a started server of tests/support/postgres.py; `client` a client of S3."""

    def __init__(self, postgres, client):
        self.postgres, self.lake = postgres, Lake(client)
        self.roles = {"default", ROLE}
        self.slices = 2  # objects of an UNLOAD, if it has rows enough
        self.unload_int96 = False
        self.empty_unload_file = False
        self.sha256_passwords = False  # asks for what libpq cannot send
        self.commit_failures = 0  # so many of the next commits fail with 1023
        self.damage = None  # the next COPY into the table of this name finds its first object cut
        # What COPY of Parquet says of a value besides its rules: (column, value) -> code and words.
        self.refuses = None
        self.names_rows = True  # whether SYS_LOAD_ERROR_DETAIL says which row it was
        self.seen = []  # the statements of all clients
        self.faults = []
        self.lock, self.beside = threading.Lock(), threading.Lock()
        self.admins = {}  # connections of admin(), by database
        self.query_ids = itertools.count(1000)
        self.sessions = set()
        self.listener = None

    def start(self):
        self.postgres.psql(SETUP, "template1")
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def accept(self):
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return  # stopped
            Session(self, link).start()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut_all()
        for link in self.admins.values():
            link.close()

    def cut_all(self):
        """All connections break, as when the cluster is restarted."""
        with self.lock:
            sessions = list(self.sessions)
        for session in sessions:
            session.cut()

    def database(self):
        """The name of a new, empty database."""
        return self.postgres.database().rsplit("/", 1)[1]

    def url(self, database, scheme="postgresql", **options):
        url = self.postgres.url(database, port=self.port).replace("postgresql:", scheme + ":", 1)
        return url + ("?" + urllib.parse.urlencode(options) if options else "")

    def admin(self, database, sql, values=()):
        """Runs a statement beside the connections of clients, by no rule of Redshift."""
        with self.beside:
            link = self.admins.get(database)
            if link is None or link.closed:
                link = psycopg.connect(self.postgres.url(database), autocommit=True)
                self.admins[database] = link
            found = link.execute(sql, values)
            return found.fetchall() if found.description else []

    def next_query_id(self):
        with self.lock:
            return next(self.query_ids)

    def arm(self, how, when):
        """One fault: `how` is CUT_BEFORE, CUT_AFTER or FAIL, `when` the number of a statement from
        now on or a predicate of its text."""
        with self.lock:
            self.faults.append(Fault(how, when))

    def note(self, sql):
        """A client's statement is about to run; returns what shall happen to it, or None."""
        with self.lock:
            self.seen.append(sql)
            for fault in self.faults:
                if fault.meets(sql):
                    self.faults.remove(fault)
                    return fault.how
            return None

    def take_damage(self, table):
        with self.lock:
            taken = self.damage == table
            if taken:
                self.damage = None
            return taken

    def take_commit_failure(self):
        with self.lock:
            if self.commit_failures == 0:
                return False
            self.commit_failures -= 1
            return True


@contextlib.contextmanager
def running(folder):
    """A stand-in with a PostgreSQL of its own and an S3 server, `gateway`, over that folder."""
    postgres = Postgres(auth="md5").start()
    try:
        gateway = Gateway(folder)
        try:
            server = Standin(postgres, gateway).start()
            server.gateway = gateway
            yield server
            server.stop()
        finally:
            gateway.stop()
    finally:
        postgres.end()
