"""Rules that somebody added to a table of muster in PostgreSQL: what breaks them becomes a reject,
in the server's words, and everything else is loaded."""

import concurrent.futures
import json

import pytest
from api import Server
from postgres_loads import Loaded
from program import HIRING

ROWS_MAX = 1000  # kRefusedRowsMax
CODE = "destination.rejected"


def name(number):
    return f"Person {number:04}"


class Staff(Loaded):
    """Employees without references, as (id, name, department)."""

    def write(self, rows, file="hired_employees.csv"):
        self.source.mkdir(exist_ok=True)
        for empty in ("departments.csv", "jobs.csv"):
            (self.source / empty).write_text("1,one\n2,two\n3,three\n")
        lines = [f"{row[0]},{row[1]},2021-01-01T00:00:00Z,{row[2]},1\n" for row in rows]
        (self.source / file).write_text("".join(lines))

    def stored(self):
        return self.sql("SELECT id || ' ' || name FROM hired_employees ORDER BY id")

    def refused(self):
        """The lines whose records were refused, and their reasons."""
        listed = self("rejects", "list", "--table", "hired_employees", "--limit", "all", "--json")
        rejects = [json.loads(line) for line in listed.stdout.splitlines()]
        reasons = {}
        for reject in rejects:
            (reason,) = reject["reasons"]
            assert reason["code"] == CODE and reason["message"], reject
            reasons[reject["line"]] = reason
        assert len(reasons) == len(rejects)
        return reasons


@pytest.fixture
def staff(postgres, tmp_path):
    return Staff(postgres, tmp_path)


RAISES = """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.id % 40 = 7 THEN RAISE EXCEPTION 'nobody may be called %', NEW.name {how}; END IF;
    RETURN NEW; END $$;
    CREATE {what} TRIGGER refuse {when} INSERT OR UPDATE ON hired_employees
    {deferred} FOR EACH ROW EXECUTE FUNCTION refuse()"""
BEFORE = {"what": "", "when": "BEFORE", "deferred": ""}
DEFERRED = {
    "what": "CONSTRAINT", "when": "AFTER", "deferred": "DEFERRABLE INITIALLY DEFERRED",
}  # fmt: skip
SEVENTH = {number for number in range(1, 201) if number % 40 == 7}


@pytest.mark.parametrize(
    ("rule", "refused", "words"),
    [
        ("ALTER TABLE hired_employees ADD CONSTRAINT odd_one CHECK (id % 40 <> 7)",
         SEVENTH, "odd_one"),
        ("CREATE TABLE desks (id bigint PRIMARY KEY);"
         "INSERT INTO desks SELECT n FROM generate_series(1, 200) AS n WHERE n % 40 <> 7;"
         "ALTER TABLE hired_employees ADD CONSTRAINT has_desk FOREIGN KEY (id) REFERENCES desks",
         SEVENTH, "has_desk"),
        ("CREATE TABLE desks (id bigint PRIMARY KEY);"
         "INSERT INTO desks SELECT n FROM generate_series(1, 200) AS n WHERE n % 40 <> 7;"
         "ALTER TABLE hired_employees ADD CONSTRAINT has_desk FOREIGN KEY (id) REFERENCES desks"
         " DEFERRABLE INITIALLY DEFERRED", SEVENTH, "is not present in table"),
        # 100 and its like bear the name of their neighbour below.
        ("ALTER TABLE hired_employees ADD CONSTRAINT one_each UNIQUE (name)", {100, 200},
         "(name)=(Person 0099) already exists"),
        ("ALTER TABLE hired_employees ADD CONSTRAINT one_each UNIQUE (name)"
         " DEFERRABLE INITIALLY DEFERRED", {100, 200}, "one_each"),
        (RAISES.format(how="", **BEFORE), SEVENTH, "nobody may be called Person 0007"),
        (RAISES.format(how="USING ERRCODE = 'MY001'", **BEFORE), SEVENTH, "nobody may be called"),
        (RAISES.format(how="", **DEFERRED), SEVENTH, "nobody may be called"),
        ("ALTER TABLE hired_employees ALTER COLUMN id TYPE smallint",
         {33_000}, "smallint out of range"),
        ("ALTER TABLE hired_employees ALTER COLUMN name TYPE varchar(20)", {150}, "varying(20)"),
        ("ALTER TABLE hired_employees ALTER COLUMN name SET NOT NULL", {151}, "not-null"),
        ("CREATE INDEX ON hired_employees (name)", {152}, "index row"),
    ],
    ids=["check", "foreign-key", "foreign-key-deferred", "unique", "unique-deferred", "trigger",
         "trigger-state", "trigger-deferred", "smallint", "varchar", "not-null", "index"],
)  # fmt: skip
def test_what_breaks_a_rule_is_a_reject_and_the_rest_is_loaded(staff, rule, refused, words):
    rows = [[number, name(number), 1 + number % 3] for number in range(1, 201)]
    rows[99][1] = rows[98][1]
    rows[199][1] = rows[198][1]
    special = {33_000: [33_000, "far", 1], 150: [150, "x" * 21, 1], 151: [151, "", 1]}
    # What does not compress is too long for a page of an index.
    special[152] = [152, "".join(f"{n * 2654435761 % 2**32:08x}" for n in range(4000)), 1]
    for number in refused & special.keys():
        rows[149 if number == 33_000 else number - 1] = special[number]
    staff.write(rows)
    staff("migrate")
    staff.sql(rule)
    tables, summary = staff.load()
    assert summary["status"] == "succeeded"
    assert tables["hired_employees"]["rejected"] == len(refused)
    assert summary["rejects_by_code"] == {CODE: len(refused)}
    kept = [f"{row[0]} {row[1]}" for row in rows if row[0] not in refused and row[1]]
    assert staff.stored() == sorted(kept, key=lambda line: int(line.split()[0]))
    reasons = staff.refused()
    assert {rows[line - 1][0] for line in reasons} == refused
    assert any(words in reason["message"] for reason in reasons.values()), reasons
    assert all(len(reason["message"]) <= 1024 for reason in reasons.values())
    column = "name" if words == "not-null" else None
    assert {reason["column"] for reason in reasons.values()} == {column}


