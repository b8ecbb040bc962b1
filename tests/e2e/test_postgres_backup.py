"""Backups and PostgreSQL: they move between the kinds of warehouses, and a restore leaves the table
as its users know it."""

import shutil
import subprocess
import threading
import time

import pytest
import warehouse
from backup import facts_of, parquet_rows
from postgres import name_of
from postgres_loads import Session
from things import CATALOG, KINDS, Things, make_rows, write_source

COLUMN = '\n[[table.column]]\nname = "{}"\ntype = "{}"\n{}'
EXTRA = {"id": "", "text": "nullable = true\nkeep_empty = true\n"}


class OnPostgres(Things):
    def __init__(self, folder, url, **options):
        super().__init__(folder, **options)
        self.url = url
        self.env = self.env | {"MUSTER_WAREHOUSE": url}

    def psql(self, sql):
        return warehouse.psql(self.url, sql)


@pytest.fixture
def config(tmp_path):
    columns = (
        COLUMN.format(name, kind, EXTRA.get(name, "nullable = true\n"))
        for name, kind in KINDS.items()
    )
    path = tmp_path / "types.toml"
    path.write_text(CATALOG + "api = { allow_null = true }\n" + "".join(columns))
    return path


@pytest.fixture
def things(tmp_path, postgres, config):
    """The table of every type on PostgreSQL, loaded."""
    muster = OnPostgres(tmp_path / "p", postgres.database(), source=tmp_path / "source",
                        config=config)  # fmt: skip
    muster.values = make_rows(5, 300)
    write_source(muster, muster.values)
    muster.load()
    return muster


@pytest.fixture
def on_duckdb(tmp_path, config):
    muster = Things(tmp_path / "d", tmp_path / "source", config)
    muster.env = {k: v for k, v in muster.env.items() if k != "MUSTER_WAREHOUSE"}
    return muster


def move(name, giver, taker):
    shutil.copytree(giver.folder_of(name), taker.folder_of(name))


def test_both_hold_the_same(things, on_duckdb):
    on_duckdb.load()
    assert things.rows() == on_duckdb.rows() == things.values
    (here,) = things.create("things")
    (there,) = on_duckdb.create("things")
    assert here["content_checksum"] == there["content_checksum"]
    assert parquet_rows(things.folder_of(here["backup_name"])) == things.values
    assert things.verify(here["backup_name"]) == {here["backup_name"]: []}


@pytest.mark.parametrize("form", ["parquet", "avro"])
@pytest.mark.parametrize("to_postgres", [True, False])
def test_a_backup_moves_between_warehouses(things, on_duckdb, form, to_postgres):
    giver, taker = (on_duckdb, things) if to_postgres else (things, on_duckdb)
    on_duckdb.load()
    name = giver.name("things")
    write_source(things, make_rows(6, 350)[20:])
    taker.load("--force")
    assert taker.rows() != things.values
    move(name, giver, taker)
    dry = taker.restore(name, "--from", form, "--dry-run")
    assert dry["changes"]["removed"] == 50, dry
    taker.restore(name, "--from", form)
    assert taker.rows() == things.values
    (again,) = taker.create("things")
    assert again["content_checksum"] == facts_of(giver.folder_of(name))["content_checksum"]
    assert taker.query("SELECT * FROM muster.asides") == []


def test_more_rows_than_a_chunk_holds(things, on_duckdb):
    """Rows go between the engine and the server in chunks of 2,048."""
    values = make_rows(7, 5000)
    write_source(things, values)
    things.load("--force")
    on_duckdb.load()
    name = things.name("things")
    assert facts_of(things.folder_of(name))["content_checksum"] == (
        facts_of(on_duckdb.folder_of(on_duckdb.name("things")))["content_checksum"]
    )
    assert parquet_rows(things.folder_of(name)) == values
    things.psql("DELETE FROM things WHERE id % 3 = 0")
    things.restore(name)
    assert things.rows() == values


