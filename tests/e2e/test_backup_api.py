"""Backups over HTTP beside the plain way: followed as runs, repeated, by whom, and how they go."""

import datetime
import json
import shutil
import time

import pytest
from backup import Backups, facts_of, sealed
from program import generate

ROWS = 300
WAIT_S = 20


@pytest.fixture(scope="module")
def muster(tmp_path_factory):
    folder = tmp_path_factory.mktemp("backup_api")
    generate(folder / "source", ROWS)
    muster = Backups(folder / "muster", folder / "source")
    muster.load()
    return muster


@pytest.fixture
def server(muster):
    with muster.server() as server:
        yield server
        assert server.stop() == 0, server.log()


@pytest.fixture
def client(server):
    return server.user()


def names(client, path="/hiredemployees"):
    return {entry["backup_name"] for entry in client.get(path + "/backups").json}


def followed(client, answer):
    """The run that a 202 names, to its end."""
    assert answer.status == 202, answer
    assert answer.headers["preference-applied"] == "respond-async"
    location = answer.headers["location"]
    assert location == f"/runs/{answer.json['run_id']}"
    events = client.get(location + "/events").body.decode()
    assert events.rstrip().splitlines()[-2:][0] == "event: summary", events
    deadline = time.monotonic() + WAIT_S
    while client.get(location).json["status"] == "running":
        assert time.monotonic() < deadline, "the run does not end"
        time.sleep(0.02)
    run = client.get(location).json
    assert location in {f"/runs/{one['run_id']}" for one in client.get("/runs").json}
    return run, json.loads(events.rstrip().splitlines()[-1].removeprefix("data: "))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_followed_as_runs(client, method):
    before = names(client)
    started = client(method, "/hiredemployees/backup", Prefer="respond-async")
    run, summary = followed(client, started)
    assert (run["status"], run["kind"], run["trigger"]) == ("succeeded", "backup", "api")
    (name,) = names(client) - before
    assert run["backup"] == name
    assert name in json.dumps(summary)

    client.post("/hiredemployees", [person(70_000), person(70_001)], 201)
    path = f"/hiredemployees/restore/{name}"
    run, summary = followed(client, client(method, path, Prefer="respond-async"))
    assert (run["status"], run["kind"], run["backup"]) == ("succeeded", "restore", name)
    client.get("/hiredemployees/70000", 404)
    (safety,) = names(client) - before - {name}
    assert safety in json.dumps(summary)


def test_a_failed_run_says_why(client):
    name = client.post("/jobs/backup", None, 200).json["backup_name"]
    client.post("/jobs", {"id": 5_000, "job": "later"}, 201)
    person_of = person(80_000) | {"job_id": 5_000}
    client.post("/hiredemployees", person_of, 201)
    run, summary = followed(client, client.post(f"/jobs/restore/{name}", Prefer="respond-async"))
    assert run["status"] == "failed"
    assert "hired_employees.job_id" in run["error"]
    assert "hired_employees.job_id" in json.dumps(summary)
    client.get("/jobs/5000")


def test_an_unknown_backup_is_not_begun(client):
    """Or it is begun, and then its run is there like any other."""
    path = "/hiredemployees/restore/hired_employees-20200101T000000Z-abcd"
    before = {run["run_id"] for run in client.get("/runs").json}
    answer = client.post(path, None, Prefer="respond-async")
    if answer.status == 202:
        run, _ = followed(client, answer)
        assert run["status"] == "failed" and "there is no backup" in run["error"]
    else:
        assert (answer.status, answer.json["code"]) == (404, "backup.not_found")
        assert {run["run_id"] for run in client.get("/runs").json} == before


def person(key):
    row = {"id": key, "name": f"Person {key}", "datetime_": "2021-01-02T03:04:05Z"}
    return row | {"department_id": 1, "job_id": 1}


def test_idempotency_of_a_backup(client):
    before = names(client)
    first = client.post("/hiredemployees/backup", None, 200, Idempotency_Key="a-backup")
    again = client.post("/hiredemployees/backup", None, 200, Idempotency_Key="a-backup")
    assert again.json == first.json
    assert again.headers["idempotency-replayed"] == "true"
    assert names(client) - before == {first.json["backup_name"]}
    other = client.post("/hiredemployees/backup", None, 200, Idempotency_Key="another")
    assert other.json["backup_name"] != first.json["backup_name"]


def test_idempotency_of_a_started_backup(client):
    before = names(client)
    headers = {"Idempotency_Key": "a-started-one", "Prefer": "respond-async"}
    first = client.post("/hiredemployees/backup", None, 202, **headers)
    followed(client, first)
    again = client.post("/hiredemployees/backup", None, 202, **headers)
    assert again.json["run_id"] == first.json["run_id"]
    assert len(names(client) - before) == 1


def test_idempotency_of_a_restore(client):
    """A dry run and the restore itself are two requests, whatever their key."""
    name = client.post("/hiredemployees/backup", None, 200).json["backup_name"]
    client.post("/hiredemployees", person(71_000), 201)
    path = f"/hiredemployees/restore/{name}"
    looked = client.post(path + "?dry_run=true", None, 200, Idempotency_Key="restore-it")
    assert looked.json["changes"]["removed"] == 1
    done = client.post(path, None, Idempotency_Key="restore-it")
    assert done.status in (200, 422), done
    if done.status == 200:
        assert "safety_backup" in done.json, "the answer of the dry run is no answer"
        client.get("/hiredemployees/71000", 404)
    else:
        assert done.json["code"] == "idempotency.payload"
        client.get("/hiredemployees/71000")
    before = names(client)
    first = client.post(path, None, 200, Idempotency_Key="again")
    assert client.post(path, None, 200, Idempotency_Key="again").json == first.json
    assert names(client) - before == {first.json["safety_backup"]}


