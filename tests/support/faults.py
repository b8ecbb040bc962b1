"""A proxy on loopback that does to HTTP what bad networks and overloaded servers do."""

import contextlib
import http.client
import http.server
import ssl
import threading
import time

BLOCK = 64 << 10


class Faults:
    """Forwards to a server. `plan` is called with (method, path, number of the request) and names
    what happens to the request:

    None            it is passed on
    "cut:N"         the answer's body ends after N bytes and the connection with it
    "reset"         the connection ends without an answer; the server never sees the request
    "lost"          the server does it, the answer is lost
    "hang:S"        nothing happens for S seconds, then the connection ends
    "short:N"       Content-Length says N bytes less than the body has
    "status:N:CODE" an S3 error of this status
    "shift:N"       a ranged read begins N bytes later than asked for
    """

    def __init__(self, port, plan=lambda method, path, number: None, certificate=None):
        """`certificate`: paths of a certificate and its key, for HTTPS."""
        self.upstream, self.plan = port, plan
        self.seen, self.lock = [], threading.Lock()
        faults = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def handle_one_request(self):
                with contextlib.suppress(ConnectionError):
                    super().handle_one_request()

            def do_GET(self):
                faults.handle(self)

            do_PUT = do_POST = do_DELETE = do_HEAD = do_GET

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def handle(self, request):
        body = request.rfile.read(int(request.headers.get("content-length") or 0))
        with self.lock:
            number = len(self.seen)
            what = self.plan(request.command, request.path, number) or "pass"
            self.seen.append((request.command, request.path, what))
        kind, _, rest = what.partition(":")
        if kind == "hang":
            time.sleep(float(rest))
        if kind in ("reset", "hang"):
            request.close_connection = True
            request.connection.close()
        elif kind == "status":
            self.refuse(request, *rest.split(":"))
        else:
            self.forward(request, body, kind, rest)

    @staticmethod
    def refuse(request, status, code):
        body = f"<Error><Code>{code}</Code><Message>a fault</Message></Error>".encode()
        request.send_response(int(status))
        request.send_header("Content-Length", len(body))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(body)

    def forward(self, request, body, kind, rest):
        headers = {n.lower(): v for n, v in request.headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=60)
        with contextlib.closing(connection):
            connection.request(request.command, request.path, body or None, headers)
            answer = connection.getresponse()
            content = answer.read()
        if kind == "lost":
            request.close_connection = True
            request.connection.close()
            return
        request.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() == "content-range" and kind == "shift":
                begin, _, end = value.removeprefix("bytes ").partition("-")
                value = f"bytes {int(begin) + int(rest)}-{end}"
            if name.lower() == "content-length" and kind == "short" and content:
                value = str(max(0, int(value) - int(rest)))
                content = content[: int(value)]
            if name.lower() not in ("transfer-encoding", "connection"):
                request.send_header(name, value)
        request.end_headers()
        if kind == "cut" and len(content) > int(rest):
            request.wfile.write(content[: int(rest)])
            request.close_connection = True
            request.connection.close()
        else:
            request.wfile.write(content)
