"""Wrong settings of PostgreSQL: each is named, with its exit code, and no password is shown."""

import re
import urllib.parse

import pytest
from postgres import PASSWORD, Postgres
from postgres_loads import Loaded
from program import generate


@pytest.fixture(scope="module")
def postgres():
    server = Postgres().start()
    yield server
    server.end()


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (lambda url: url.replace("not%20a%20secret", "wrong"), 2, "password authentication failed"),
        (lambda url: url.rsplit("/", 1)[0] + "/nowhere", 2, 'database "nowhere" does not exist'),
        (lambda url: url.replace("//muster:", "//nobody:"), 2, "nobody"),
        (lambda url: re.sub(r":\d+/", ":1/", url), 1, "127.0.0.1:1"),
        (lambda url: url.replace("127.0.0.1", "no-such-host.invalid"), 1, "no-such-host.invalid"),
        (lambda url: url + "?sslmode=require", 2, "does not support SSL"),
        (lambda url: url.replace("muster:", "muster:p@ss/"), 2, "cannot be read"),
        (lambda url: url.replace("postgresql:", "mysql:"), 2, "no warehouse of this kind"),
    ],
    ids=["password", "database", "user", "port", "host", "ssl", "unescaped", "kind"],
)
def test_a_wrong_setting_is_named(postgres, tmp_path, change, code, words):
    muster = Loaded(postgres, tmp_path, url=change(postgres.url()))
    muster.source.mkdir()
    done = muster("query", "SELECT 1", code=code)
    assert words in done.stderr, done.stderr
    for secret in (PASSWORD, urllib.parse.quote(PASSWORD), "loopback only", "p@ss", "ss/"):
        assert secret not in done.stdout + done.stderr


def test_a_database_that_cannot_hold_every_text_is_refused(postgres, tmp_path):
    postgres.psql(
        "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    muster = Loaded(postgres, tmp_path, url=postgres.url("latin"))
    muster.source.mkdir()
    assert "LATIN1" in muster("query", "SELECT 1", code=1).stderr


def test_a_role_without_rights_is_told_what_it_lacks(postgres, tmp_path):
    postgres.psql(f"CREATE ROLE poor LOGIN PASSWORD '{PASSWORD}'")
    url = postgres.database().replace("//muster:", "//poor:")
    muster = Loaded(postgres, tmp_path, url=url)
    muster.source.mkdir()
    said = muster("query", "SELECT 1", code=1).stderr
    assert "permission denied" in said and "docs/postgresql.md" in said


def test_doctor_names_the_server_and_no_password(postgres, tmp_path):
    muster = Loaded(postgres, tmp_path)
    generate(muster.source, 10)
    done = muster("doctor")
    assert "127.0.0.1" in done.stdout and PASSWORD not in done.stdout
    assert urllib.parse.quote(PASSWORD) not in done.stdout
