"""redshift-data:// on the stand-in of the Data API: what muster does over libpq it does here too,
and what goes wrong between a process, a service and a session."""

import secrets
import signal
import subprocess
import time

import pytest
from api import Server
from program import MUSTER
from redshift.behaviour import FIRST, all_of_it
from redshift.cluster import OnCluster
from redshift.data_api import Fault
from redshift.muster import OnRedshift, state
from redshift.services import CLUSTER, SECRET_ARN, WORKGROUP
from s3 import REGION


@pytest.fixture
def muster(standin, services, tmp_path):
    made = OnRedshift(standin, tmp_path)
    made.env |= services.environment()
    made.env["MUSTER_WAREHOUSE"] = f"redshift-data://{CLUSTER}/{made.database}?region={REGION}"
    yield made
    standin.faults.clear()
    standin.commit_failures = 0


def test_what_the_live_test_does(standin, services, expected, tmp_path):
    """tests/live runs the same on a cluster."""
    database, bucket = standin.database(), f"live-{secrets.token_hex(4)}"
    standin.gateway.make_bucket(bucket)
    url = f"redshift-data://{CLUSTER}/{database}?region={REGION}"
    env = standin.gateway.environment() | services.environment()
    muster = OnCluster(tmp_path, url, f"s3://{bucket}/sub", env=env)
    all_of_it(muster, expected)
    # More rows than a page of the service has.
    found = muster.query("SELECT id FROM hired_employees ORDER BY id")
    assert [row["id"] for row in found] == [row["id"] for row in expected[1]["hired_employees"]]
    assert "Department 1" in muster("report", "hires_by_quarter", "--year", 2021).stdout


@pytest.mark.parametrize(
    "place, options",
    [
        (f"{WORKGROUP}", "is_serverless=true"),
        (f"{CLUSTER}", f"secret_arn={SECRET_ARN}"),
        (f"loader@{CLUSTER}", ""),
    ],
)
def test_who_connects(muster, services, place, options):
    services.put_secret({"username": "keeper", "password": "a secret"})
    services.keep("keeper", "a secret")
    url = f"redshift-data://{place}/{muster.database}?region={REGION}&{options}"
    who = {"secret": "keeper", "loader": "IAM:loader"}
    done = muster("query", "SELECT current_user AS who", "--json", env={"MUSTER_WAREHOUSE": url})
    wanted = next((role for word, role in who.items() if word in url), "IAM:tester")
    assert f'"{wanted}"' in done.stdout, done.stdout


@pytest.mark.parametrize("waits", [False, None])
def test_a_service_that_does_not_wait_is_asked_again_and_again(muster, services, waits):
    services.data.waits = waits
    services.data.delay = lambda sql: 0.5 if "AS one" in sql else 0
    assert muster.query("SELECT 1 AS one") == [{"one": 1}]
    submitted = len(services.data.statements)
    assert services.calls.count("DescribeStatement") > submitted + 3


def test_limits_are_told_before_anything_is_sent(muster, services):
    done = muster("query", "SELECT '" + "x" * 100_000 + "'", code=None)
    assert done.returncode == 2, done.stderr[-300:]
    assert "the Data API takes 100000" in done.stderr and "redshift://" in done.stderr
    assert all(len(sql) < 100_000 for sql in services.data.submitted)


@pytest.mark.parametrize(
    "url, words",
    [
        ("redshift-data://other/{}", ["ResourceNotFound", "region"]),
        (f"redshift-data://{CLUSTER}/no_such_database", ["no_such_database"]),
        (f"redshift-data://{CLUSTER}/{{}}?secret_arn=other", ["secret was not found"]),
        (f"redshift-data://u:hidden@{CLUSTER}/{{}}", ["does not take", "secret_arn"]),
    ],
)
def test_a_wrong_url_is_named(muster, url, words):
    url = url.format(muster.database)
    done = muster("query", "SELECT 1", env={"MUSTER_WAREHOUSE": url}, code=2)
    assert all(word in done.stderr for word in words), done.stderr
    assert "hidden" not in done.stderr


