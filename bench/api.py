#!/usr/bin/env python3
"""Loads the REST API side by side with what a user might run instead; prints ratios.

The server has one core, the load the other. An answer that is no 2xx ends the bench. Bounded in
time. Needs wrk, nginx and PostgreSQL (bench/prepare.sh installs them).
"""

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SECONDS = 5
INSERT_LUA = """
local first, batch, token, path = {first}, {batch}, "{token}", "{path}"
local thread_count = 0
function setup(thread) thread:set("number", thread_count); thread_count = thread_count + 1 end
function init(args) next_id = first + number * 100000000 end
function request()
  local rows = {{}}
  for i = 1, batch do
    rows[i] = '{{"id":' .. next_id ..
      ',"name":"Ada Lovelace","datetime_":"2021-11-07T02:48:42Z",' ..
      '"department_id":' .. (next_id % 12 + 1) .. ',"job_id":' .. (next_id % 20 + 1) .. '}}'
    next_id = next_id + 1
  end
  local headers = {{["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. token}}
  return wrk.format("POST", path, headers, "[" .. table.concat(rows, ",") .. "]")
end
"""


def wrk(url, *options, connections):
    command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency"]
    text = subprocess.check_output([*command, *options, url], text=True)
    if re.search(r"Non-2xx|Socket errors", text):
        raise SystemExit(f"{url}: not every request succeeded\n{text}")
    unit = {"us": 1e-3, "ms": 1, "s": 1e3}
    value, scale = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    return rate, float(value) * unit[scale]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise SystemExit(f"nothing listens on port {port}")


@contextlib.contextmanager
def running(command, port, **options):
    command = ["taskset", "-c", "0", *map(str, command)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, **options)
    try:
        wait_for(port)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