def test_a_changed_row_that_breaks_a_rule_leaves_the_old_one(staff):
    staff.write([[number, name(number), 1] for number in range(1, 101)])
    staff.load()
    before = staff.stored()
    staff.sql("ALTER TABLE hired_employees ADD CONSTRAINT short CHECK (name NOT LIKE '%new 7')")
    rows = [[number, f"new {number}", 2] for number in range(1, 151)]
    staff.write(rows)
    tables, _ = staff.load()
    counts = {part: tables["hired_employees"][part] for part in ("inserted", "updated", "rejected")}
    assert counts == {"inserted": 50, "updated": 99, "rejected": 1}
    expected = [f"{row[0]} {row[1]}" for row in rows]
    expected[6] = before[6]
    assert staff.stored() == expected
    assert list(staff.refused()) == [7]
    # The record is refused as long as the rule is there, then a replay loads it.
    exported = staff.folder / "repair.csv"
    staff("rejects", "export", "--table", "hired_employees", "--format", "csv", "--out", exported)
    staff("rejects", "replay", exported)
    assert list(staff.refused()) == [7]
    staff.sql("ALTER TABLE hired_employees DROP CONSTRAINT short")
    staff("rejects", "replay", exported)
    expected[6] = "7 new 7"
    assert staff.stored() == expected and not staff.refused()


def test_rows_that_need_each_other_are_not_refused_with_the_bad_ones(staff):
    """The one that a row refers to may come after it in the load."""
    staff.write([[number, name(number), 1] for number in range(1, 65)])
    staff("migrate")
    staff.sql(
        "ALTER TABLE hired_employees ADD COLUMN next_id bigint GENERATED ALWAYS AS"
        " (CASE id WHEN 18 THEN 30 WHEN 40 THEN 20 END) STORED REFERENCES hired_employees,"
        " ADD CONSTRAINT odd_one CHECK (id <> 20)"
    )
    tables, _ = staff.load()
    assert sorted(staff.refused()) == [20, 40]
    assert tables["hired_employees"]["inserted"] == 62


@pytest.mark.parametrize("bad", [ROWS_MAX, ROWS_MAX + 1])
def test_too_many_that_break_a_rule_fail_the_load(staff, bad):
    staff.write([[number, name(number), 1] for number in range(1, 3001)])
    staff("migrate")
    staff.sql(
        "ALTER TABLE hired_employees ADD CONSTRAINT wide"
        f" CHECK (id % 2 = 0 OR id > {2 * bad})"
    )
    if bad <= ROWS_MAX:
        tables, _ = staff.load()
        assert tables["hired_employees"]["rejected"] == bad
        assert staff.sql("SELECT count(*) FROM hired_employees") == [str(3000 - bad)]
        return
    done = staff("run", code=1)
    assert "more than 1,000 rows" in done.stderr and '"wide"' in done.stderr, done.stderr
    assert "hired_employees" in done.stderr
    assert staff.stored() == [] and not staff.refused()


def test_a_trigger_that_refuses_everything_fails_the_load(staff):
    staff.write([[number, name(number), 1] for number in range(1, 1102)])
    staff("migrate")
    staff.sql(
        """CREATE FUNCTION closed() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the table is closed'; END $$;
        CREATE TRIGGER closed BEFORE INSERT ON hired_employees EXECUTE FUNCTION closed()"""
    )
    done = staff("run", code=1)
    assert "the table is closed" in done.stderr
    assert staff.stored() == []


def test_a_right_that_is_missing_is_no_reject(staff):
    staff.write([[number, name(number), 1] for number in range(1, 11)])
    staff("migrate")
    staff.sql(
        """CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM 1 FROM nowhere; RETURN NEW; END $$;
        CREATE TRIGGER broken BEFORE INSERT ON hired_employees
        FOR EACH ROW EXECUTE FUNCTION broken()"""
    )
    done = staff("run", code=1)
    assert "nowhere" in done.stderr
    assert staff.stored() == [] and not staff.refused()


