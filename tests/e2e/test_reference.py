"""The real hiring files give the reference results of the specification."""

import json

import pytest
from program import REAL, Program, need_real

ABOVE_MEAN = {
    "Support": 221,
    "Engineering": 208,
    "Human Resources": 204,
    "Services": 204,
    "Business Development": 187,
    "Research and Development": 151,
    "Marketing": 143,
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    need_real()
    muster = Program(tmp_path_factory.mktemp("reference"), REAL)
    result = muster("run", "--json")
    return muster, json.loads(result.stdout.splitlines()[-1])


def test_everything_is_read_and_loaded(loaded):
    _, summary = loaded
    assert summary["type"] == "summary"
    tables = {table["table"]: table for table in summary["tables"]}
    read = {name: table["read"] for name, table in tables.items()}
    assert read == {"departments": 12, "jobs": 183, "hired_employees": 1999}
    assert {name: table["inserted"] for name, table in tables.items()} == read


def test_departments_above_mean(loaded):
    rows = loaded[0].report("departments_above_mean", 2021)
    assert {row["department"]: row["hired"] for row in rows} == ABOVE_MEAN
    assert [row["hired"] for row in rows] == [221, 208, 204, 204, 187, 151, 143]


def test_hires_by_quarter(loaded):
    rows = loaded[0].report("hires_by_quarter", 2021)
    quarters = ("q1", "q2", "q3", "q4")
    assert sum(row[q] for row in rows for q in quarters) == 1659

    def of(department):
        return [sum(row[q] for row in rows if row["department"] == department) for q in quarters]

    assert of("Support") == [33, 64, 58, 62]
    assert of("Engineering") == [27, 46, 61, 73]
    names = [(row["department"], row["job"]) for row in rows]
    assert names == sorted(set(names))
    assert all(sum(row[q] for q in quarters) > 0 for row in rows)


def test_a_second_run_loads_nothing_and_says_why(loaded):
    muster, _ = loaded
    tables, _ = muster.load()
    assert all(table["read"] == 0 and table["files_skipped"] == 1 for table in tables.values())
    said = muster("run")
    assert "unchanged" in said.stdout + said.stderr


def test_another_year(loaded):
    assert loaded[0].report("departments_above_mean", 1999) == []
