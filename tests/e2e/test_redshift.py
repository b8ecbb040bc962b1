"""Loads into the Redshift stand-in, an emulation (tests/support/redshift): the reference results,
and what goes wrong between a process, a cluster and S3."""

import os
import random
import re
import signal
import time

import pytest
from postgres import PASSWORD
from program import REAL, Program, need_real
from redshift.behaviour import FIRST, a_backup_is_restored
from redshift.behaviour import it_holds_what_duckdb_holds
from redshift.muster import TABLES, OnRedshift, state, strangers
from redshift.server import CUT_AFTER, CUT_BEFORE, FAIL

ROUNDS = int(os.environ.get("MUSTER_KILL_ROUNDS", "6"))
ABOVE_MEAN = {
    "Support": 221, "Engineering": 208, "Human Resources": 204, "Services": 204,
    "Business Development": 187, "Research and Development": 151, "Marketing": 143,
}  # fmt: skip
CUTS_STEP = int(os.environ.get("MUSTER_CUTS_STEP", "17"))


@pytest.fixture
def muster(standin, tmp_path):
    yield OnRedshift(standin, tmp_path)
    standin.faults.clear()
    standin.commit_failures = 0


def test_the_reference_results(muster, tmp_path):
    """CSV in S3, clean objects in S3, tables in Redshift: both reports, to the last row."""
    need_real()
    muster.server.put_folder(muster.bucket, "incoming/", REAL)
    local = Program(tmp_path / "duckdb", REAL)
    local.load()
    tables, _ = muster.load()
    assert {name: table["read"] for name, table in tables.items()} == {
        "departments": 12, "jobs": 183, "hired_employees": 1999,
    }  # fmt: skip
    rows = muster.report("departments_above_mean", 2021)
    assert {row["department"]: row["hired"] for row in rows} == ABOVE_MEAN
    quarters = muster.report("hires_by_quarter", 2021)
    assert sum(row[q] for row in quarters for q in ("q1", "q2", "q3", "q4")) == 1659
    assert quarters == local.report("hires_by_quarter", 2021)
    assert rows == local.report("departments_above_mean", 2021)
    clean = muster.server.keys(muster.bucket, "clean/")
    assert {key.split("/")[1] for key in clean} == {*tables, "muster-staging"}, clean
    assert muster.staged() == []
    again, _ = muster.load()
    assert all(table["read"] == 0 and table["files_skipped"] == 1 for table in again.values())


def test_it_holds_what_duckdb_holds(muster, expected):
    it_holds_what_duckdb_holds(muster, expected)


def test_every_statement_is_one_of_redshift(muster):
    """An independent parser reads all that the stand-in was sent."""
    begin = len(muster.standin.seen)
    muster.put_source(FIRST)
    muster.load()
    muster("doctor", code=None)
    muster("runs", "list")
    muster("rejects", "list")
    seen = muster.standin.seen[begin:]
    assert any(sql.startswith("COPY") for sql in seen)
    assert strangers(seen) == {}


@pytest.mark.parametrize("form", ["parquet", "avro"])
def test_a_backup_is_made_verified_and_restored(muster, expected, form):
    begin = len(muster.standin.seen)
    a_backup_is_restored(muster, expected, form)
    seen = muster.standin.seen[begin:]
    assert any(sql.startswith("UNLOAD") for sql in seen) and strangers(seen) == {}
    # What UNLOAD and the restore staged is gone.
    assert muster.staged() == []


def test_processes_that_meet_a_new_database_at_once(standin, tmp_path):
    """They make the schema and the tables together; none of them fails."""
    for number in range(3):
        muster = OnRedshift(standin, tmp_path / str(number))
        processes = [muster.start("backup", "list") for _ in range(4)]
        for process in processes:
            _, said = process.communicate(timeout=60)
            assert process.returncode == 0, said
        versions = muster.sql("SELECT version FROM muster.schema_version")
        names = muster.sql("SELECT name FROM muster.tables ORDER BY 1")
        assert (versions, names) == ([(1,)], [(n,) for n in sorted(TABLES)])


