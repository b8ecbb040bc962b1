"""What `muster doctor` finds wrong at a PostgreSQL, a line and a remedy for each."""

import re
import subprocess
import urllib.parse

import pytest
from postgres import PASSWORD, Postgres, name_of
from postgres_loads import Loaded
from postgres_pooler import Pooler
from program import ROOT, generate


@pytest.fixture(scope="module")
def postgres():
    server = Postgres().start()
    # What comes first counts.
    hba = server.data / "pg_hba.conf"
    text = server.run("cat", hba).stdout
    server.run("tee", hba, input="host all pooled 127.0.0.1/32 trust\n" + text)
    server.psql("CREATE ROLE pooled LOGIN SUPERUSER; SELECT pg_reload_conf()")
    yield server
    server.end()


@pytest.fixture
def muster(postgres, tmp_path):
    muster = Loaded(postgres, tmp_path)
    generate(muster.source, 10)
    return muster


def findings(muster, code=0, env=None):
    """By check: (status, the rest of the line)."""
    done = muster("doctor", code=code, env=muster.env | (env or {}))
    for secret in (PASSWORD, urllib.parse.quote(PASSWORD)):
        assert secret not in done.stdout + done.stderr
    line = r"^(ok|warn|fail) +((?:warehouse|state)(?:: \w+)?) +(.*)$"
    lines = re.findall(line, done.stdout, re.M)
    return {check: (status, rest) for status, check, rest in lines}


def as_role(muster, name, sql):
    """The URL of the muster's database as a new role of that name."""
    muster.sql(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'; {sql}")
    muster.use(muster.url.replace("//muster:", f"//{name}:"))


def test_all_is_well_but_for_what_the_test_server_leaves_out(postgres, muster):
    found = findings(muster)
    assert found["warehouse: server"] == (
        "ok", f"PostgreSQL at 127.0.0.1:{postgres.port}, database {name_of(muster.url)}",
    )  # fmt: skip
    assert re.fullmatch(r"PostgreSQL 15\.\d+", found["warehouse: version"][1])
    assert found["warehouse: encoding"] == ("ok", "UTF8")
    assert found["warehouse: writes"] == ("ok", "it takes them")
    assert found["warehouse: rights"][0] == "ok"
    assert found["warehouse: clock"] == ("ok", "the server's clock is 0 s ahead of ours")
    assert found["warehouse: pooler"] == ("ok", "none")
    status, line = found["warehouse: durability"]
    assert status == "warn" and "synchronous_commit is off, fsync is off" in line
    assert "turn fsync on" in line
    assert found["warehouse"][0] == "ok", "and the tables are looked at"


def test_a_server_that_does_not_answer_is_the_only_finding(muster):
    muster.use(re.sub(r":\d+/", ":1/", muster.url))
    found = findings(muster, 1)
    assert list(found) == ["warehouse: server"]
    status, line = found["warehouse: server"]
    assert status == "fail" and "-> check that" in line


def test_the_encoding(postgres, muster):
    postgres.psql(
        "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    muster.use(postgres.url("latin"))
    status, line = findings(muster, 1)["warehouse: encoding"]
    assert status == "fail" and line.startswith("LATIN1 -> ")


def test_rights_that_are_lacking_are_granted_by_the_remedy(muster):
    database = name_of(muster.url)
    only_usage = "REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO beggar"
    as_role(muster, "beggar", only_usage)
    status, line = findings(muster, 1)["warehouse: rights"]
    lacking, remedy = line.split(" -> ")
    assert status == "fail"
    assert lacking == f'beggar lacks CREATE on DATABASE "{database}", CREATE on SCHEMA "public"'
    muster.sql(remedy)
    assert findings(muster)["warehouse: rights"][0] == "ok"
    muster("run")
    muster.sql("REVOKE ALL ON SCHEMA muster FROM beggar")
    status, line = findings(muster, 1)["warehouse: rights"]
    assert status == "fail" and "lacks USAGE on SCHEMA muster" in line


def test_a_schema_that_is_not_there(muster):
    muster.sql("DROP SCHEMA public")
    option = urllib.parse.quote("-csearch_path=nowhere")
    muster.use(f"{muster.url}?options={option}")
    status, line = findings(muster, 1)["warehouse: rights"]
    assert status == "fail" and "no schema of the search_path exists" in line


def test_a_clock_that_is_off(muster):
    library = muster.folder / "shifted_clock.so"
    source = ROOT / "tests" / "support" / "shifted_clock.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    for shift, words in (("-100", "ahead of"), ("100", "behind")):
        env = {"LD_PRELOAD": str(library), "CLOCK_SHIFT_S": shift}
        status, line = findings(muster, env=env)["warehouse: clock"]
        assert status == "warn", line
        assert re.match(rf"the server's clock is (99|100) s {words} ours -> set", line), line


def test_commits_that_are_not_waited_for(muster):
    as_role(muster, "hasty", "ALTER ROLE hasty SUPERUSER")
    assert "synchronous_commit is off" in findings(muster)["warehouse: durability"][1]
    muster.sql("ALTER ROLE hasty SET synchronous_commit = on")
    assert "synchronous_commit is on" in findings(muster)["warehouse: durability"][1]


def test_a_database_that_takes_no_writes(muster):
    muster.sql(f"ALTER DATABASE {name_of(muster.url)} SET default_transaction_read_only = on")
    status, line = findings(muster, 1)["warehouse: writes"]
    assert status == "fail" and "default_transaction_read_only" in line


def test_a_pooler_that_shares_sessions(postgres, muster):
    with Pooler(postgres.port) as pooler:
        muster.use(f"postgresql://pooled@127.0.0.1:{pooler.port}/{name_of(muster.url)}")
        status, line = findings(muster, 1)["warehouse: pooler"]
        assert status == "fail" and "-> connect to the server itself" in line


def test_the_state_of_a_warehouse_that_keeps_none(muster, postgres):
    """Redshift's users and tokens are in a PostgreSQL of their own."""
    config = muster.folder / "muster.toml"
    text = muster.config.read_text()
    config.write_text(text + f'\n[state]\nurl = "{postgres.database()}"\n')
    (muster.folder / "reports").symlink_to(muster.config.parent / "reports")
    muster.config = config
    assert findings(muster)["state: rights"][0] == "ok"