def shape(things):
    """What PostgreSQL knows of the table besides its rows."""
    return things.psql(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'things' ORDER BY 1;"
    ) + things.psql(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = 'things'::regclass ORDER BY 1"
    ) + things.psql(
        "SELECT relowner::regrole, array_to_string(array(SELECT unnest(relacl)::text ORDER BY 1),"
        " ' ') FROM pg_class WHERE oid = 'things'::regclass"
    ) + things.psql(
        "SELECT attname, format_type(atttypid, atttypmod), attnotnull, attcollation::regcollation,"
        " attacl, col_description(attrelid, attnum) FROM pg_attribute"
        " WHERE attrelid = 'things'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    ) + things.psql(
        "SELECT oid, relacl, reloptions, pg_get_viewdef(oid) FROM pg_class"
        " WHERE relname IN ('seen', 'of_view') ORDER BY 1"
    )  # fmt: skip


def test_a_restore_leaves_the_table_as_its_users_know_it(things):
    role = f"reader_{name_of(things.url)}"
    things.psql(
        f"CREATE ROLE {role}; GRANT SELECT ON things TO PUBLIC; GRANT SELECT, INSERT ON things"
        f" TO {role} WITH GRANT OPTION; GRANT UPDATE (small) ON things TO {role};"
        ' CREATE INDEX "by ""day""" ON things (day DESC NULLS LAST) WHERE flag;'
        " CREATE UNIQUE INDEX ON things (id, lower(text));"
        " ALTER TABLE things ADD CONSTRAINT never CHECK (id > -100);"
        " COMMENT ON COLUMN things.small IS 'a note';"
        " CREATE VIEW seen WITH (security_barrier=true) AS SELECT id, text FROM things"
        " WHERE id < 1000 GROUP BY id; CREATE VIEW of_view AS SELECT count(*) AS n FROM seen;"
        f" GRANT SELECT ON seen TO {role}"
    )
    name = things.name("things")
    before = shape(things)
    for _ in range(2):
        things.psql("DELETE FROM things WHERE id > 100")
        things.restore(name)
        assert shape(things) == before
        assert things.rows() == things.values
        assert things.psql("SELECT n FROM of_view") == ["300"]
    assert things.asides() == []
    things.psql("INSERT INTO things (id) VALUES (1000)")


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        (
            "CREATE MATERIALIZED VIEW public.kept AS SELECT id FROM things",
            "materialized view kept",
        ),
        (
            "CREATE FUNCTION public.f(things) RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "function f(things)",
        ),
        ("CREATE TABLE child (id bigint REFERENCES things)", "foreign key child_id_fkey"),
        (
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
            " CREATE TRIGGER t AFTER INSERT ON things FOR EACH ROW EXECUTE FUNCTION f()",
            "trigger t",
        ),
        ("CREATE POLICY p ON things USING (true)", "policy p"),
    ],
)
def test_what_would_stay_with_the_old_table_stops_a_restore(things, sql, what):
    name = things.name("things")
    things.psql(sql)
    things.psql("DELETE FROM things WHERE id > 100")
    refused = things.restore(name, code=1)
    assert refused["code"] == "conflict"
    assert what in refused["message"], refused
    assert things.psql("SELECT count(*) FROM things") == ["106"]
    assert things.asides() == []


def test_a_damaged_file_leaves_the_table_alone(things):
    name = things.name("things")
    path = things.folder_of(name) / "data-0000.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert things.restore(name, code=7)["code"] == "verification"
    assert things.rows() == things.values
    assert things.asides() == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("day", "infinity"), ("day", "-infinity"),
        ("moment", "infinity"), ("moment", "-infinity"), ("moment", "294276-12-31"),
    ],
)  # fmt: skip
def test_a_time_that_no_file_can_hold_stops_a_backup(things, column, value):
    things.psql(f"UPDATE things SET {column} = '{value}' WHERE id = 1")
    for form in ("parquet", "parquet,avro"):
        refused = things("backup", "create", "things", "--formats", form, code=7)
        assert f"table things, column {column}: a " in refused.stderr
        assert "is infinite or too late" in refused.stderr
    assert things.list() == {}


