"""A restore that would break references is refused with the rows named, unless it is forced; what
was loaded since the backup is loaded again only on request."""

import pytest
from backup import Backups

DEPARTMENTS = ["1,Sales", "2,Legal"]
EMPLOYEES = ["1,Ada,2021-01-02T03:04:05Z,1,1", "2,Omar,2021-01-02T03:04:05Z,2,1"]
LATER = [
    "3,Mei,2021-01-02T03:04:05Z,3,1",
    "4,Ana,2021-01-02T03:04:05Z,4,1",
    "5,Luz,2021-01-02T03:04:05Z,4,1",
]


def write(muster, table, lines, part=""):
    (muster.source / f"{table}{part}.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture
def muster(tmp_path):
    """Backups of departments 1 and 2 and their employees; then came 3 and 4 with theirs."""
    muster = Backups(tmp_path)
    muster.source.mkdir()
    write(muster, "departments", DEPARTMENTS)
    write(muster, "jobs", ["1,Clerk"])
    write(muster, "hired_employees", EMPLOYEES)
    muster.load()
    muster.departments = muster.name("departments")
    write(muster, "departments", ["3,Support", "4,Archive"], "_2")
    write(muster, "hired_employees", LATER, "_2")
    muster.load()
    return muster


def ids(muster, table):
    return [row[0] for row in muster.rows(table)]


BROKEN = {
    "table": "hired_employees",
    "column": "department_id",
    "referenced": "departments",
    "rows": 3,
    "example": "3",
}


def test_refused_with_the_rows_named(muster):
    said = muster.restore(muster.departments, code=1)
    assert said["code"] == "conflict"
    for text in ("hired_employees.department_id", "3 rows", "departments", "such as 3"):
        assert text in said["message"], said
    assert "--force" in said["hint"]
    with muster.server() as server:
        answer = server.user().post(f"/departments/restore/{muster.departments}", None, 409)
        assert answer.json["code"] == "backup.conflict"
        assert "hired_employees.department_id: 3 rows" in answer.json["detail"]
    assert ids(muster, "departments") == [1, 2, 3, 4]
    assert muster.asides() == []
    assert list(muster.list()) == [muster.departments], "a refused restore needs no safety backup"


def test_a_dry_run_says_it(muster):
    said = muster.restore(muster.departments, "--dry-run")
    assert said["broken_references"] == [BROKEN]
    assert said["changes"] == {"added": 0, "removed": 2, "changed": 0}
    text = muster("backup", "restore", muster.departments, "--dry-run").stdout
    assert "references that break" in text and "3 rows" in text
    with muster.server() as server:
        path = f"/departments/restore/{muster.departments}?dry_run=true"
        assert server.user().post(path, None, 200).json["broken_references"] == [BROKEN]
    assert ids(muster, "departments") == [1, 2, 3, 4]
    assert muster.asides() == []


@pytest.mark.parametrize("how", ["cli", "http"])
def test_forced(muster, how):
    if how == "cli":
        done = muster.restore(muster.departments, "--force")
    else:
        with muster.server() as server:
            path = f"/departments/restore/{muster.departments}?force=true"
            done = server.user().post(path, None, 200).json
    assert ids(muster, "departments") == [1, 2]
    assert ids(muster, "hired_employees") == [1, 2, 3, 4, 5]
    # The safety backup mends what the force broke.
    assert muster.restore(done["safety_backup"], "--dry-run")["broken_references"] == []
    muster.restore(done["safety_backup"])
    assert ids(muster, "departments") == [1, 2, 3, 4]


def test_the_other_direction(muster):
    """Employees whose departments have gone since."""
    employees = muster.name("hired_employees")
    muster.restore(muster.departments, "--force")
    said = muster.restore(employees, code=1)
    assert "hired_employees.department_id: 3 rows" in said["message"], said
    assert muster.restore(employees, "--dry-run")["broken_references"] == [BROKEN]
    done = muster.restore(employees, "--force")
    assert done["rows"] == 5


def test_null_breaks_nothing(muster):
    write(muster, "hired_employees", ["6,,,,"], "_3")
    muster.load()
    employees = muster.name("hired_employees")
    assert muster.restore(employees)["broken_references"] == []
    assert ids(muster, "hired_employees") == [1, 2, 3, 4, 5, 6]


def test_what_was_loaded_since_is_listed(muster):
    done = muster.restore(muster.departments, "--force")
    assert done["objects_since"] == ["departments_2.csv"]
    tables, _ = muster.load()
    assert tables["departments"]["read"] == 0
    assert ids(muster, "departments") == [1, 2], "it was loaded again without being asked for"


@pytest.mark.parametrize("how", ["cli", "http"])
def test_reload_has_it_loaded_again(muster, how):
    if how == "cli":
        done = muster.restore(muster.departments, "--force", "--reload")
    else:
        with muster.server() as server:
            path = f"/departments/restore/{muster.departments}?force=true&reload=true"
            done = server.user().post(path, None, 200).json
    assert done["objects_since"] == ["departments_2.csv"]
    assert ids(muster, "departments") == [1, 2]
    tables, _ = muster.load()
    assert tables["departments"]["inserted"] == 2
    assert ids(muster, "departments") == [1, 2, 3, 4]


def test_the_next_load_sees_the_restored_rows(muster):
    """Files that come after a restore are judged against what is in the table now."""
    muster.restore(muster.departments, "--force")
    write(muster, "hired_employees", ["7,Eve,2021-01-02T03:04:05Z,3,1"], "_3")
    tables, _ = muster.load(code=None)
    assert tables["hired_employees"]["rejected"] == 1
    with muster.server() as server:
        row = {"id": 8, "name": "x", "datetime_": "2021-01-02T03:04:05Z", "job_id": 1}
        answer = server.user().post("/hiredemployees", row | {"department_id": 4})
        assert (answer.status, answer.codes) == (404, ["reference.missing"])
        server.user().post("/hiredemployees", row | {"department_id": 2}, 201)