def test_head_makes_nothing(client):
    name = client.post("/hiredemployees/backup", None, 200).json["backup_name"]
    client.post("/hiredemployees", person(72_000))
    before = names(client)
    for path in ("/hiredemployees/backup", f"/hiredemployees/restore/{name}"):
        for method, statuses in (("HEAD", (404, 405)), ("OPTIONS", (200, 204)), ("PUT", (405,))):
            answer = client(method, path)
            assert answer.status in statuses, f"{method} {path}: {answer}"
            assert "HEAD" not in answer.headers.get("allow", "")
    assert names(client) == before
    client.get("/hiredemployees/72000")


def test_who_may(muster, server, client):
    name = client.post("/hiredemployees/backup", None, 200).json["backup_name"]
    server.user("reader")
    muster("users", "role", "reader", "reader")
    reader = server.login("reader")
    before = names(reader)  # to look is allowed
    for path in ("/hiredemployees/backup", f"/hiredemployees/restore/{name}"):
        for method in ("GET", "POST"):
            assert reader(method, path, want=403).json["code"] == "role"
            assert server.client()(method, path, want=401)
    server.client().get("/hiredemployees/backups", 401)
    assert names(client) == before


BAD = ["formats=avro", "formats=", "formats=csv", "formats=parquet&formats=parquet", "format=avro"]
BAD_RESTORE = ["from=csv", "dry_run=yes", "force=1", "reload=TRUE", "dry_run=", "backup=x"]


def test_parameters(client):
    name = client.post("/hiredemployees/backup?formats=parquet", None, 200).json["backup_name"]
    before = names(client)
    for query in BAD:
        answer = client.post(f"/hiredemployees/backup?{query}")
        assert answer.status in (400, 422), f"{query}: {answer}"
    for query in BAD_RESTORE:
        answer = client.post(f"/hiredemployees/restore/{name}?{query}")
        assert answer.status in (400, 422), f"{query}: {answer}"
    answer = client.post(f"/hiredemployees/restore/{name}?from=avro", None, 409)
    assert answer.json["code"] == "backup.conflict"
    assert names(client) == before


def test_two_at_once(server):
    """Of restores that come together each is done or told to come again; none is half done."""
    client = server.user()
    name = client.post("/hiredemployees/backup", None, 200).json["backup_name"]
    rows = client.get("/hiredemployees?limit=1000").body
    started = [
        client.post(f"/hiredemployees/restore/{name}", None, Prefer="respond-async")
        for _ in range(4)
    ]
    assert {answer.status for answer in started} <= {202, 409}
    assert started[0].status == 202
    for answer in started:
        if answer.status == 202:
            assert followed(client, answer)[0]["status"] in ("succeeded", "failed")
        else:
            assert answer.json["code"] == "backup.busy"
    assert client.get("/hiredemployees?limit=1000").body == rows


def test_newest_first(muster):
    """By the time they were made, within one second too."""
    made = [muster.name("jobs", "--formats", "parquet") for _ in range(6)]
    assert list(muster.list("jobs"))[:6] == made[::-1]
    expired = muster("backup", "expire", "jobs", "--keep", "1", "-o", "csv").stdout
    assert made[-1] not in expired and made[-2] in expired
    assert list(muster.list("jobs")) == [made[-1]]


def aged(muster, name, days):
    """The backup under the name and time of days ago."""
    when = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)
    other = f"departments-{when:%Y%m%dT%H%M%SZ}-{days:04x}"
    shutil.copytree(muster.folder_of(name), muster.folder_of(other))
    facts = facts_of(muster.folder_of(name))
    facts |= {"name": other, "created_at": f"{when:%Y-%m-%dT%H:%M:%S}.000000Z"}
    (muster.folder_of(other) / "manifest.json").write_text(sealed(facts))
    return other


def test_expire(muster):
    def expire(*words):
        out = muster("backup", "expire", "departments", "-o", "csv", *words).stdout
        return {line for line in out.splitlines() if line.startswith("departments-")}

    new = muster.name("departments")
    old = {days: aged(muster, new, days) for days in (1, 10, 40, 50, 60)}
    broken = aged(muster, new, 70)
    (muster.folder_of(broken) / "manifest.json").write_text("{}")
    assert expire("--older-than", "30d", "--dry-run") == {old[40], old[50], old[60]}
    assert len(muster.list("departments")) == 7
    assert expire("--keep", "4", "--older-than", "30d") == {old[50], old[60]}
    assert expire("--keep", "4", "--older-than", "30d") == set()
    assert expire("--older-than", "36h") == {old[10], old[40]}
    assert expire("--older-than", "0h") == {old[1]}, "the newest one stays"
    assert expire("--keep", "1") == set()
    assert set(muster.list("departments")) == {new, broken}, "a damaged one is left alone"
    assert muster.verify(new) == {new: []}
    assert not muster.folder_of(old[40]).exists()
    for words in ([], ["--keep", "0"], ["--keep", "-1"], ["--older-than", "30"],
                  ["--older-than", "x"], ["--keep", "99999999999999999999"]):  # fmt: skip
        muster("backup", "expire", *words, code=2)


def test_a_damaged_one_does_not_count_as_the_newest(muster):
    """The newest that still can be restored stays, although a damaged one is newer."""
    for name in muster.list("departments"):
        shutil.rmtree(muster.folder_of(name))
    whole = aged(muster, muster.name("departments"), 90)
    for name in set(muster.list("departments")) - {whole}:
        (muster.folder_of(name) / "manifest.json").write_text("{}")
    muster("backup", "expire", "departments", "--keep", "1", "--older-than", "1h")
    assert whole in muster.list("departments")
    assert muster.verify(whole) == {whole: []}