def test_readers_are_waited_for_and_see_one_table_or_the_other(things):
    name = things.name("things")
    things.psql("DELETE FROM things WHERE id > 100")
    seen, stop = set(), threading.Event()

    def read():
        while not stop.is_set():
            seen.add(things.psql("SELECT count(*) FROM things")[0])

    readers = [threading.Thread(target=read) for _ in range(2)]
    slow = threading.Thread(
        target=lambda: things.psql("BEGIN; SELECT count(*) FROM things; SELECT pg_sleep(2.5)")
    )
    for thread in [*readers, slow]:
        thread.start()
    time.sleep(0.3)
    things.restore(name)
    stop.set()
    for thread in [*readers, slow]:
        thread.join()
    assert things.rows() == things.values
    assert seen <= {"106", "300"}, seen


def test_inserts_during_a_restore_are_kept_somewhere(tmp_path, things):
    """Each row that was acknowledged is in the restored table or in the safety backup."""
    name = things.name("things")
    row = {k: None for k in KINDS} | {"text": "by request"}
    with things.server(env={"MUSTER_WAREHOUSE": things.url}) as server:
        client = server.user()
        taken, stop = [], threading.Event()

        def insert():
            writer = server.client(client.token)
            key = 10_000
            while not stop.is_set():
                key += 1
                if writer.post("/things", row | {"id": key}).status == 201:
                    taken.append(key)

        writer = threading.Thread(target=insert)
        writer.start()
        time.sleep(0.3)
        report = things.restore(name)
        time.sleep(0.3)
        stop.set()
        writer.join()
    assert taken
    there = {key for (key, *_) in things.rows()}
    safe = {key for (key, *_) in parquet_rows(things.folder_of(report["safety_backup"]))}
    assert set(taken) <= there | safe
    assert not set(taken) & there & safe


def test_a_restore_that_is_killed_leaves_old_or_new(things):
    name = things.name("things")
    things.psql("DELETE FROM things WHERE id > 100")
    old = things.psql("SELECT count(*) FROM things")
    for delay in (0.02, 0.05, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3):
        process = subprocess.Popen(
            things.command("backup", "restore", name),
            env=things.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(delay)
        process.kill()
        process.wait()
        assert things.psql("SELECT count(*) FROM things") in (old, ["300"])
        # The lease of the dead expires by itself; a test does not wait for it.
        things.psql("UPDATE muster.leases SET expires_at_us = 0")
    things.restore(name)
    assert things.rows() == things.values
    things("backup", "list")
    assert things.asides() == []


def test_a_backup_at_work_is_left_alone_by_other_processes(things):
    """It holds the lease of its table before anything of it is written down."""
    with Session(things.url) as other:
        other.run("BEGIN; LOCK TABLE things IN ACCESS EXCLUSIVE MODE;")
        process = subprocess.Popen(
            things.command("backup", "create", "things"), env=things.env, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        end = time.monotonic() + 30
        while things.psql("SELECT count(*) FROM pg_locks WHERE NOT granted") == ["0"]:
            assert time.monotonic() < end and process.poll() is None
        assert things.psql("SELECT name FROM muster.leases") == ["backup of things"]
        assert "backup of things" in things("backup", "create", "things", code=5).stderr
        assert things.psql("SELECT count(*) FROM muster.runs WHERE kind = 'backup'") == ["0"]
        other.run("COMMIT;")
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, (out, err)
    runs = "SELECT status, count(*) FROM muster.runs WHERE kind = 'backup' GROUP BY 1"
    assert things.psql(runs) == ["succeeded|1"]
    assert things.psql("SELECT count(*) FROM muster.leases") == ["0"]
