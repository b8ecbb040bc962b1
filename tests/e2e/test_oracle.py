"""Whole runs on random dirty data, against an independent implementation of load and reports."""

import random

import oracle
import pandas
import pytest
from program import Program

SEEDS = range(16)
DEPARTMENTS = range(1, 9)
JOBS = range(1, 16)


def clean_row(rng, key):
    name = rng.choice(["Ada", "  Björn ", '"Ruiz, Ana"', '"the ""boss"""', "李", "", '" "', "\tx\t"])
    year = rng.choice([2020, 2021, 2021, 2021, 2022])
    day = f"{year}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    clock = f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}"
    zone = rng.choice(["Z", "Z", "z", "+05:30", "-11:00", ".5Z", ".1234560Z"])
    when = rng.choice([f"{day}T{clock}{zone}", f'"{day} {clock}{zone}"', ""])
    department = rng.choice([*DEPARTMENTS, ""])
    job = rng.choice([*JOBS, "", "+3", "007"])
    return [str(key), name, when, str(department), str(job)]


def spoil(rng, row):
    """One or more faults; the oracle judges them, so they need no names here."""
    for _ in range(rng.choice([1, 1, 1, 2])):
        column = rng.randrange(len(row))
        row[column] = rng.choice(
            [
                "x", "1.5", "--1", "9223372036854775808", "2021-02-29T00:00:00Z",
                "2021-13-01T00:00:00Z", "2021-01-01T24:00:00Z", "2021-01-01T00:00:00",
                "2021-01-01T00:00:00+0530", "0", "99", 'a"b', '"a" ', '"a"b', "", " ", "a\0b",
                "2021-01-01T00:00:00.1234567Z",
            ]
        )  # fmt: skip
    if rng.random() < 0.2:
        row.append("more")
    if rng.random() < 0.1:
        row.pop()
    return row


def make_file(rng, rows, keys):
    lines = []
    for _ in range(rows):
        row = clean_row(rng, rng.randint(1, keys))
        if rng.random() < 0.15:
            row = spoil(rng, row)
        line = ",".join(row).encode()
        if rng.random() < 0.01:
            line = line.replace(b"a", b"\xff")
        lines.append(line)
        if rng.random() < 0.02:
            lines.append(b"")
    lines += [b"%d,,,77,%d" % (rng.randint(1, keys), job) for job in (1, 99)]
    return b"\n".join(lines) + rng.choice([b"", b"\n"])


def check(muster, model, files):
    expected, codes = model.load_employees(files)
    tables, summary = muster.load()
    found = tables["hired_employees"]
    for name in ("read", "inserted", "updated", "unchanged", "deduplicated", "rejected"):
        assert found[name] == expected[name], (name, found, expected)
    by_code = {c: n for c, n in summary["rejects_by_code"].items() if c != "key.duplicate"}
    assert by_code == dict(codes)
    assert muster.employees() == model.employees
    check_reports(muster, model)


def check_reports(muster, model):
    frame = pandas.DataFrame(
        [(us, department, job) for _, us, department, job in model.employees.values()],
        columns=["us", "department_id", "job_id"],
    ).dropna(subset=["us"])
    when = pandas.to_datetime(frame["us"].astype("int64"), unit="us")
    frame = frame.assign(quarter=when.dt.quarter)[when.dt.year == 2021]

    frame = frame.assign(
        department=frame["department_id"].map(model.departments),
        job=frame["job_id"].map(model.jobs),
    )
    pivot = frame.dropna(subset=["department", "job"]).pivot_table(
        index=["department", "job"], columns="quarter", values="us", aggfunc="count", fill_value=0
    )
    pivot = pivot.reindex(columns=[1, 2, 3, 4], fill_value=0).sort_index()
    expected = [(*names, *map(int, row)) for names, row in zip(pivot.index, pivot.values)]
    found = muster.report("hires_by_quarter", 2021)
    columns = ("department", "job", "q1", "q2", "q3", "q4")
    assert [tuple(row[c] for c in columns) for row in found] == expected

    hired = frame.groupby("department_id").size().reindex(list(model.departments), fill_value=0)
    above = hired[hired > hired.mean()]
    found = muster.report("departments_above_mean", 2021)
    assert {(row["id"], row["department"], row["hired"]) for row in found} == {
        (key, model.departments[key], int(count)) for key, count in above.items()
    }
    assert [row["hired"] for row in found] == sorted(above, reverse=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_runs_match_an_independent_implementation(tmp_path, seed):
    rng = random.Random(seed)
    muster = Program(tmp_path)
    muster.source.mkdir()
    model = oracle.Hiring()
    for name, numbers in (("departments", DEPARTMENTS), ("jobs", JOBS)):
        data = b"".join(b'%d,"%s %d"\n' % (n, name.encode(), n) for n in numbers)
        (muster.source / f"{name}.csv").write_bytes(data)
        model.load_names(data, getattr(model, name))

    def write(number, rows=200):
        data = make_file(rng, rows, keys=rng.choice([150, 100_000]))
        (muster.source / f"hired_employees-{number}.csv").write_bytes(data)
        return data

    files = [write(number) for number in range(3)]
    check(muster, model, files)

    # A changed file is loaded again with those after it.
    files[1] = write(1, rows=80)
    check(muster, model, files[1:])

    # A file more, behind the others.
    files.append(write(3, rows=50))
    check(muster, model, files[3:])

    tables, _ = muster.load()
    assert tables["hired_employees"]["read"] == 0
    assert tables["hired_employees"]["files_skipped"] == 4
    assert muster.employees() == model.employees
