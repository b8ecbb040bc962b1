"""A proxy on loopback before a PostgreSQL, which cuts a connection at a statement or a message."""

import socket
import threading

# Messages of a client that end a statement: a query, the end of a statement with parameters, and
# the end of rows sent by COPY.
STATEMENTS = b"QSc"
UNENCRYPTED = b"N"
SSL_REQUEST = 80877103


class Listener:
    """Takes connections; `serve(client)` has each on a thread of its own."""

    def __init__(self):
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()


class Proxy(Listener):
    """Counts statements over all connections; at number `cut` (from 1) the connection is cut:
    `before` the statement reaches the server, or after, before its answer is passed on.

    With `messages` what is counted is every message of the "client" or of the "server" instead."""

    def __init__(self, port, cut=0, before=True, messages=None):
        self.server, self.cut, self.before, self.messages = port, cut, before, messages
        self.statements = 0
        super().__init__()

    def due(self):
        with self.lock:
            self.statements += 1
            return self.statements == self.cut

    def serve(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.server))
        except OSError:
            client.close()
            return
        passing = self.answers if self.messages == "server" else answers
        threading.Thread(target=passing, args=(server, client), daemon=True).start()
        try:
            self.pass_on(client, server)
        except (OSError, EOFError):
            pass
        finally:
            close(server)
            close(client)

    def pass_on(self, client, server):
        startup = read_startup(client)
        if startup is None:
            return
        server.sendall(startup)
        while True:
            kind, message = read_message(client)
            counted = self.messages == "client" or (not self.messages and kind in STATEMENTS)
            cut = counted and self.due()
            if cut and not self.before:
                close(client)  # nobody hears the answer
            if not (cut and self.before):
                server.sendall(message)
            if cut:
                # What was sent last is at work there, while the client is gone.
                if not self.before:
                    threading.Event().wait(0.1)
                return

    def answers(self, server, client):
        """Message by message; at the one that is due, before it or after it, both ends are cut."""
        try:
            while True:
                _, message = read_message(server)
                cut = self.due()
                if not (cut and self.before):
                    client.sendall(message)
                if cut:
                    break
        except (OSError, EOFError):
            pass
        close(server)
        close(client)


def read_message(connection):
    """Its kind, and all of it."""
    kind = read(connection, 1)
    length = read(connection, 4)
    return kind, kind + length + read(connection, int.from_bytes(length, "big") - 4)


def read(connection, count):
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def read_startup(client):
    """The first message, after a request for encryption, which is refused, or a cancel."""
    while True:
        length = read(client, 4)
        rest = read(client, int.from_bytes(length, "big") - 4)
        if int.from_bytes(rest[:4], "big") != SSL_REQUEST:
            return length + rest
        client.sendall(UNENCRYPTED)


def close(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()


def answers(server, client):
    try:
        while data := server.recv(1 << 16):
            client.sendall(data)
    except OSError:
        pass
    close(client)