@pytest.mark.parametrize(("limit", "code"), [("{ rows = 5 }", 0), ("{ rows = 4 }", 4),
                                             ("{ percent = 2.4 }", 4)])  # fmt: skip
def test_the_reject_limit_counts_them(postgres, tmp_path, limit, code):
    config = tmp_path / "muster.toml"
    text = HIRING.read_text()
    key = 'files = "hired_employees*.csv*"\n'
    config.write_text(text.replace(key, f"{key}reject_limit = {limit}\n"))
    for report in HIRING.parent.glob("reports/*.sql"):
        (tmp_path / "reports").mkdir(exist_ok=True)
        (tmp_path / "reports" / report.name).write_text(report.read_text())
    staff = Staff(postgres, tmp_path)
    staff.config = config
    staff.write([[number, name(number), 1] for number in range(1, 201)])
    staff("migrate")
    staff.sql("ALTER TABLE hired_employees ADD CONSTRAINT odd_one CHECK (id % 40 <> 7)")
    done = staff("run", code=code)
    assert len(staff.refused()) == 5, "the rejects are kept"
    assert len(staff.stored()) == (195 if code == 0 else 0)
    if code == 4:
        assert "5 of 200 records were rejected" in done.stderr


# --- rows by request ----------------------------------------------------------------------------


@pytest.fixture
def api(postgres, tmp_path):
    """A server, its client and SQL in its database; the jobs have a rule of their own."""
    staff = Staff(postgres, tmp_path)
    staff("migrate")
    staff.sql(
        """ALTER TABLE jobs ADD CONSTRAINT no_bosses CHECK (job <> 'boss');
        ALTER TABLE jobs ADD CONSTRAINT one_each UNIQUE (job) DEFERRABLE INITIALLY DEFERRED"""
    )
    folder = tmp_path / "server"
    folder.mkdir()
    with Server(folder, env={"MUSTER_WAREHOUSE": staff.url}) as server:
        yield server, staff


def jobs_of(staff):
    return staff.sql("SELECT id || ' ' || job FROM jobs ORDER BY id")


def test_a_posted_row_that_breaks_a_rule_is_refused_alone(api):
    server, staff = api
    client = server.user()
    rows = [{"id": 1, "job": "cook"}, {"id": 2, "job": "boss"}, {"id": 3, "job": "cook"}]
    refused = client.post("/jobs", rows, 422)
    assert refused.codes == [CODE, CODE]
    assert [error["pointer"].split("/")[1] for error in refused.json["errors"]] == ["1", "2"]
    assert "no_bosses" in refused.json["errors"][0]["detail"]
    assert "one_each" in refused.json["errors"][1]["detail"]
    assert jobs_of(staff) == []
    answer = client.post("/jobs", rows, 200, Prefer="handling=lenient").json
    assert (answer["inserted"], answer["rejected"]) == (1, 2)
    assert jobs_of(staff) == ["1 cook"]
    listed = client.get("/rejects?table=jobs").json
    assert [reject["reasons"][0]["code"] for reject in listed] == [CODE] * 2
    merged = [{"id": 1, "job": "boss"}, {"id": 4, "job": "clerk"}]
    merge = "resolution=merge-duplicates"
    assert client.post("/jobs", merged, 422, Prefer=merge).codes == [CODE]
    answer = client.post("/jobs", merged, 200, Prefer=f"{merge}, handling=lenient").json
    assert (answer["inserted"], answer["updated"], answer["rejected"]) == (1, 0, 1)
    assert jobs_of(staff) == ["1 cook", "4 clerk"]
    assert server.stop() == 0


def test_requests_that_share_a_commit_do_not_spoil_each_other(api):
    server, staff = api
    token = server.user().token

    def post(number):
        bad = number % 3 == 0
        rows = [{"id": number * 10 + i + 1, "job": f"{number} {i}"} for i in range(5)]
        if bad:
            rows[3]["job"] = "boss"
        client = server.client(token)
        key = f"key-{number}"
        answer = client.post("/jobs", rows, 422 if bad else 201, Idempotency_Key=key)
        assert not bad or answer.codes == [CODE]
        return number, bad

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = list(pool.map(post, range(24)))
    kept = [
        f"{number * 10 + i + 1} {number} {i}" for number, bad in done if not bad for i in range(5)
    ]
    assert sorted(jobs_of(staff)) == sorted(kept)


def test_what_stands_in_the_way_for_a_moment_only_is_written_then(api):
    """As a value that a transaction of somebody else had, which was rolled back."""
    server, staff = api
    staff.sql(
        """CREATE SEQUENCE public.asked;
        CREATE FUNCTION wait_for() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('public.asked') <= 2 THEN
                RAISE EXCEPTION 'somebody writes it' USING ERRCODE = 'unique_violation';
            END IF;
            RETURN NEW; END $$;
        CREATE TRIGGER wait_for BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION wait_for()"""
    )
    server.user().post("/jobs", [{"id": 1, "job": "cook"}], 201)
    assert jobs_of(staff) == ["1 cook"]
    assert server.stop() == 0
