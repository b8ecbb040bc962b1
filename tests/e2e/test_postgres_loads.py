"""Loads into PostgreSQL: the reference results, the behaviour suite, the tables, and processes that
load at once."""

import json
import os
import urllib.parse

import pytest
from postgres import name_of
from postgres_loads import Loaded
from program import REAL, generate, need_real
from same_tests import run_again

SAME_FILES = ["test_cases.py", "test_oracle.py", "test_reference.py"]


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", SAME_FILES)
def test_the_same_tests(postgres, name):
    run_again([name], os.environ | {"MUSTER_TEST_POSTGRES": postgres.url()})


def test_the_tables_are_what_users_of_postgresql_expect(postgres, tmp_path):
    need_real()
    muster = Loaded(postgres, tmp_path, REAL)
    muster.load()
    columns = muster.sql(
        "SELECT column_name, data_type, is_nullable, coalesce(collation_name, '') FROM"
        " information_schema.columns WHERE table_schema = 'public' AND table_name ="
        " 'hired_employees' ORDER BY ordinal_position"
    )
    assert columns == [
        "id|bigint|NO|", "name|text|YES|C", "datetime_|timestamp without time zone|YES|",
        "department_id|bigint|YES|", "job_id|bigint|YES|",
    ]  # fmt: skip
    keys = muster.sql(
        "SELECT conrelid::regclass, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace AND contype = 'p' ORDER BY 1"
    )
    assert [key.split("|")[1] for key in keys] == ["PRIMARY KEY (id)"] * 3
    assert muster.sql("SELECT count(*) FROM pg_class WHERE relname LIKE 'muster_%'") == ["0"]


def test_tables_are_in_the_schema_of_the_connection(postgres, tmp_path):
    url = postgres.database()
    postgres.psql("CREATE SCHEMA sales", name_of(url))
    option = urllib.parse.quote("-csearch_path=sales")
    muster = Loaded(postgres, tmp_path, url=f"{url}?options={option}")
    generate(muster.source, 100)
    muster.load()
    found = "SELECT tablename FROM pg_tables WHERE schemaname = 'sales'"
    names = postgres.psql(found, name_of(url))
    assert sorted(names) == ["departments", "hired_employees", "jobs"]


# --- two processes ------------------------------------------------------------------------------


def test_processes_that_prepare_at_once_wait_for_each_other(postgres, tmp_path):
    muster = Loaded(postgres, tmp_path)
    generate(muster.source, 10)
    running = [muster.start("migrate") for _ in range(8)]
    said = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [0] * 8, said
    assert muster.load()[0]["hired_employees"]["read"] == 10


def test_of_two_runs_at_once_one_is_told_to_wait(postgres, tmp_path):
    muster = Loaded(postgres, tmp_path)
    generate(muster.source, 200_000)
    muster("migrate")
    running = [muster.start("run") for _ in range(3)]
    said = [process.communicate(timeout=120) for process in running]
    codes = [process.returncode for process in running]
    assert codes.count(0) >= 1 and set(codes) <= {0, 5}, said
    for code, (_, err) in zip(codes, said, strict=True):
        assert code == 0 or ("holds the lease 'run'" in err and "wait until it is done" in err)
    assert muster.sql("SELECT count(*), count(DISTINCT id) FROM hired_employees")[0] == (
        "200000|200000"
    )


def test_verbs_run_beside_a_run_in_their_own_process(postgres, tmp_path):
    muster = Loaded(postgres, tmp_path)
    generate(muster.source, 300_000)
    muster("migrate")
    process = muster.start("run")
    seen = False
    while process.poll() is None:
        listed = json.loads(muster("runs", "list", "--json").stdout)
        seen = seen or any(run["status"] == "running" for run in listed)
    process.communicate()
    assert process.returncode == 0 and seen
    assert not list(muster.data.glob("muster.sock")), "a server's database has no owner here"
    assert not list((muster.data / "tmp").glob("*")), "scratch folders are removed"
