"""One connection of a client and the one to PostgreSQL behind it."""

import re
import select
import socket
import struct
import threading

from redshift import copy, unload, wire
from redshift.batch import Batch
from redshift.columns import BYTES
from redshift.lake import block
from redshift.rewrite import rewrite
from redshift.rules import check
from redshift.system import VIOLATION
from redshift.tokens import Refused, statements
from redshift.wire import Closed, Peer

SSL, GSS, CANCEL, VERSION_3 = 80877103, 80877104, 80877102, 196608
SHA256 = 13  # the method for passwords that are stored as sha256|...
STARTUP = {"user", "database", "client_encoding", "application_name", "datestyle"}
# What Redshift does not report when a session starts.
UNREPORTED = {
    "standard_conforming_strings", "IntervalStyle", "in_hot_standby",
    "default_transaction_read_only", "search_path", "scram_iterations",
}  # fmt: skip
SPECIAL = {"COPY": copy.run, "UNLOAD": unload.run}
MARK = re.compile(r"standin_refusal_(\d+)_")
BEGINS, ENDS = {"BEGIN", "START"}, {"COMMIT", "END", "ROLLBACK", "ABORT"}


def serialisation():
    return Refused("1023", "XX000", VIOLATION)


def too_long():
    context = "Value too long for character type"
    return Refused(context, "22001", block(context, 8001, context))


