"""Messages of the PostgreSQL protocol, version 3, and one end of a connection that speaks it."""

import dataclasses
import socket
import struct


def message(kind, body=b""):
    return kind + struct.pack("!I", len(body) + 4) + body


def text(*values):
    return b"".join(value.encode() + b"\0" for value in values)


def error(words, severity="ERROR"):
    """An ErrorResponse of a Refused, or of fields by their letters."""
    fields = words if isinstance(words, dict) else {
        "C": words.code, "M": words.message, "D": words.detail,
    }  # fmt: skip
    fields = {"S": severity, "V": severity} | fields
    return message(b"E", b"".join(k.encode() + text(v) for k, v in fields.items() if v) + b"\0")


def notice(words):
    fields = {"S": "INFO", "V": "INFO", "C": "00000", "M": words}
    return message(b"N", b"".join(k.encode() + text(v) for k, v in fields.items()) + b"\0")


def fields_of(body):
    """The fields of an ErrorResponse by their letters."""
    parts = body.rstrip(b"\0").split(b"\0")
    return {part[:1].decode(): part[1:].decode("utf-8", "replace") for part in parts if part}


def query(sql):
    return message(b"Q", text(sql))


def complete(tag):
    return message(b"C", text(tag))


def ready(state):
    return message(b"Z", state.encode())


class Closed(Exception):
    """The other side is gone."""


class Peer:
    """A socket and the messages that came and are not looked at yet."""

    def __init__(self, link):
        self.link = link
        self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.at = 0

    def send(self, data):
        try:
            self.link.sendall(data)
        except OSError as failure:
            raise Closed from failure

    def fill(self):
        """Waits for bytes."""
        try:
            data = self.link.recv(1 << 18)
        except OSError as failure:
            raise Closed from failure
        if not data:
            raise Closed
        if self.at:
            del self.buffer[: self.at]
            self.at = 0
        self.buffer += data

    def next(self):
        """A message that is complete, or None."""
        have = len(self.buffer) - self.at
        if have < 5:
            return None
        size = struct.unpack_from("!I", self.buffer, self.at + 1)[0] + 1
        if have < size:
            return None
        kind = bytes(self.buffer[self.at : self.at + 1])
        body = bytes(self.buffer[self.at + 5 : self.at + size])
        self.at += size
        return kind, body

    def wait(self):
        while (found := self.next()) is None:
            self.fill()
        return found

    def startup(self):
        """The first message of a client, which has no kind: its code and its body."""
        while len(self.buffer) < 4 or len(self.buffer) < struct.unpack_from("!I", self.buffer)[0]:
            self.fill()
        size = struct.unpack_from("!I", self.buffer)[0]
        code = struct.unpack_from("!I", self.buffer, 4)[0]
        body = bytes(self.buffer[8:size])
        del self.buffer[:size]
        return code, body

    def close(self, abruptly=False):
        if abruptly:
            # The client sees a reset, as from a machine that is gone.
            self.link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.link.close()


@dataclasses.dataclass
class Answer:
    """What a server said to a statement of the stand-in's own."""

    columns: list = dataclasses.field(default_factory=list)  # (name, type, type modifier)
    rows: list = dataclasses.field(default_factory=list)
    tag: str = ""
    error: dict = None
    state: str = "I"


def row_description(body):
    count = struct.unpack_from("!H", body)[0]
    at, found = 2, []
    for _ in range(count):
        end = body.index(b"\0", at)
        _, _, kind, _, modifier, _ = struct.unpack_from("!IhIhih", body, end + 1)
        found.append((body[at:end].decode(), kind, modifier))
        at = end + 19
    return found


def data_row(body):
    count = struct.unpack_from("!H", body)[0]
    at, found = 2, []
    for _ in range(count):
        size = struct.unpack_from("!i", body, at)[0]
        at += 4
        found.append(None if size < 0 else body[at : at + size].decode())
        at += max(size, 0)
    return found


def ask(peer, sql, data=None):
    """Runs a statement on a connection that waits for one. `data` are the bytes for a COPY."""
    peer.send(query(sql))
    answer = Answer()
    while True:
        kind, body = peer.wait()
        if kind == b"T":
            answer.columns = row_description(body)
        elif kind == b"D":
            answer.rows.append(data_row(body))
        elif kind == b"C":
            answer.tag = body[:-1].decode()
        elif kind == b"E":
            answer.error = fields_of(body)
        elif kind == b"G":
            for part in data:
                peer.send(message(b"d", part))
            peer.send(message(b"c"))
        elif kind == b"Z":
            answer.state = body.decode()
            return answer
