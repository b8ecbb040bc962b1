"""Loads into PostgreSQL on loopback, against SQL of an expert, dlt and sling; backups and restores
against COPY. Each side works in a database of its own, made anew from a template before each run;
every table is compared with the expert's in the end."""

import dataclasses
import json
import pathlib
import shutil
import subprocess
import sys

import psycopg

ROOT = pathlib.Path(__file__).resolve().parent.parent
# The same server for all sides. Nothing is taken from durability.
SETTINGS = (
    "shared_buffers=2GB", "work_mem=64MB", "maintenance_work_mem=512MB", "max_wal_size=16GB",
    "checkpoint_timeout=30min", "autovacuum=off",
)  # fmt: skip
ROLE = "bench"
SIDES = ("muster", "expert", "dlt", "sling")
NAMES = {"expert": "COPY, INSERT .. ON CONFLICT", "dlt": "dlt", "sling": "sling"}
COLUMNS = ("id", "name", "datetime_", "department_id", "job_id")
# Of dlt's own naming.
DLT_COLUMNS = ("id", "name", "datetimex", "department_id", "job_id")
CHECKSUM = (
    "SELECT count(*), sum(hashtextextended(concat_ws('|', {0}, coalesce({1}, '-'), {2}, {3}, {4}),"
    " 0)::numeric)::text FROM {5}"
)
TABLE = (
    'CREATE TABLE hired_employees (id bigint PRIMARY KEY, name text COLLATE "C",'
    " datetime_ timestamp, department_id bigint, job_id bigint)"
)


class Server:
    def __init__(self, postgres):
        self.postgres = postgres
        postgres.settings += SETTINGS
        postgres.start()
        postgres.psql(f"CREATE ROLE {ROLE} SUPERUSER LOGIN PASSWORD '{ROLE}'")

    def url(self, database="postgres"):
        port = self.postgres.port
        return f"postgresql://{ROLE}:{ROLE}@127.0.0.1:{port}/{database}?sslmode=disable"

    def ask(self, sql, database="postgres"):
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchone() if cursor.description else None

    def renew(self, database, template):
        """The database anew, as the template is; what is dirty is written before, not during a
        measurement."""
        self.ask(f"DROP DATABASE IF EXISTS {database}")
        self.ask(f"CREATE DATABASE {database} TEMPLATE {template} STRATEGY file_copy")
        self.ask("CHECKPOINT")


class Side:
    """A loader with its database and the folder of its state."""

    def __init__(self, name, bench, server):
        self.name, self.bench, self.server = name, bench, server
        self.folder = bench.work / f"postgres-{name}"
        self.base = bench.work / f"postgres-{name}-base"
        replace(None, self.folder)
        server.renew(f"{name}_base", "template0")
        replace(None, self.base)
        if name == "sling":  # it would make its columns nullable texts without a key
            server.ask(TABLE, f"{name}_base")

    def prepare(self):
        self.server.renew(self.name, f"{self.name}_base")
        replace(self.base, self.folder)

    def keep(self):
        """What the last run left is what the next scenarios begin with, with the same key in every
        table: dlt makes none."""
        if self.name == "dlt":
            self.server.ask("ALTER TABLE hiring.hired_employees ADD PRIMARY KEY (id)", self.name)
        self.server.renew(f"{self.name}_base", self.name)
        replace(self.folder, self.base)

    def command(self, source, file):
        url = self.server.url(self.name)
        if self.name == "muster":
            return self.bench.muster(self.folder, source, "--warehouse", url, "run", "--json")
        script = {"expert": "load_postgres.py", "dlt": "load_dlt.py", "sling": "load_sling.py"}
        if self.name == "sling":
            file = with_header(file, self.bench.work / "with-header.csv")
        return self.bench.peer(script[self.name], url, file, self.folder)

    def content(self):
        columns = DLT_COLUMNS if self.name == "dlt" else COLUMNS
        table = "hiring.hired_employees" if self.name == "dlt" else "hired_employees"
        return self.server.ask(CHECKSUM.format(*columns, table), self.name)