def test_rows_come_and_go(standin, muster):
    """Over the REST API, with users and tokens in a PostgreSQL of their own."""
    config = muster.folder / "muster.toml"
    store = standin.postgres.url(standin.database())
    config.write_text(config.read_text() + f'\n[state]\nurl = "{store}"\n')
    server = Server(muster.folder, env=muster.env, config=config).start()
    try:
        client = server.user()
        jobs = [{"id": number, "job": f"Ünique {number}"} for number in range(1, 300)]
        client.post("/jobs", jobs, 201)
        refused = client.post("/jobs", [{"id": 300, "job": "c"}, {"id": 2, "job": "x"}], 409)
        assert refused.codes == ["key.exists"]
        person = {"id": 7, "name": "Ada", "datetime_": "2021-11-07T02:48:42Z", "job_id": 1}
        missing = client.post("/hiredemployees", person | {"department_id": 9})
        assert missing.codes == ["reference.missing"]
    finally:
        server.stop(signal.SIGKILL)
    assert muster.query("SELECT id, job FROM jobs ORDER BY id") == jobs


# --- what goes wrong -----------------------------------------------------------------------------


def test_what_passes_by_itself_is_tried_again_and_done_once(muster, services, expected):
    """Every tenth answer is a failure, and every seventh is lost after the request was taken."""
    muster.put_source(FIRST)
    services.troubles = lambda number: (
        Fault("ThrottlingException") if number % 10 == 3
        else Fault("InternalServerException", status=500) if number % 10 == 6 else None
    )  # fmt: skip
    services.lose = lambda number: number % 7 == 2
    muster.load()
    assert state(muster) == expected[0]
    assert services.lost > 5


def test_a_violation_of_the_isolation_is_tried_again(muster, expected):
    muster.put_source(FIRST)
    muster("migrate")
    muster.standin.commit_failures = 1
    muster.load()
    assert muster.standin.commit_failures == 0
    assert state(muster) == expected[0]


def test_sessions_that_are_lost_in_the_middle(standin, services, expected, tmp_path):
    """Nothing is half done, and the next run completes it."""

    def on_data_api(name):
        made = OnRedshift(standin, tmp_path / name)
        made.env |= services.environment()
        made.env["MUSTER_WAREHOUSE"] = f"redshift-data://{CLUSTER}/{made.database}?region={REGION}"
        made.put_source(FIRST)
        return made

    def executed():
        return services.calls.count("ExecuteStatement")

    on_data_api("whole")("run")
    whole = executed()
    for share in (0.35, 0.65, 0.95):
        muster, cut = on_data_api(f"cut-{share}"), executed() + int(whole * share)
        services.before = lambda operation, cut=cut: (
            services.data.stop() if operation == "ExecuteStatement" and executed() == cut else None
        )
        done = muster("run", code=None)
        services.before = None
        if done.returncode != 0:
            assert "connection was lost" in done.stderr or "not known" in done.stderr, done.stderr
        muster.forget_the_dead()
        muster("run")
        assert state(muster) == expected[0], share


def test_a_commit_whose_answer_is_lost(muster, services, expected):
    muster.put_source(FIRST)
    muster("migrate")
    seen = []

    def hidden(sql):
        seen.append(sql)
        return sql == "COMMIT" and any("INSERT INTO muster.publications" in s for s in seen)

    services.data.hide_once = hidden
    muster.load()
    assert services.data.hide_once is None
    assert state(muster) == expected[0]


def test_a_query_that_is_interrupted_is_cancelled(muster, services):
    slow = "SELECT 2 AS two"
    services.data.delay = lambda sql: 5 if sql == slow else 0
    process = subprocess.Popen(
        [MUSTER, "query", slow], cwd=muster.folder, env=muster.env, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while slow not in services.data.submitted and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "CancelStatement" in services.calls


def test_a_killed_process_leaves_nothing_locked_for_long(muster, services, expected):
    """Its session ends by itself, and with it its transaction."""
    muster.put_source(FIRST)
    muster("migrate")
    muster.kill_during(1.5, "run")
    services.data.expire_all()
    muster.forget_the_dead()
    muster("run")
    assert state(muster) == expected[0]