# --- what goes wrong -----------------------------------------------------------------------------


def test_a_violation_of_the_isolation_is_tried_again(muster, expected):
    muster.put_source(FIRST)
    muster("migrate")
    muster.standin.commit_failures = 2
    muster.load()
    assert muster.standin.commit_failures == 0
    assert state(muster) == expected[0]


@pytest.mark.parametrize("words", ["COPY", "LOCK TABLE", "INSERT INTO"])
def test_a_statement_that_violates_it_is_tried_again(muster, expected, words):
    muster.put_source(FIRST)
    muster("migrate")
    muster.standin.arm(FAIL, lambda sql: sql.startswith(words))
    muster.load()
    assert muster.standin.faults == []
    assert state(muster) == expected[0]


@pytest.mark.parametrize("how", [CUT_BEFORE, CUT_AFTER])
def test_a_commit_whose_answer_is_lost(muster, expected, how):
    muster.put_source(FIRST)
    muster("migrate")
    seen = []

    def last_commit(sql):
        """The COMMIT of the load that writes a publication."""
        seen.append(sql)
        return sql == "COMMIT" and any("INSERT INTO muster.publications" in s for s in seen)

    muster.standin.arm(how, last_commit)
    done = muster("run", code=None)
    assert muster.standin.faults == []
    assert PASSWORD not in done.stdout + done.stderr
    muster.forget_the_dead()
    muster.load()
    assert state(muster) == expected[0]


def whole(standin, folder):
    """How many statements a run has, and how long it takes."""
    muster = OnRedshift(standin, folder)
    muster.put_source(FIRST)
    begin, start = len(standin.seen), time.monotonic()
    muster("run")
    return len(standin.seen) - begin, time.monotonic() - start


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("how", [CUT_BEFORE, CUT_AFTER])
def test_a_connection_may_be_cut_at_every_statement(standin, expected, tmp_path, how):
    count, _ = whole(standin, tmp_path / "whole")
    assert count > 50
    for cut in range(1, count + 1, CUTS_STEP):
        muster = OnRedshift(standin, tmp_path / str(cut))
        muster.put_source(FIRST)
        standin.arm(how, cut)
        done = muster("run", code=None)
        assert standin.faults == [], f"a run of fewer than {cut} statements"
        if done.returncode != 0:
            assert re.search("connection was lost|cannot connect|not known", done.stderr), done
        muster.forget_the_dead()
        muster("run")
        assert state(muster) == expected[0], f"cut {cut}"


@pytest.mark.timeout(900)
def test_a_killed_run_leaves_nothing_half_done(standin, expected, tmp_path):
    rng = random.Random(11)
    _, seconds = whole(standin, tmp_path / "whole")
    killed = 0
    for number in range(ROUNDS):
        muster = OnRedshift(standin, tmp_path / str(number))
        muster.put_source(FIRST)
        killed += muster.kill_during(rng.uniform(0.2, 1.0) * seconds, "run")
        muster.forget_the_dead()
        muster("run")
        assert state(muster) == expected[0], f"round {number}"
        unfinished = muster.query("SELECT run_id FROM muster.runs WHERE status = 'running'")
        assert unfinished == [], f"round {number}"
    assert killed > 0, "no run was killed: the delays are too long"


def kill_at(muster, words, *arguments):
    """Starts muster, and kills it when it sends a statement that begins so."""
    process = muster.start(*arguments)

    def kill(sql):
        if sql.startswith(words) and process.poll() is None:
            process.kill()
            return True
        return False

    muster.standin.arm(CUT_AFTER, kill)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL and muster.standin.faults == []


def test_what_a_killed_load_left_goes_with_the_next_run(muster, expected):
    muster.put_source(FIRST)
    muster("migrate")
    kill_at(muster, 'LOCK TABLE muster."gate_departments"', "run", "departments")
    assert muster.staged("departments/") != []
    assert "holds the lease" in muster("run", code=5).stderr
    assert muster.staged("departments/") != [], "its lease may still be alive"
    muster.forget_the_dead()
    muster("run", "jobs")
    assert muster.staged() == []
    muster.load()
    assert state(muster) == expected[0] and muster.staged() == []


