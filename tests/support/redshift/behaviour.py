"""What muster does on any Redshift: on the stand-in, over libpq and by the Data API, and on a
cluster (tests/live). `muster` is an OnRedshift or what looks like one; `expected` what
expected_states() returns."""

import json

from program import Program
from redshift.muster import state


def employees(first, last, changed=0):
    """Rows with what loads must settle: doubles, refused values, references to nothing."""
    lines = []
    for number in range(first, last + 1):
        name = f"Élise {number}" if number % 3 else ""
        if changed and number % changed == 0:
            name += " again"
        when = f"2021-{number % 12 + 1:02}-{number % 28 + 1:02}T10:00:00Z"
        department = 99 if number % 50 == 7 else number % 5 + 1
        lines.append(f"{number},{name},{when},{department},{number % 4 + 1}")
        if number % 40 == 3:
            lines.append(lines[-1].replace("10:00", "11:00"))
        if number % 60 == 5:
            lines.append(f"{number + 100000},x,yesterday,1,1")
    return "".join(line + "\n" for line in lines).encode()


def source(count, changed=0):
    return {
        "departments.csv": "".join(f"{n},Department {n}\n" for n in range(1, 6)).encode(),
        "jobs.csv": "".join(f"{n},Job {n}\n" for n in range(1, 5)).encode(),
        "hired_employees.csv": employees(1, count, changed),
    }


FIRST, SECOND = source(400), source(450, changed=7)


def expected_states(folder):
    """What DuckDB holds after the first version of the source, and after both."""
    states, program = [], Program(folder)
    program.env = {n: v for n, v in program.env.items() if n != "MUSTER_WAREHOUSE"}
    program.source.mkdir()
    for files in (FIRST, SECOND):
        for name, body in files.items():
            (program.source / name).write_bytes(body)
        program.load()
        states.append(state(program))
    return states


def it_holds_what_duckdb_holds(muster, expected):
    muster.put_source(FIRST)
    muster.load()
    assert state(muster) == expected[0]
    muster.put_source(SECOND)
    muster.load()
    assert state(muster) == expected[1]
    again, _ = muster.load()
    assert all(table["read"] == 0 for table in again.values()), again


def a_backup_is_restored(muster, expected, form):
    muster.put_source(FIRST)
    muster.load()
    muster("backup", "create", "hired_employees")
    made = json.loads(muster("backup", "list", "hired_employees", "--json").stdout)[0]
    muster("backup", "verify", made["backup_name"])
    muster.put_source(SECOND)
    muster.load()
    muster("backup", "restore", made["backup_name"], "--from", form)
    assert state(muster)["hired_employees"] == expected[0]["hired_employees"]


def queries_change_nothing(muster):
    """After a load."""
    assert muster.query("SELECT COUNT(*) AS n FROM jobs") == [{"n": 4}]
    rows = muster.query(
        "SELECT id, CAST(id AS BIGINT) AS wide, CAST(id AS DECIMAL(9,2)) AS exact, id > 2 AS large,"
        " CAST(id AS DOUBLE PRECISION) / 8 AS share, job, CAST(NULL AS VARCHAR(9)) AS nothing"
        " FROM jobs ORDER BY id DESC"
    )
    assert rows[0] == {
        "id": 4, "wide": 4, "exact": 4.0, "large": True, "share": 0.5, "job": "Job 4",
        "nothing": None,
    }, rows[0]  # fmt: skip
    for sql in ("DELETE FROM jobs", "SELECT * INTO other FROM jobs", "SELECT nothing FROM jobs"):
        done = muster("query", sql, code=2)
        assert done.stderr, sql
    assert muster.query("SELECT COUNT(*) AS n FROM jobs") == [{"n": 4}]


def findings(muster, code=0):
    """What doctor says of the warehouse: status, message and remedy by check."""
    found = json.loads(muster("doctor", "--json", code=code).stdout)
    return {
        row["check"].removeprefix("warehouse: "): (row["status"], row["message"], row["remedy"])
        for row in found
        if row["check"].startswith("warehouse: ")
    }


def doctor_is_content(muster):
    found = findings(muster)
    assert {"reach", "version", "clock", "rights", "copy", "unload"} <= set(found)
    assert {status for status, _, _ in found.values()} == {"ok"}, found


def all_of_it(muster, expected):
    """On a database without anything of muster's."""
    it_holds_what_duckdb_holds(muster, expected)
    queries_change_nothing(muster)
    doctor_is_content(muster)
    muster("backup", "create", "hired_employees")
    made = json.loads(muster("backup", "list", "hired_employees", "--json").stdout)[0]
    for form in ("parquet", "avro"):
        muster("backup", "restore", made["backup_name"], "--from", form)
        assert state(muster)["hired_employees"] == expected[1]["hired_employees"], form
