"""Wrong settings of PostgreSQL: each is named, with its exit code, and no password is shown."""

import json
import re
import time
import urllib.parse

import pytest
from postgres import PASSWORD, name_of
from postgres_loads import Loaded


def role(name, options=f"PASSWORD '{PASSWORD}'"):
    return f"CREATE ROLE {name} LOGIN {options}"


def as_role(name):
    return lambda url: url.replace("//muster:", f"//{name}:")


# What is wrong with the URL or at the server, the exit code of cli.md, and what is said.
WRONG = {
    "password": ("", lambda url: url.replace("not%20a%20secret", "wrong"), 6,
                 "password authentication failed"),
    "no-password": ("", lambda url: re.sub(r":[^:/]+@", "@", url), 6, "no password supplied"),
    "unknown-role": ("", as_role("nobody"), 6, "nobody"),
    "expired": (role("old") + " VALID UNTIL '2020-01-01'", as_role("old"), 6,
                "password authentication failed"),
    "no-login": (role("locked").replace("LOGIN", "NOLOGIN"), as_role("locked"), 6,
                 "not permitted to log in"),
    "no-connect": (role("outside") + "; REVOKE CONNECT ON DATABASE {name} FROM PUBLIC",
                   as_role("outside"), 2, "permission denied for database"),
    "too-many": (role("many") + " CONNECTION LIMIT 0", as_role("many"), 1, "too many connections"),
    "database": ("", lambda url: url.rsplit("/", 1)[0] + "/nowhere", 2,
                 'database "nowhere" does not exist'),
    "port": ("", lambda url: re.sub(r":\d+/", ":1/", url), 1, "127.0.0.1:1"),
    "host": ("", lambda url: url.replace("127.0.0.1", "no-such-host.invalid"), 1,
             "no-such-host.invalid"),
    "ssl": ("", lambda url: url + "?sslmode=require", 2, "does not support SSL"),
    "unescaped": ("", lambda url: url.replace("muster:", "muster:p@ss/"), 2, "cannot be read"),
    "option": ("", lambda url: url + "?sslmood=require", 2, "cannot be read"),
    "kind": ("", lambda url: url.replace("postgresql:", "mysql:"), 2, "no warehouse of this kind"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_setting_is_named(postgres, tmp_path, what):
    sql, change, code, words = WRONG[what]
    url = postgres.database()
    if sql:
        postgres.psql(sql.replace("{name}", name_of(url)))
    muster = Loaded(postgres, tmp_path, url=change(url))
    muster.env = {name: value for name, value in muster.env.items() if name != "PGPASSWORD"}
    muster.env["HOME"] = str(tmp_path)  # without a ~/.pgpass
    muster.source.mkdir()
    done = muster("query", "SELECT 1", code=code)
    assert words in done.stderr, done.stderr
    for secret in (PASSWORD, urllib.parse.quote(PASSWORD), "loopback only", "p@ss", "ss/"):
        assert secret not in done.stdout + done.stderr
    said = json.loads(muster("query", "SELECT 1", "--json", code=code).stdout.splitlines()[-1])
    assert said["type"] == "error" and words in said["message"]
    assert (said["code"] == "authentication") == (code == 6)


def test_without_its_client_library_the_program_says_what_to_install(postgres, tmp_path):
    (tmp_path / "libpq.so.5").write_text("no library\n")
    muster = Loaded(postgres, tmp_path, url=postgres.url())
    muster.env["LD_LIBRARY_PATH"] = str(tmp_path)
    muster.source.mkdir()
    start = time.monotonic()
    for verb in (["query", "SELECT 1"], ["run"], ["runs", "list"], ["users", "list"]):
        said = muster(*verb, code=1).stderr
        assert "libpq.so.5, cannot be loaded" in said and "libpq5" in said, said
    assert time.monotonic() - start < 15, "nothing of it passes by itself"
    assert "libpq5" in muster("doctor", code=1).stdout


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