def test_what_a_killed_restore_left_goes_with_the_next_run(muster):
    muster.put_source(FIRST)
    muster.load()
    muster("backup", "create", "jobs")
    name = muster.backups()[0]["backup_name"]
    kill_at(muster, "COPY muster_restore", "backup", "restore", name)
    assert muster.staged("restore-") != []
    muster.forget_the_dead()
    muster("run")
    assert muster.staged() == []
    assert muster.query("SELECT COUNT(*) AS n FROM jobs") == [{"n": 4}]


def test_what_a_killed_backup_left_goes_once_no_backup_is_at_work(muster):
    muster.put_source(FIRST)
    muster.load()
    kill_at(muster, "UNLOAD", "backup", "create", "jobs")
    end = time.monotonic() + 20
    while not any(key.endswith("rows_manifest") for key in muster.staged("unload-jobs-")):
        assert time.monotonic() < end, "UNLOAD does not end"
        time.sleep(0.05)
    muster("run")
    assert muster.staged("unload-jobs-") != [], "the backup's lease may still be alive"
    muster.forget_the_dead()
    muster("run")
    assert muster.staged() == []


def test_what_doctor_tries_stays_while_it_is_new(muster):
    hour_us = 3600 * 1_000_000
    now_us = time.time_ns() // 1000
    for made_us in (now_us, now_us - 2 * hour_us):
        key = f"clean/muster-staging/doctor-{made_us}/probe.csv"
        muster.server.put(muster.bucket, key, b"1\n")
    muster.put_source(FIRST)
    muster("run", "jobs")
    assert [key.split("/")[-2] for key in muster.staged()] == [f"doctor-{now_us}"]


def test_an_object_that_copy_refuses(muster, expected):
    """COPY finds the first object damaged: the object is named, and nothing is loaded."""
    muster.put_source(FIRST)
    muster("migrate")
    muster.standin.damage = "muster_stage"
    done = muster("run", code=None)
    assert muster.standin.damage is None
    assert done.returncode != 0
    assert re.search("COPY into table (departments|jobs)", done.stderr), done.stderr
    assert f"s3://{muster.bucket}/clean/" in done.stderr, done.stderr
    assert muster.query("SELECT COUNT(*) AS n FROM hired_employees") == [{"n": 0}]
    muster.load()
    assert state(muster) == expected[0]


def test_a_role_that_the_cluster_lacks(muster):
    muster.put_source(FIRST)
    roles, muster.standin.roles = muster.standin.roles, set()
    try:
        done = muster("run", code=None)
    finally:
        muster.standin.roles = roles
    assert done.returncode != 0 and "iam_role" in done.stderr, done.stderr


def test_a_wrong_password_is_named_and_not_shown(muster):
    muster.put_source(FIRST)
    url = muster.env["MUSTER_WAREHOUSE"].replace("not%20a%20secret", "wrong")
    done = muster("query", "SELECT 1", env={"MUSTER_WAREHOUSE": url}, code=6)
    assert "password authentication failed" in done.stderr
    assert "wrong" not in done.stderr and "loopback" not in done.stderr


def test_a_password_that_libpq_cannot_send(muster):
    muster.standin.sha256_passwords = True
    try:
        done = muster("query", "SELECT 1", code=6)
    finally:
        muster.standin.sha256_passwords = False
    assert "sha256" in done.stderr and "md5" in done.stderr, done.stderr


def test_clean_objects_must_be_on_s3(muster):
    config = muster.folder / "muster.toml"
    config.write_text(config.read_text().replace(f"s3://{muster.bucket}/clean", "clean"))
    done = muster("run", code=2)
    assert "s3://" in done.stderr and "[clean] url" in done.stderr, done.stderr