def with_header(file, copy):
    """The file as sling needs it."""
    with open(file, "rb") as source, open(copy, "wb") as target:
        target.write((",".join(COLUMNS) + "\n").encode())
        shutil.copyfileobj(source, target)
    return copy


def replace(base, copy):
    shutil.rmtree(copy, ignore_errors=True)
    if base is None:
        copy.mkdir()
    else:
        shutil.copytree(base, copy)


def loads(bench, sides, equal, changed_records):
    rows = bench.options.rows
    options = ("--dirty", "0", "--keys", bench.options.keys)
    first, _ = bench.source(rows, *options)
    every, _ = bench.source(rows, *options, "--changed", 1)
    small = first / "hired_employees_2.csv"
    records = changed_records(every, rows)
    scenarios = [
        (f"first load, {rows:,} rows", first, first / "hired_employees.csv", rows),
        (f"all changed, {rows:,} rows", every, every / "hired_employees.csv", rows),
        (f"a file of {len(records):,} changed into {rows:,} rows", first, small, len(records)),
    ]
    for number, (name, source, file, count) in enumerate(scenarios):
        small.unlink(missing_ok=True)
        if file == small:
            small.write_bytes(b"".join(records))
        try:
            runs = bench.best(*((s.prepare, s.command(source, file), (0,)) for s in sides))
        finally:
            small.unlink(missing_ok=True)
        table = {t["table"]: t for t in runs[0].json()["tables"]}["hired_employees"]
        equal(f"muster's count, {name}", table["updated" if number else "inserted"], count)
        wanted = sides[1].content()
        equal(f"rows, {name}", wanted[0], rows)
        for side, run in zip(sides, runs, strict=True):
            equal(f"table of {side.name}, {name}", side.content(), wanted)
            if side.name in NAMES:
                bench.row(f"PostgreSQL: {name}", NAMES[side.name], runs[0], run)
        if number == 0:
            for side in sides:
                side.keep()


def backups(bench, muster, server, equal):
    """Of what the first load left; restores by their own clocks, without the safety backup."""
    rows = bench.options.rows
    source, _ = bench.source(rows, "--dirty", "0", "--keys", bench.options.keys)
    url = server.url(muster.name)
    muster.prepare()
    ours = bench.muster(muster.folder, source, "--warehouse", url, "backup")
    saved = bench.work / "copy.binary"
    mine, its = bench.best(
        (lambda: None, [*ours, "create", "hired_employees", "--formats", "parquet"], (0,)),
        (lambda: None, bench.peer("copy_postgres.py", "save", url, saved), (0,)),
    )
    bench.row(f"PostgreSQL: backup parquet, {rows:,} rows", "COPY TO, binary", mine, its)
    listed = [*ours, "list", "hired_employees", "--json"]
    name = json.loads(subprocess.check_output([str(c) for c in listed], text=True))[0]
    equal("rows saved", name["rows"], rows)
    mine, its = bench.best(
        (lambda: None, [*ours, "restore", name["backup_name"], "--json"], (0,)),
        (lambda: None, bench.peer("copy_postgres.py", "load", url, saved), (0,)),
    )
    equal("rows restored", mine.json()["rows"], its.json()["rows"])
    bench.row(
        f"PostgreSQL: restore, {rows:,} rows",
        "COPY FROM, binary",
        dataclasses.replace(mine, seconds=mine.json()["restored_ms"] / 1e3),
        dataclasses.replace(its, seconds=its.json()["seconds"]),
        note=f"writers waited {mine.json()['gate_ms']:.0f} ms",
    )
    saved.unlink()


def compare(bench, equal, changed_records):
    sys.path.append(str(ROOT / "tests" / "support"))
    from postgres import Postgres

    postgres = Postgres(fast=False)
    try:
        server = Server(postgres)
        sides = [Side(name, bench, server) for name in SIDES]
        loads(bench, sides, equal, changed_records)
        backups(bench, sides[0], server, equal)
        (bench.work / "with-header.csv").unlink()
        for side in sides:
            shutil.rmtree(side.folder)
            shutil.rmtree(side.base)
    finally:
        postgres.end()
