"""A pooler on loopback before a PostgreSQL, which gives a server connection to a client for the
time of a transaction, as PgBouncer does with pool_mode = transaction. The role must need no
password."""

import socket

from postgres_proxy import Listener, close, read_message, read_startup

END_OF_REQUEST = b"QS"  # a query, and Sync
READY, IDLE, TERMINATE = b"Z", b"I", b"X"


class Pooler(Listener):
    def __init__(self, port):
        self.server = port
        self.free = []  # the one that was given back last is taken first
        super().__init__()

    def __exit__(self, *failure):
        super().__exit__(*failure)
        for server, _ in self.free:
            close(server)

    def take(self, startup):
        """A connection to the server, and what it said when it was made."""
        with self.lock:
            if self.free:
                return self.free.pop()
        server = socket.create_connection(("127.0.0.1", self.server))
        server.sendall(startup)
        said, kind = b"", b""
        while kind != READY:
            kind, message = read_message(server)
            said += message
        return server, said

    def give_back(self, taken):
        with self.lock:
            self.free.append(taken)

    def serve(self, client):
        try:
            startup = read_startup(client)
            taken = self.take(startup)
            client.sendall(taken[1])
            self.give_back(taken)
            while self.transaction(client, startup):
                pass
        except (OSError, EOFError):
            pass
        finally:
            close(client)

    def transaction(self, client, startup):
        """Passes on what belongs to one; false if the client leaves."""
        kind, request = read_message(client)
        if kind == TERMINATE:
            return False
        taken = self.take(startup)
        server = taken[0]
        status = b""
        while status != IDLE:
            server.sendall(request)
            while kind not in END_OF_REQUEST:
                kind, request = read_message(client)
                server.sendall(request)
            answer = b""
            while answer != READY:
                answer, message = read_message(server)
                client.sendall(message)
            status = message[-1:]
            if status != IDLE:
                kind, request = read_message(client)
        self.give_back(taken)
        return True