class Muster:
    def __init__(self, program, folder, rows, generator):
        self.folder, self.port = folder, free_port()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        subprocess.run([generator, "--rows", str(rows), "--out", folder / "data"], check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        config = (ROOT / "catalogs/hiring/muster.toml").read_text()
        (folder / "muster.toml").write_text(config + "\n[api]\nrequests_per_minute = 0\n")
        shutil.copytree(ROOT / "catalogs/hiring/reports", folder / "reports")
        subprocess.run([program, "run", "--quiet"], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        self.command = [program, "serve", "--quiet", "--listen", f"127.0.0.1:{self.port}"]

    def serve(self):
        log = open(self.folder / "log", "ab")
        return running(self.command, self.port, cwd=self.folder, stderr=log)

    def call(self, method, path, body=None, token=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        connection.request(method, path, json.dumps(body) if body else None, headers)
        response = connection.getresponse()
        return response.status, response.read()

    def token(self):
        user = {"username": "bench", "password": "correct horse battery"}
        self.call("POST", "/register", user)
        return json.loads(self.call("POST", "/login", user)[1])["access_token"]

    def metric(self, token, name):
        text = self.call("GET", "/metrics", token=token)[1].decode()
        return float(re.search(rf"^{name} (\S+)$", text, re.M).group(1))

    def resident_mib(self, process):
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024


def row(*cells):
    print("|", " | ".join(str(cell) for cell in cells), "|", flush=True)


def nginx(work, body):
    """The same bytes as a static file, by nginx with one worker."""
    folder, port = work / "nginx", free_port()
    folder.mkdir(exist_ok=True)
    (folder / "qtrlyhired").write_bytes(body)
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;\n"
        "events { worker_connections 1024; }\n"
        "http { access_log off; sendfile on; keepalive_requests 1000000;\n"
        f"server {{ listen 127.0.0.1:{port}; root {folder}; default_type application/json; }} }}\n"
    )
    command = ["nginx", "-p", folder, "-c", folder / "nginx.conf"]
    return running(command, port, stderr=subprocess.DEVNULL), port


def reports(muster, work):
    with muster.serve() as process:
        token = muster.token()
        status, body = muster.call("GET", "/qtrlyhired", token=token)
        assert status == 200
        idle = muster.resident_mib(process)
        url = f"http://127.0.0.1:{muster.port}/qtrlyhired"
        ours, our_p99 = wrk(url, "-H", f"Authorization: Bearer {token}", connections=32)
    other, port = nginx(work, body)
    with other:
        theirs, their_p99 = wrk(f"http://127.0.0.1:{port}/qtrlyhired", connections=32)
    row("cached report, 32 connections", f"{ours:.0f}/s", "nginx, static file", f"{theirs:.0f}/s",
        f"{ours / theirs:.2f}", f"p99 {our_p99:.1f} ms against {their_p99:.1f} ms")  # fmt: skip
    row("memory before the load", f"{idle:.0f} MiB", "", "", "", "")


def inserts(muster, work, batch, connections, rows):
    script = work / "insert.lua"
    with muster.serve():
        token = muster.token()
        commits = muster.metric(token, "muster_insert_commits_total")
        requests = muster.metric(token, "muster_insert_requests_total")
        script.write_text(INSERT_LUA.format(
            first=rows + 1 + batch * 10_000_000, batch=batch, token=token, path="/hiredemployees"
        ))  # fmt: skip
        url = f"http://127.0.0.1:{muster.port}"
        rate, p99 = wrk(url, "-s", str(script), connections=connections)
        requests = muster.metric(token, "muster_insert_requests_total") - requests
        commits = muster.metric(token, "muster_insert_commits_total") - commits
    return rate, p99, requests / commits


def postgres(work):
    """A cluster of its own on loopback, as an unprivileged user where we are root."""
    binaries = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
    data, port = work / "postgres", free_port()
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir()
    user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    if user:
        shutil.chown(data, "postgres")
        work.chmod(0o755)
    subprocess.run([*user, binaries / "initdb", "-D", data, "-A", "trust", "-U", "postgres"],
                   check=True, stdout=subprocess.DEVNULL)  # fmt: skip
    options = ["-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", data]
    return running([*user, binaries / "postgres", *options], port, stderr=subprocess.DEVNULL), port


def fastapi(work, connections):
    import psycopg

    sys.path.insert(0, str(ROOT / "bench" / "peers"))
    database, database_port = postgres(work)
    with database:
        dsn = f"host=127.0.0.1 port={database_port} user=postgres"
        for _ in range(100):
            with contextlib.suppress(psycopg.OperationalError):
                connection = psycopg.connect(dsn, autocommit=True)
                break
            time.sleep(0.1)
        import fastapi_service

        connection.execute(fastapi_service.SCHEMA)
        port = free_port()
        command = [sys.executable, "-m", "uvicorn", "fastapi_service:app", "--port", str(port),
                   "--no-access-log", "--workers", "2"]  # fmt: skip
        environment = os.environ | {"DSN": dsn}
        with running(command, port, cwd=ROOT / "bench" / "peers", env=environment,
                     stderr=subprocess.DEVNULL):  # fmt: skip
            time.sleep(2)
            script = work / "insert.lua"
            script.write_text(INSERT_LUA.format(
                first=1, batch=1000, token="", path="/hiredemployees"
            ))  # fmt: skip
            rate, p99 = wrk(f"http://127.0.0.1:{port}", "-s", str(script), connections=connections)
    return rate, p99


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--build", default=ROOT / "build/release", type=pathlib.Path)
    parser.add_argument("--work", default=ROOT / "build/bench/api", type=pathlib.Path)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    generator = options.build / "tools/generate_hiring"
    muster = Muster(options.build / "muster", options.work / "muster", options.rows, generator)
    row("scenario", "muster", "other", "other's", "ratio", "note")
    row("---", "---", "---", "---", "---", "---")
    reports(muster, options.work)
    rate, p99, shared = inserts(muster, options.work, 1, 32, options.rows)
    row(f"single rows, 32 clients, into {options.rows:,}", f"{rate:.0f}/s", "", "", "",
        f"p99 {p99:.1f} ms, {shared:.1f} requests per commit")  # fmt: skip
    rate, p99, _ = inserts(muster, options.work, 1000, 8, options.rows)
    other, other_p99 = fastapi(options.work, 8)
    row("1000 rows a request, 8 clients", f"{rate:.1f}/s", "FastAPI, PostgreSQL COPY",
        f"{other:.1f}/s", f"{rate / other:.2f}",
        f"p99 {p99:.0f} ms against {other_p99:.0f} ms")  # fmt: skip


if __name__ == "__main__":
    main()
