"""The database that a test works on. By default it is muster's own, in the test's folder; with
MUSTER_TEST_POSTGRES=URL in the environment it is a new one of that PostgreSQL for each folder, so
that a restart in the same folder finds it again. The URL's role must be allowed to make
databases.

With MUSTER_TEST_REDSHIFT=URL too, that of the stand-in before the same PostgreSQL, the tables are
in the stand-in, clean objects and backups in MUSTER_TEST_LAKE=s3://BUCKET, and users and tokens in
a database of the PostgreSQL. Catalogs are those of the tests, with the sections that say so at
their end. MUSTER_TEST_LAKE_FOLDER is where the S3 server keeps that bucket."""

import functools
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

SERVER = os.environ.get("MUSTER_TEST_POSTGRES")
REDSHIFT = os.environ.get("MUSTER_TEST_REDSHIFT")
LAKE = os.environ.get("MUSTER_TEST_LAKE")
LAKE_FOLDER = os.environ.get("MUSTER_TEST_LAKE_FOLDER")
HIRING = pathlib.Path(__file__).resolve().parents[2] / "catalogs" / "hiring"
PLACES = {
    "clean": "${TEST_LAKE}/clean", "backups": "${TEST_LAKE}/backups", "state": "${TEST_STATE}",
}  # fmt: skip
# What leaves a database as it was made, but for tables that every muster makes there.
EMPTIED = "DROP SCHEMA IF EXISTS muster CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public"
EMPTIED_STATE = """
    DO $$ DECLARE one text; BEGIN
        FOR one IN SELECT tablename FROM pg_tables
            WHERE schemaname = 'muster' AND tablename <> 'schema_version'
        LOOP EXECUTE 'DELETE FROM muster.' || quote_ident(one); END LOOP;
    END $$
"""
databases = {}  # by what they are for and the folder
free = {"f_": [], "state_": []}  # those of folders that are gone


def name_of(folder):
    return hashlib.sha256(str(folder).encode()).hexdigest()[:20]


def url_of(database):
    return SERVER.rsplit("/", 1)[0] + "/" + database


def database_of(folder, kind="f_"):
    """The URL of the folder's database, which is made if it is not there."""
    key = kind, str(folder)
    if key not in databases:
        if not free[kind]:
            name = kind + hashlib.sha256(f"{os.getpid()} {folder}".encode()).hexdigest()[:20]
            psql(SERVER, f"CREATE DATABASE {name}")
            free[kind].append(name)
        databases[key] = free[kind].pop()
    return url_of(databases[key])


def give_back(folder):
    """Empties the databases of a folder that is done with: to make one takes far longer."""
    for kind, emptied in (("f_", EMPTIED), ("state_", EMPTIED_STATE)):
        name = databases.pop((kind, str(folder)), None)
        if name:
            psql(url_of(name), emptied)
            free[kind].append(name)


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
    if not SERVER:
        return {}
    url = database_of(folder)
    if not REDSHIFT:
        return {"MUSTER_WAREHOUSE": url}
    # The test server removes folders that are empty, which others may be writing into.
    kept = pathlib.Path(LAKE_FOLDER) / name_of(folder) / "clean" / "muster-staging" / "kept"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.touch()
    return {
        "MUSTER_WAREHOUSE": REDSHIFT.rsplit("/", 1)[0] + "/" + url.rsplit("/", 1)[1],
        "TEST_LAKE": f"{LAKE}/{name_of(folder)}",
        "TEST_STATE": database_of(folder, "state_"),
    }


def with_places(text):
    """A catalog that says where Redshift's objects and users are; what it says itself stays."""
    for section, url in PLACES.items():
        line = f'url = "{url}"\n'
        found = re.search(rf"(?m)^\[{section}\]\n", text)
        if found is None:
            text = text.rstrip("\n") + f"\n\n[{section}]\n{line}"
        elif not re.match(r"(?:[^\[\n].*\n)*url = ", text[found.end() :]):
            text = text[: found.end()] + line + text[found.end() :]
    return text


@functools.cache
def hiring():
    """A copy of the catalog that is built in, with the places of Redshift."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-hiring."))
    shutil.copytree(HIRING, folder, dirs_exist_ok=True)
    file = folder / "muster.toml"
    file.write_text(with_places(file.read_text()))
    return file


def catalog(file):
    """The catalog to use instead of that file, which may be the same one, completed."""
    file = pathlib.Path(file)
    if not REDSHIFT or not file.exists():
        return file
    if file.parent == HIRING:
        return hiring()
    text = file.read_text()
    if "[warehouse]" not in text and with_places(text) != text:
        file.write_text(with_places(text))
    return file


def prepared(folder):
    """More of the environment, for a muster that looks for its catalog in the folder."""
    folder = pathlib.Path(folder)
    if catalog(folder / "muster.toml").exists() or not REDSHIFT:
        return {}
    return {
        "MUSTER_CONFIG": str(hiring()),
        "MUSTER_SOURCE": str(folder / "data"),
        "MUSTER_DATA_DIR": str(folder / "muster-data"),
    }


def backups(folder, local):
    """Where the backups of muster in this folder lie on disk; `local` without S3."""
    if not REDSHIFT:
        return local
    return pathlib.Path(LAKE_FOLDER) / name_of(folder) / "backups"


def as_text(column):
    """SQL of a column's value as DuckDB writes it."""
    text, kind = f'CAST("{column["name"]}" AS VARCHAR)', column["type"].replace(" ", "")
    if SERVER and kind == "double":
        return f"CASE WHEN {text} ~ '^-?[0-9]+$' THEN {text} || '.0' ELSE {text} END"
    if SERVER and kind.startswith("decimal") and len(set(kind[8:-1].split(","))) == 1:
        short = f"WHEN {text} LIKE '0.%' THEN SUBSTRING({text}, 2)"
        negative = f"WHEN {text} LIKE '-0.%' THEN '-' || SUBSTRING({text}, 3)"
        return f"CASE {short} {negative} ELSE {text} END"
    return text
