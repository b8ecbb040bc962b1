"""A table changed after its backup comes back exactly, by command line and over HTTP."""

import pytest
from backup import FILES, Backups
from program import REAL, need_real

# Of 2021, as test_reference.py has them by department.
ABOVE_MEAN = [221, 208, 204, 204, 187, 151, 143]
NEW = {"datetime_": "2021-03-04T05:06:07Z", "department_id": 8, "job_id": 1}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    need_real()
    muster = Backups(tmp_path_factory.mktemp("backup"), REAL)
    muster.load()
    return muster


def check_reports(muster):
    rows = muster.report("departments_above_mean", 2021)
    assert [row["hired"] for row in rows] == ABOVE_MEAN
    hires = muster.report("hires_by_quarter", 2021)
    assert sum(row[q] for row in hires for q in ("q1", "q2", "q3", "q4")) == 1659


def spoil(client, rows):
    """Renames the first 50 employees, moves them, and adds 40 more; the number changed."""
    changed = [NEW | {"id": row[0], "name": f"Changed {row[0]}"} for row in rows[:50]]
    added = [NEW | {"id": 10_000 + i, "name": f"Added {i}"} for i in range(40)]
    answer = client.post(
        "/hiredemployees", changed + added, 200, Prefer="resolution=merge-duplicates"
    )
    assert (answer.json["inserted"], answer.json["updated"]) == (40, 50), answer


def entries(client):
    """The backups that are listed, by name."""
    return {e["backup_name"]: e for e in client.get("/hiredemployees/backups").json}


def test_by_command_line(loaded):
    before = loaded.rows("hired_employees")
    assert len(before) == 1999
    name = loaded.name("hired_employees")
    assert loaded.verify(name) == {name: []}
    with loaded.server() as server:
        spoil(server.user(), before)
        assert server.stop() == 0
    spoiled = loaded.rows("hired_employees")
    assert len(spoiled) == 2039 and spoiled != before

    looked = loaded.restore(name, "--dry-run")
    assert looked["changes"] == {"added": 0, "removed": 40, "changed": 50}
    assert looked["broken_references"] == []
    assert loaded.rows("hired_employees") == spoiled

    done = loaded.restore(name)
    assert (done["backup_name"], done["rows"]) == (name, 1999)
    assert loaded.rows("hired_employees") == before
    check_reports(loaded)

    safety = done["safety_backup"]
    assert loaded.list("hired_employees")[safety]["reason"] == "safety"
    assert loaded.verify(safety, name) == {safety: [], name: []}
    again = loaded.restore(safety)
    assert loaded.rows("hired_employees") == spoiled
    assert loaded.restore(again["safety_backup"])["rows"] == 1999
    assert loaded.rows("hired_employees") == before
    assert loaded.asides() == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_over_http(loaded, method):
    before = loaded.rows("hired_employees")
    with loaded.server() as server:
        client = server.user()
        made = client(method, "/hiredemployees/backup", want=200).json
        assert made["message"] and made["rows"] == 1999
        name = made["backup_name"]
        listed = entries(client)
        assert listed[name] == {k: v for k, v in made.items() if k != "message"}

        etag = client.get("/hired2021").headers["etag"]
        spoil(client, before)
        spoiled = client.get("/hired2021", If_None_Match=etag)
        done = client(method, f"/hiredemployees/restore/{name}", want=200).json
        assert done["message"] and (done["backup_name"], done["rows"]) == (name, 1999)
        hires = client.get("/hired2021").json
        assert hires != spoiled.json
        assert sum(row[q] for row in hires for q in ("q1", "q2", "q3", "q4")) == 1659
        above = client.get("/qtrlyhired").json
        assert [row["hired"] for row in above] == ABOVE_MEAN
        assert client.get("/hiredemployees/10001", want=404)
        # A table that was swapped in takes rows like any other, and knows its keys.
        row = NEW | {"id": before[0][0], "name": "again"}
        assert client.post("/hiredemployees", row, 409).codes == ["key.exists"]
        client.post("/hiredemployees", NEW | {"id": 77_777, "name": "after"}, 201)
        again = client(method, f"/hiredemployees/restore/{name}", want=200).json
        safety = entries(client)[again["safety_backup"]]
        assert (safety["reason"], safety["rows"]) == ("safety", 2000)
        assert server.stop() == 0, server.log()
    assert loaded.rows("hired_employees") == before
    check_reports(loaded)
    loaded.restore(done["safety_backup"])
    assert len(loaded.rows("hired_employees")) == 2039
    loaded.restore(name)
    assert loaded.rows("hired_employees") == before


def test_a_backup_while_the_server_owns_the_data(loaded):
    """The verbs are handed to the server, and the server sees what they did."""
    before = loaded.rows("hired_employees")
    with loaded.server() as server:
        client = server.user()
        name = loaded.name("hired_employees")
        assert entries(client)[name]["rows"] == len(before)
        spoil(client, before)
        assert client.get("/hiredemployees/10001")
        loaded.restore(name)
        client.get("/hiredemployees/10001", 404)
        above = client.get("/qtrlyhired").json
        assert [row["hired"] for row in above] == ABOVE_MEAN
        assert server.stop() == 0, server.log()
    assert loaded.rows("hired_employees") == before


@pytest.mark.parametrize("file", [*FILES, "manifest.json"])
def test_one_changed_byte_is_found(loaded, file):
    name = loaded.name("hired_employees")
    path = loaded.folder_of(name) / file
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 0x20
    path.write_bytes(data)
    (problem,) = loaded.verify(name, code=7)[name]
    assert file in problem or "manifest" in problem and file == "manifest.json"
    said = loaded("backup", "verify", name, code=7)
    assert "damaged" in said.stdout and problem in said.stdout


def test_all_tables_at_once(loaded):
    made = {entry["table"]: entry for entry in loaded.create()}
    assert {table: entry["rows"] for table, entry in made.items()} == {
        "departments": 12,
        "jobs": 183,
        "hired_employees": 1999,
    }
    names = [entry["backup_name"] for entry in made.values()]
    assert loaded.verify(*names) == {name: [] for name in names}
    assert set(names) <= set(loaded.list())
