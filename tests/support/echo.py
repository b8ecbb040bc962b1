"""http_echo (http_echo.cpp), which has the HTTP server without the API behind it, and a client of
it on raw sockets."""

import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess

from program import BUILD

ECHO = pathlib.Path(os.environ.get("MUSTER_HTTP_ECHO", BUILD / "tests/unit/api/http_echo"))
TIMEOUT_S = 10
HOST = b"Host: h\r\n"
GET = b"GET /x HTTP/1.1\r\n" + HOST + b"\r\n"
QUICK = b"GET /quick HTTP/1.1\r\n" + HOST + b"\r\n"
SHORT = ("header_ms=300", "body_ms=300", "write_ms=300", "idle_ms=300")


class Echo:
    def __init__(self, *words):
        # A sanitizer's own store of freed memory is not the server's.
        options = "quarantine_size_mb=1:" + os.environ.get("ASAN_OPTIONS", "")
        self.process = subprocess.Popen(
            [ECHO, *words],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"ASAN_OPTIONS": options},
        )
        self.port = int(self.process.stdout.readline())

    def connect(self, data=b""):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_S)
        connection.sendall(data)
        return connection

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def wait(self):
        return self.process.wait(TIMEOUT_S)

    def resident_kib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


@contextlib.contextmanager
def running(*words):
    server = Echo(*words)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.terminate()
            server.wait()
        server.process.stdout.close()


def read_all(connection):
    """Everything until the server closes."""
    data = b""
    while True:
        try:
            piece = connection.recv(1 << 16)
        except ConnectionResetError:
            return data
        if not piece:
            return data
        data += piece


class Answers:
    """Takes answers off a connection one by one."""

    def __init__(self, connection):
        self.connection = connection
        self.rest = b""

    def more(self):
        piece = self.connection.recv(1 << 16)
        assert piece, f"closed after {self.rest!r}"
        self.rest += piece

    def next(self, head=False):
        while b"\r\n\r\n" not in self.rest:
            self.more()
        top, self.rest = self.rest.split(b"\r\n\r\n", 1)
        lines = top.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:])
        size = 0 if head else int(headers.get("content-length", 0))
        while len(self.rest) < size:
            self.more()
        body, self.rest = self.rest[:size], self.rest[size:]
        return int(lines[0].split()[1]), headers, body


def exchange(server, data, head=False):
    with server.connect(data) as connection:
        return Answers(connection).next(head)


def post(*fields, body=b"", path=b"/x"):
    return b"\r\n".join([b"POST " + path + b" HTTP/1.1", b"Host: h", *fields, b"", body])


def chunked(body):
    return post(b"Transfer-Encoding: chunked", body=body)


def dechunk(data):
    pieces = []
    while True:
        size, data = data.split(b"\r\n", 1)
        if int(size, 16) == 0:
            return b"".join(pieces), data[2:]
        pieces.append(data[: int(size, 16)])
        data = data[int(size, 16) + 2 :]
