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
    for _ in range(5000):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.002)
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


def quantile(times, share):
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def timed(connection, method, path, token, body=None, prefer=None):
    """Milliseconds until the whole answer is here, and the answer."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    if prefer:
        headers["Prefer"] = prefer
    start = time.perf_counter()
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    text = response.read()
    taken = (time.perf_counter() - start) * 1e3
    if response.status >= 300:
        raise SystemExit(f"{method} {path}: {response.status} {text[:500]}")
    return taken, response, text


def upserts(muster, rows):
    """1,000 existing keys, spread over the table, each with a value of its own."""
    with muster.serve():
        token = muster.token()
        connection = http.client.HTTPConnection("127.0.0.1", muster.port)
        times = []
        for attempt in range(5):
            keys = range(1 + attempt, rows, rows // 1000)
            people = [
                {"id": key, "name": f"Grace {attempt}", "datetime_": "2021-11-07T02:48:42Z",
                 "department_id": 1, "job_id": 1}
                for key in list(keys)[:1000]
            ]  # fmt: skip
            taken, _, text = timed(connection, "POST", "/hiredemployees", token,
                                   json.dumps(people), "resolution=merge-duplicates")  # fmt: skip
            if json.loads(text)["updated"] != 1000:
                raise SystemExit(f"the upsert did not update every row: {text}")
            times.append(taken)
    row(f"upsert of 1,000 keys in {rows:,} rows", f"{min(times):.0f} ms", "", "", "",
        f"slowest of 5: {max(times):.0f} ms")  # fmt: skip


def pages(muster, rows):
    """The first pages of 100 rows against pages deep in the table."""
    with muster.serve():
        token = muster.token()
        connection = http.client.HTTPConnection("127.0.0.1", muster.port)

        def walk(path, steps):
            times = []
            for _ in range(steps):
                taken, response, _ = timed(connection, "GET", path, token)
                times.append(taken)
                path = response.getheader("Link").split(";")[0].strip("<>")
            return quantile(times, 0.5), path

        first, path = walk("/hiredemployees?limit=100", 100)
        _, path = walk("/hiredemployees?limit=1000", rows * 8 // 10 // 1000)
        deep, _ = walk(path.replace("limit=1000", "limit=100"), 100)
    row(f"a page of 100 rows, deep in {rows:,}", f"{deep:.1f} ms", "the first pages",
        f"{first:.1f} ms", f"{first / deep:.2f}", "median")  # fmt: skip


def backups(muster, rows):
    """A verified backup, as Parquet and Avro, of a table of the size of the real one."""
    with muster.serve():
        token = muster.token()
        connection = http.client.HTTPConnection("127.0.0.1", muster.port)
        times = []
        for _ in range(10):
            taken, _, text = timed(connection, "POST", "/hiredemployees/backup", token, "")
            if json.loads(text)["rows"] != rows:
                raise SystemExit(f"the backup does not hold every row: {text}")
            times.append(taken)
    row(f"backup of {rows:,} rows", f"{quantile(times, 0.5):.0f} ms", "", "", "",
        f"median; slowest of 10: {max(times):.0f} ms")  # fmt: skip


def reads_during_a_run(muster):
    """p99 of one row by its key, alone and while every file is loaded again."""
    with muster.serve():
        token = muster.token()
        connection = http.client.HTTPConnection("127.0.0.1", muster.port)

        def reads(until):
            times = []
            while not until():
                times.append(timed(connection, "GET", "/hiredemployees/1", token)[0])
            return quantile(times, 0.99)

        end = time.monotonic() + SECONDS
        idle = reads(lambda: time.monotonic() >= end)
        started = json.loads(timed(connection, "POST", "/runs", token, '{"force": true}')[2])
        watcher = http.client.HTTPConnection("127.0.0.1", muster.port)

        def over():
            text = timed(watcher, "GET", f"/runs/{started['run_id']}", token)[2]
            return json.loads(text)["status"] != "running"

        busy = reads(over)
    row("p99 of reads while a run goes on", f"{busy:.1f} ms", "idle", f"{idle:.1f} ms",
        f"{idle / busy:.2f}", "")  # fmt: skip


def ready(muster):
    times = []
    for _ in range(5):
        start = time.perf_counter()
        with muster.serve():
            while True:
                with contextlib.suppress(OSError):
                    if muster.call("GET", "/readyz")[0] == 200:
                        break
                time.sleep(0.002)
            times.append((time.perf_counter() - start) * 1e3)
    row("start to /readyz", f"{min(times):.0f} ms", "", "", "", "on this database")


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
    ready(muster)
    reports(muster, options.work)
    pages(muster, options.rows)
    backups(Muster(options.build / "muster", options.work / "small", 1999, generator), 1999)
    upserts(muster, options.rows)
    reads_during_a_run(muster)
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