class Session(threading.Thread):
    def __init__(self, standin, link):
        super().__init__(daemon=True)
        self.standin = standin
        self.client, self.backend = Peer(link), None
        self.database, self.pid = "", 0
        self.state, self.in_block = "I", False
        self.pending = 1  # answers ReadyForQuery that PostgreSQL owes
        self.refusals, self.settings = {}, {}
        self.mute = False  # what is answered from now on does not arrive
        self.batch = Batch(self)

    def run(self):
        with self.standin.lock:
            self.standin.sessions.add(self)
        try:
            if self.open():
                self.serve()
        except (Closed, ConnectionError):
            pass
        finally:
            with self.standin.lock:
                self.standin.sessions.discard(self)
            for peer in (self.client, self.backend):
                if peer is not None:
                    peer.close(abruptly=self.mute)

    def cut(self):
        """From any thread: both connections break."""
        self.mute = True
        for peer in (self.client, self.backend):
            if peer is not None:
                try:
                    peer.link.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # it is closed already

    # --- the start -------------------------------------------------------------------------------

    def connect(self):
        return Peer(socket.create_connection(("127.0.0.1", self.standin.postgres.port)))

    def open(self):
        """Whether a session began; what came instead is done then."""
        code, body = self.client.startup()
        while code in (SSL, GSS):
            self.client.send(b"N")
            code, body = self.client.startup()
        if code == CANCEL:
            self.backend = self.connect()
            self.backend.send(struct.pack("!II", len(body) + 8, code) + body)
            return False
        words = body.rstrip(b"\0").split(b"\0")
        given = dict(zip(map(bytes.decode, words[::2]), map(bytes.decode, words[1::2])))
        for name in given:
            if name.lower() not in STARTUP:
                refusal = Refused(f'unrecognized configuration parameter "{name}"', "42704")
                self.client.send(wire.error(refusal, "FATAL"))
                return False
        if self.standin.sha256_passwords:
            self.client.send(wire.message(b"R", struct.pack("!I", SHA256) + bytes(12)))
            return False
        self.database = given.get("database", given.get("user", ""))
        given["default_transaction_isolation"] = "repeatable read"
        packed = wire.text(*[part for pair in given.items() for part in pair]) + b"\0"
        self.backend = self.connect()
        self.backend.send(struct.pack("!II", len(packed) + 8, VERSION_3) + packed)
        self.authenticate()
        return True

    def authenticate(self):
        while True:
            kind, body = self.backend.wait()
            if kind == b"K":
                self.pid = struct.unpack_from("!I", body)[0]
            self.relay(kind, body)
            if kind == b"Z":
                return
            if kind == b"R" and struct.unpack_from("!I", body)[0] in (3, 5, 10, 11):
                self.backend.send(wire.message(*self.client.wait()))

    # --- both directions -------------------------------------------------------------------------

    def serve(self):
        while True:
            while (found := self.client.next()) is not None:
                self.take(*found)
            ready, _, _ = select.select([self.client.link, self.backend.link], [], [])
            if self.backend.link in ready:
                self.backend.fill()
                while (found := self.backend.next()) is not None:
                    self.relay(*found)
            if self.client.link in ready:
                self.client.fill()

    def take(self, kind, body):
        """A message of the client."""
        if self.settings and self.pending == 0 and self.state == "I":
            settings, self.settings = self.settings, {}
            self.now(**settings)
        if kind == b"Q":
            self.simple(body[:-1].decode())
        elif kind in (b"P", b"B", b"D", b"E", b"C"):
            self.batch.add(kind, body)
        elif kind in (b"S", b"H"):
            self.batch.flush(kind)
        elif kind == b"X":
            raise Closed
        else:
            refusal = Refused(f"unexpected message {kind.decode('latin-1')}", "08P01")
            self.client.send(wire.error(refusal, "FATAL"))
            raise Closed

    def relay(self, kind, body):
        """A message of PostgreSQL."""
        if kind == b"S":
            name, value = body.decode().split("\0")[:2]
            if name in UNREPORTED:
                return
            value = {"server_version": "8.0.2"}.get(name, value)
            if name == "client_encoding" and value == "UTF8":
                value = "UNICODE"
            body = wire.text(name, value)
        elif kind == b"Z":
            self.pending -= 1
            self.state = body.decode()
            if self.pending == 0:
                self.in_block = self.state != "I"
                self.refusals.clear()
                if self.mute:
                    raise Closed
        if self.mute:
            return
        self.client.send(self.translated(body) if kind == b"E" else wire.message(kind, body))

    def translated(self, body):
        """An error of PostgreSQL in the words of Redshift."""
        fields = wire.fields_of(body)
        mark = MARK.search(fields.get("M", ""))
        if mark and int(mark[1]) in self.refusals:
            return wire.error(self.refusals[int(mark[1])])
        if fields.get("C") == "22001" or fields.get("n", "").startswith(BYTES):
            return wire.error(too_long())
        if fields.get("C") == "40001":
            return wire.error(serialisation())
        return wire.message(b"E", body)

    def drain(self):
        """Waits until PostgreSQL owes nothing."""
        while self.pending:
            self.relay(*self.backend.wait())

    # --- statements ------------------------------------------------------------------------------

    def broken(self, refusal):
        """A text that PostgreSQL cannot parse: its error, wherever it comes, is the refusal."""
        number = len(self.refusals) + 1
        self.refusals[number] = refusal
        return f"standin_refusal_{number}_"

    def admitted(self, statement):
        """The statement for PostgreSQL."""
        try:
            check(statement, self.in_block)
            return rewrite(statement)
        except Refused as refusal:
            return self.broken(refusal)

    def follow(self, statement):
        """Keeps in mind whether a transaction is open."""
        if statement.keys[0] in BEGINS:
            self.in_block = True
        elif statement.keys[0] in ENDS:
            self.in_block = False

    def meet(self, text):
        """The faults of a statement; returns a refusal that it fails with, or None."""
        how = self.standin.note(text)
        if how == "cut before":
            self.mute = True
            raise Closed
        if how == "cut after":
            self.drain()
            self.mute = True
        return serialisation() if how == "fail" else None

    def before_commit(self, statement):
        """Lets the commit fail if it shall."""
        if statement.keys[0] not in ("COMMIT", "END"):
            return
        self.drain()
        if self.state != "T" or self.standin.commit_failures == 0:
            return
        if self.ask("SHOW transaction_read_only").rows == [["off"]]:
            if self.standin.take_commit_failure():
                self.ask("INSERT INTO standin.fuse DEFAULT VALUES")

    def simple(self, sql):
        try:
            found = statements(sql)
        except Refused as refusal:
            self.submit(self.broken(refusal))
            return
        failures = [self.meet(statement.text) for statement in found]
        if any(statement.keys[0] in SPECIAL for statement in found):
            self.drain()
            if len(found) > 1:
                self.submit(self.broken(Refused("the stand-in runs COPY and UNLOAD alone")))
                return
            self.answer(self.special(found[0], failures[0]) + wire.ready(self.state))
            return
        texts = []
        for statement, failure in zip(found, failures):
            texts.append(self.broken(failure) if failure else self.admitted(statement))
            self.follow(statement)
            self.before_commit(statement)
        self.submit(";\n".join(texts))

    def submit(self, text):
        self.pending += 1
        self.backend.send(wire.query(text))

    def answer(self, data):
        if self.mute:
            raise Closed
        self.client.send(data)

    def ask(self, sql, data=None):
        """A statement of the stand-in's own, between those of the client."""
        answer = wire.ask(self.backend, sql, data)
        self.state = answer.state
        self.in_block = self.state != "I"
        return answer

    def now(self, **values):
        for name, value in values.items():
            self.ask(f"SELECT set_config('standin.{name}', '{value}', false)")

    def later(self, **values):
        """Set once the transaction, which is lost, is over."""
        self.settings |= values

    def special(self, statement, failure=None):
        """Runs COPY or UNLOAD; the answer to the client up to ReadyForQuery."""
        if self.state == "E":
            return wire.error(self.ask("SELECT 1").error)
        own = self.state == "I"
        try:
            if failure:
                raise failure
            check(statement, self.in_block)
            if own:
                self.ask("BEGIN")
            tag, notices = SPECIAL[statement.keys[0]](self, statement)
            if own and (error := self.ask("COMMIT").error):
                raise Refused(error["M"], error["C"])
            return b"".join(map(wire.notice, notices)) + wire.complete(tag)
        except Refused as refusal:
            self.ask("ROLLBACK" if own else "standin_refusal")
            return wire.error(refusal)
