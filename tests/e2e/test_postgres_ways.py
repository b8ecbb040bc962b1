"""The ways by which rows come into a table of PostgreSQL: straight into one that is empty, by a
temporary table, updated with or without being counted before. What is loaded is the same by all."""

import subprocess
import time

import pytest
from postgres import PASSWORD, name_of
from postgres_loads import Loaded
from program import Program

FEW_VALUES_MAX = 10_000  # kFewValuesMax
GATE = "pg_advisory_xact_lock(hashtextextended('muster gate of public.hired_employees', 0))"
COUNTS = ("read", "inserted", "updated", "unchanged", "deduplicated", "rejected")


@pytest.fixture
def staff(postgres, tmp_path):
    return Loaded(postgres, tmp_path)


def write(folder, rows, file="hired_employees.csv", departments=3):
    """Employees as (id, name, department)."""
    folder.mkdir(exist_ok=True)
    (folder / "jobs.csv").write_text("1,one\n")
    lines = [f"{number},Department {number}\n" for number in range(1, departments + 1)]
    (folder / "departments.csv").write_text("".join(lines))
    lines = [f"{row[0]},{row[1]},2021-01-01T00:00:00Z,{row[2]},1\n" for row in rows]
    (folder / file).write_text("".join(lines))


def people(numbers, call="Person"):
    return [(number, f"{call} {number}", number % 3 + 1) for number in numbers]


def counts(muster, *options, code=0):
    table = muster.load(*options, code=code)[0]["hired_employees"]
    return {name: table[name] for name in COUNTS}


def test_rules_of_a_table_see_the_first_load(staff):
    write(staff.source, people(range(100)))
    staff("migrate")
    staff.sql(
        "CREATE TABLE seen (id bigint); CREATE RULE seen AS ON INSERT TO hired_employees"
        " DO ALSO INSERT INTO seen VALUES (NEW.id)"
    )
    assert counts(staff)["inserted"] == 100
    assert staff.sql("SELECT count(*) FROM seen") == ["100"]


def test_row_security_holds_for_the_first_load(postgres, tmp_path):
    url = postgres.database()
    name = name_of(url)
    postgres.psql(
        f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'; ALTER DATABASE {name} OWNER TO {name}"
    )
    staff = Loaded(postgres, tmp_path, url=url.replace("muster:", f"{name}:"))
    write(staff.source, people(range(1, 101)))
    staff("migrate")
    staff.sql(
        "ALTER TABLE hired_employees ENABLE ROW LEVEL SECURITY;"
        "ALTER TABLE hired_employees FORCE ROW LEVEL SECURITY;"
        "CREATE POLICY all_of_them ON hired_employees USING (true)"
    )
    assert counts(staff)["inserted"] == 100
    assert staff.sql("SELECT count(*) FROM hired_employees") == ["100"]


def test_a_row_that_comes_while_the_load_waits_is_updated(staff, postgres):
    write(staff.source, people(range(1, 101)))
    staff("migrate")
    holder = subprocess.Popen(
        ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", staff.url],
        stdin=subprocess.PIPE, text=True,
    )  # fmt: skip
    holder.stdin.write(f"BEGIN; SELECT {GATE};\n")
    holder.stdin.flush()
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
    while postgres.psql(held) == ["0"]:
        time.sleep(0.05)
    run = staff.start("run", "--json")
    while postgres.psql(waiting) == ["0"]:
        assert run.poll() is None, run.communicate()
        time.sleep(0.05)
    holder.stdin.write("INSERT INTO hired_employees (id, name) VALUES (1, 'Early'); COMMIT;\n")
    holder.stdin.close()
    assert holder.wait(timeout=30) == 0
    said = run.communicate(timeout=60)
    assert run.returncode == 0, said
    assert staff.sql(
        "SELECT outcome::json->'counts'->>'inserted', outcome::json->'counts'->>'updated'"
        " FROM muster.publications WHERE table_name = 'hired_employees'"
    ) == ["99|1"]
    assert staff.sql("SELECT name FROM hired_employees WHERE id = 1") == ["Person 1"]


