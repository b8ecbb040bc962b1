"""The REST API on the Redshift stand-in, with users and tokens in a PostgreSQL."""

import signal

import pytest
from api import Server
from redshift.muster import OnRedshift
from redshift.server import CUT_BEFORE


@pytest.fixture
def muster(standin, tmp_path):
    yield OnRedshift(standin, tmp_path)
    standin.faults.clear()


@pytest.fixture
def server(standin, muster):
    """A server whose state store is a database of its own, by no rule of Redshift."""
    config = muster.folder / "muster.toml"
    state = standin.postgres.url(standin.database())
    config.write_text(config.read_text() + f'\n[state]\nurl = "{state}"\n')
    started = Server(muster.folder, env=muster.env, config=config).start()
    yield started
    if started.process.poll() is None:
        started.stop(signal.SIGKILL)


def test_without_a_state_store_it_does_not_serve(muster):
    done = muster("serve", "--listen", "127.0.0.1:0", code=2)
    assert "[state] url" in done.stderr, done.stderr
    done = muster("users", "list", code=2)
    assert "[state] url" in done.stderr, done.stderr


def test_rows_come_and_go(server, muster):
    client = server.user()
    client.post("/jobs", [{"id": 1, "job": "é"}, {"id": 2, "job": "b"}], 201)
    refused = client.post("/jobs", [{"id": 3, "job": "c"}, {"id": 2, "job": "x"}], 409)
    assert refused.codes == ["key.exists"]
    assert [row["id"] for row in client.get("/jobs").json] == [1, 2]
    person = {"id": 7, "name": "Ada", "datetime_": "2021-11-07T02:48:42Z", "job_id": 1}
    missing = client.post("/hiredemployees", person | {"department_id": 9})
    assert missing.codes == ["reference.missing"]
    rows = [{"id": 1, "job": "é"}, {"id": 2, "job": 'B "\\'}, {"id": 3, "job": "it's"}]
    merged = client.post("/jobs", rows, 200, Prefer="resolution=merge-duplicates").json
    assert [merged[name] for name in ("inserted", "updated", "unchanged")] == [1, 1, 1]
    assert client.get("/jobs").json == rows
    page = client.get("/jobs?limit=1", Prefer="count=exact")
    assert page.headers["x-total-count"] == "3"
    assert 'rel="next"' in page.headers["link"]
    assert client.get("/jobs/3").json == rows[2]
    lenient = [{"id": 4, "job": "d"}, {"id": 4, "job": "again"}, {"id": 5, "job": ""}]
    answer = client.post("/jobs", lenient, 200, Prefer="handling=lenient").json
    assert (answer["inserted"], answer["rejected"]) == (1, 2)
    assert len(client.get("/rejects?table=jobs").json) == 2
    assert muster.query("SELECT COUNT(*) AS n FROM jobs") == [{"n": 4}]
    assert server.stop() == 0


def test_a_repeated_request_is_answered_as_before(server):
    client = server.user()
    body = [{"id": 1, "job": "a"}]
    first = client.post("/jobs", body, 201, Idempotency_Key="k1")
    again = client.post("/jobs", body, 201, Idempotency_Key="k1")
    assert again.body == first.body
    assert len(client.get("/jobs").json) == 1
    assert client.post("/jobs", [{"id": 2, "job": "b"}], Idempotency_Key="k1").status in (409, 422)


def test_a_lost_connection_writes_nothing(server, standin):
    client = server.user()
    standin.arm(CUT_BEFORE, lambda sql: sql.startswith('INSERT INTO "jobs"'))
    assert client.post("/jobs", [{"id": 1, "job": "a"}]).status == 503
    assert client.get("/jobs").json == []
    client.post("/jobs", [{"id": 1, "job": "a"}], 201)


def test_reports_see_what_was_written(server):
    client = server.user()
    client.post("/departments", [{"id": 1, "department": "R&D"}], 201)
    client.post("/jobs", [{"id": 1, "job": "a"}], 201)
    person = {"name": "Ada", "datetime_": "2021-11-07T02:48:42Z", "job_id": 1, "department_id": 1}
    client.post("/hiredemployees", [person | {"id": n} for n in range(1, 4)], 201)
    rows = client.get("/reports/hires_by_quarter?year=2021").json
    assert [(row["department"], row["q4"]) for row in rows] == [("R&D", 3)]
