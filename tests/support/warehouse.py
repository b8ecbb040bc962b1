"""The database that a test works on. By default it is muster's own, in the test's folder; with
MUSTER_TEST_POSTGRES=URL in the environment it is a new one of that PostgreSQL for each folder, so
that a restart in the same folder finds it again. The URL's role must be allowed to make
databases."""

import hashlib
import os
import subprocess

SERVER = os.environ.get("MUSTER_TEST_POSTGRES")
made = set()


def database_of(folder):
    """The URL of the folder's database, which is made if it is not there."""
    name = "f_" + hashlib.sha256(str(folder).encode()).hexdigest()[:20]
    if name not in made:
        there = psql(SERVER, f"SELECT 1 FROM pg_database WHERE datname = '{name}'")
        if not there:
            psql(SERVER, f"CREATE DATABASE {name}")
        made.add(name)
    return SERVER.rsplit("/", 1)[0] + "/" + name


def psql(url, sql):
    """The rows of the last statement as lines, their values separated by '|'."""
    done = subprocess.run(
        ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", url],
        input=sql, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done
    return done.stdout.splitlines()


def settings(folder):
    """What the environment of muster in this folder says of its warehouse."""
    return {"MUSTER_WAREHOUSE": database_of(folder)} if SERVER else {}


def as_text(column):
    """SQL of a column's value as DuckDB writes it."""
    text, kind = f'CAST("{column["name"]}" AS VARCHAR)', column["type"].replace(" ", "")
    if SERVER and kind == "double":
        return f"regexp_replace({text}, '^(-?[0-9]+)$', '\\1.0')"
    if SERVER and kind.startswith("decimal") and len(set(kind[8:-1].split(","))) == 1:
        return f"regexp_replace({text}, '^(-?)0[.]', '\\1.')"
    return text