@pytest.mark.parametrize("values", [FEW_VALUES_MAX - 1, FEW_VALUES_MAX, FEW_VALUES_MAX + 1])
@pytest.mark.parametrize("missing", [0, 1])
def test_references_of_few_and_of_many_values(staff, values, missing):
    rows = [(number, f"Person {number}", number) for number in range(1, values + 1)]
    write(staff.source, rows, departments=values - missing)
    assert counts(staff) == {
        "read": values, "inserted": values - missing, "updated": 0, "unchanged": 0,
        "deduplicated": 0, "rejected": missing,
    }  # fmt: skip
    rejects = staff.sql("SELECT line, reasons FROM muster.rejects")
    assert len(rejects) == missing
    for reject in rejects:
        assert reject.startswith(f"{values}|") and "reference.missing" in reject


@pytest.mark.parametrize(
    ("again", "more"),
    [
        (people(range(300), "New"), []),
        (people(range(300), "New"), people(range(300, 600))),
        (people(range(200), "New") + people(range(200, 300)), people(range(250, 320), "Other")),
        (people(range(3), "New") + people(range(3, 300)), people(range(300, 303))),
        (people(range(300)), people(range(300, 400))),
        (people(range(1000, 1300), "New"), people(range(300))),
    ],
    ids=["all", "all and new", "most", "few", "none", "none known"],
)
def test_a_second_load_counts_as_duckdb_does(staff, tmp_path, again, more):
    plain = Program(tmp_path / "duckdb", staff.source)
    plain.env = {name: v for name, v in staff.env.items() if name != "MUSTER_WAREHOUSE"}
    found = []
    for muster in (staff, plain):
        write(staff.source, people(range(300)))
        (staff.source / "hired_employees_2.csv").unlink(missing_ok=True)
        first = counts(muster)
        write(staff.source, again)
        if more:
            write(staff.source, more, "hired_employees_2.csv")
        second = counts(muster)
        objects = muster.query(
            "SELECT object, inserted, updated, unchanged, deduplicated, rejected"
            " FROM muster.objects WHERE table_name = 'hired_employees' ORDER BY 1"
        )
        found.append((first, second, objects, muster.employees()))
    assert found[0] == found[1]
    assert found[0][0]["inserted"] == 300


TRIGGER = """CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} END $$;
    CREATE TRIGGER meddle BEFORE UPDATE ON hired_employees FOR EACH ROW EXECUTE FUNCTION meddle()"""


def test_rows_that_a_trigger_keeps_as_they_are_do_not_count_as_unchanged(staff):
    write(staff.source, people(range(300)))
    counts(staff)
    staff.sql(TRIGGER.format("IF NEW.id % 10 = 0 THEN RETURN NULL; END IF; RETURN NEW;"))
    before = staff.employees()
    write(staff.source, people(range(300), "New"))
    said = staff("run", code=1)
    assert "300 rows have changed, but 270 were updated" in said.stdout + said.stderr
    assert staff.employees() == before


def test_rows_that_a_trigger_rewrites_are_updated(staff):
    write(staff.source, people(range(300)))
    counts(staff)
    staff.sql(TRIGGER.format("NEW.name := upper(NEW.name); RETURN NEW;"))
    write(staff.source, people(range(200), "New") + people(range(200, 310)))
    assert counts(staff) == {
        "read": 310, "inserted": 10, "updated": 200, "unchanged": 100, "deduplicated": 0,
        "rejected": 0,
    }  # fmt: skip
    names = "SELECT count(*) FROM hired_employees WHERE name LIKE '{} %'"
    assert [staff.sql(names.format(name)) for name in ("NEW", "Person")] == [["200"], ["110"]]
