"""The Redshift stand-in itself: each rule that the tests of the warehouse lean on, by libpq."""

import datetime
import threading

import psycopg
import pytest
from redshift.server import CUT_AFTER, CUT_BEFORE, FAIL

# What a refusal says is compared where Redshift's own words are known.
REFUSED = [
    ("INSERT INTO t VALUES (1, 'a') ON CONFLICT DO NOTHING", 'at or near "CONFLICT"'),
    ("INSERT INTO t VALUES (1, 'a') RETURNING id", 'at or near "RETURNING"'),
    ("UPDATE t SET (id, name) = (1, 'a')", "syntax error"),
    ("SELECT DISTINCT ON (id) id FROM t", "SELECT DISTINCT ON is not supported"),
    ("SELECT id IS DISTINCT FROM 1 FROM t", "Not implemented"),
    ("SELECT id IS NOT DISTINCT FROM 1 FROM t", "Not implemented"),
    ("SELECT COUNT(*) FILTER (WHERE id > 1) FROM t", 'at or near "("'),
    ("SELECT * FROM (VALUES (1), (2)) AS v", 'at or near "VALUES"'),
    ("VALUES (1)", "not supported"),
    ("SELECT ARRAY[1, 2]", 'at or near "["'),
    ("SELECT NULL::text[]", 'at or near "]"'),
    ("SELECT array_agg(id) FROM t", "function array_agg() does not exist"),
    ("SELECT string_agg(name, ',') FROM t", "function string_agg() does not exist"),
    ("SELECT * FROM generate_series(1, 3)", "function generate_series() does not exist"),
    ("SELECT CONCAT('a', 'b', 'c')", "two arguments"),
    ("SELECT pg_advisory_lock(1)", "function pg_advisory_lock() does not exist"),
    ("SELECT pg_catalog.pg_try_advisory_xact_lock(1)", "does not exist"),
    ("SELECT * FROM t FOR UPDATE", 'at or near "UPDATE"'),
    ("SELECT * FROM t, LATERAL (SELECT 1) x", 'at or near "LATERAL"'),
    ("SELECT * FROM t FETCH FIRST 1 ROW ONLY", 'at or near "FIRST"'),
    ("WITH d AS (DELETE FROM t) SELECT 1", 'at or near "DELETE"'),
    ("SELECT '1'::jsonb", 'type "jsonb" does not exist'),
    ("SELECT CAST('x' AS uuid)", 'type "uuid" does not exist'),
    ("SELECT name -> 'a' FROM t", "operator does not exist"),
    ("SELECT E'a'", 'type "e" does not exist'),
    (r"SELECT 'a\b'", "backslash"),
    ("SELECT $$a$$", "syntax error"),
    ("CREATE INDEX i ON t (id)", "not supported"),
    ("CREATE UNIQUE INDEX i ON t (id)", "not supported"),
    ("CREATE SEQUENCE s", "not supported"),
    ("CREATE TYPE e AS ENUM ('a')", "not supported"),
    ("CREATE TRIGGER g BEFORE INSERT ON t EXECUTE FUNCTION f()", "not supported"),
    ("CREATE UNLOGGED TABLE u (id INT)", "not supported"),
    ("CREATE TABLE u (id SERIAL)", 'Column ""u".id" has unsupported type "serial"'),
    ("CREATE TABLE u (id UUID)", "unsupported type"),
    ("CREATE TABLE u (id JSON)", "unsupported type"),
    ("CREATE TABLE u (id BYTEA)", "unsupported type"),
    ("CREATE TABLE u (id INTERVAL)", "unsupported type"),
    ("CREATE TABLE u (id INT[])", "syntax error"),
    ("CREATE TABLE u (id INT CHECK (id > 0))", 'at or near "CHECK"'),
    ("CREATE TABLE u (id INT, CHECK (id > 0))", 'at or near "CHECK"'),
    ("CREATE TABLE u (id INT) WITH (fillfactor = 70)", 'at or near "WITH"'),
    ("CREATE TEMP TABLE u (id INT) ON COMMIT DROP", "syntax error"),
    ("CREATE TABLE u (id INT) DISTKEY (other)", "does not exist"),
    ("CREATE TABLE u (id VARCHAR(65536))", "between 1 and 65535"),
    ("CREATE TABLE u (id DECIMAL(39, 0))", "between 1 and 38"),
    ("CREATE TABLE u (id DECIMAL(38, 38))", "scale 38 must be between 0 and 37"),
    ("CREATE TABLE u (id TIMESTAMP(3))", "syntax error"),
    (f"SELECT {'n' * 128} FROM t", "longer than 127 bytes"),
    (f'SELECT "{"é" * 64}" FROM t', "longer than 127 bytes"),
    ("ALTER TABLE t ADD COLUMN IF NOT EXISTS b INT", 'at or near "IF"'),
    ("ALTER TABLE t ADD COLUMN b INT, ADD COLUMN c INT", "syntax error"),
    ("ALTER TABLE t ADD COLUMN b INT NOT NULL", "non-null default"),
    ("ALTER TABLE t ALTER COLUMN id TYPE BIGINT", "VARCHAR alone"),
    ("ALTER TABLE t ALTER COLUMN id SET NOT NULL", "VARCHAR alone"),
    ("LISTEN a", "not supported"),
    ("NOTIFY a", "not supported"),
    ("DEALLOCATE ALL", "not supported"),
    ("DO 'BEGIN END'", "not supported"),
    ("COPY t FROM STDIN", "not supported"),
    ("COPY t TO STDOUT", "not supported"),
    ("COPY t FROM 's3://a/b' IAM_ROLE default AVRO", 'at or near "AVRO"'),
    ("COPY t FROM 's3://a/b' FORMAT PARQUET", "IAM_ROLE"),
    ("COPY t FROM 's3://a/b' IAM_ROLE default FORMAT PARQUET MAXERROR 1", "MAXERROR argument"),
    ("LOCK TABLE t IN EXCLUSIVE MODE", 'at or near "MODE"'),
    ("SET lock_timeout TO 5", 'unrecognized configuration parameter "lock_timeout"'),
    ("MERGE INTO t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED THEN DELETE"
     " WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)", 'at or near "("'),
    ("MERGE INTO t USING t s ON t.id = s.id WHEN MATCHED THEN DELETE", "WHEN NOT MATCHED"),
]  # fmt: skip
# What stands in strings, comments and names is no reason to refuse anything.
TAKEN = [
    "SELECT 'ON CONFLICT' || ' RETURNING ' /* FOR UPDATE /* nested */ */ -- DISTINCT ON\n",
    'SELECT 1 AS "returning"',
    "SELECT 'it''s'",
    "SELECT GETDATE(), SYSDATE, DATE_PART(quarter, SYSDATE), LEN('a'), NVL(NULL, 1)",
    "SELECT DATEDIFF(day, '2021-01-01'::timestamp, '2021-01-03'::timestamp)",
    "SELECT ROW_NUMBER() OVER (PARTITION BY id ORDER BY name) FROM t",
    "SELECT CASE WHEN id IN (1, 2) AND (name = 'a') THEN (1) END FROM t",
    "INSERT INTO t (id, name) VALUES (1, 'a'), (2, 'b')",
    "DELETE FROM t USING u WHERE t.id = u.id",
    "UPDATE t SET name = u.name FROM u WHERE t.id = u.id",
    "CREATE TEMP TABLE s (LIKE t)",
    "CREATE TABLE c DISTSTYLE ALL AS SELECT * FROM t",
    "WITH a AS (SELECT 1 AS x) SELECT * FROM a",
    "ALTER TABLE t ALTER COLUMN name TYPE VARCHAR(20)",
    "ALTER TABLE t ADD PRIMARY KEY (id)",
    "ALTER TABLE t ADD COLUMN b VARCHAR(3) DEFAULT 'x' NOT NULL",
    "ALTER TABLE t ALTER DISTKEY id",
    "SET query_group TO 'x'",
    "ANALYZE t",
    "MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN UPDATE SET name = u.name"
    " WHEN NOT MATCHED THEN INSERT (id, name) VALUES (u.id, u.name)",
]


@pytest.fixture(scope="module")
def many(standin):
    """A connection for statements that leave nothing that another one could stumble over."""
    with psycopg.connect(standin.url(standin.database()), autocommit=True) as link:
        make_tables(link)
        yield link


def make_tables(link):
    link.execute("CREATE TABLE t (id INT NOT NULL, name VARCHAR(10), PRIMARY KEY (id))")
    link.execute("CREATE TABLE u (id INT UNIQUE, name VARCHAR(10)) DISTSTYLE EVEN")


@pytest.fixture
def open_one(standin):
    """Connections to one new database that has the tables t and u."""
    database, opened = standin.database(), []

    def make(**options):
        options = {"autocommit": True} | options
        opened.append(psycopg.connect(standin.url(database), **options))
        return opened[-1]

    make_tables(make())
    yield make
    standin.faults.clear()
    standin.commit_failures = 0
    for connection in opened:
        connection.close()


@pytest.fixture
def link(open_one):
    return open_one()


def fails(link, sql, *values, **options):
    with pytest.raises(psycopg.Error) as caught:
        link.execute(sql, *values, **options)
    return caught.value


@pytest.mark.parametrize(("sql", "words"), REFUSED, ids=[sql[:50] for sql, _ in REFUSED])
def test_what_redshift_refuses(many, sql, words):
    failure = fails(many, sql)
    assert words in str(failure)
    assert "standin_refusal" not in str(failure)


@pytest.mark.parametrize("prepare", [False, True])
def test_a_refusal_ends_the_block(many, prepare):
    many.execute("BEGIN")
    assert "RETURNING" in str(fails(many, "DELETE FROM t RETURNING id", prepare=prepare))
    lost = fails(many, "SELECT 1", prepare=prepare)
    assert isinstance(lost, psycopg.errors.InFailedSqlTransaction)
    many.execute("ROLLBACK")


@pytest.mark.parametrize("sql", TAKEN)
def test_what_redshift_takes(many, sql):
    many.execute(sql)


def test_a_session_starts_as_on_redshift(standin, open_one, link):
    info = link.info
    assert info.server_version == 80002
    assert info.parameter_status("client_encoding") == "UNICODE"
    assert info.parameter_status("standard_conforming_strings") is None
    assert "Redshift 1.0" in link.execute("SELECT version()").fetchone()[0]
    for name in ("options", "replication"):
        with pytest.raises(psycopg.OperationalError, match=f'unrecognized .* "{name}"'):
            open_one(**{name: "-c extra_float_digits=3" if name == "options" else "database"})
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        open_one(password="wrong")


def test_a_password_that_libpq_cannot_send(standin, open_one):
    standin.sha256_passwords = True
    try:
        with pytest.raises(psycopg.OperationalError, match="method 13 not supported"):
            open_one()
    finally:
        standin.sha256_passwords = False
    open_one()


def test_truncate_commits_by_itself_and_is_refused_in_a_block(link):
    link.execute("INSERT INTO t VALUES (1, 'a')")
    link.execute("BEGIN")
    assert "TRUNCATE in a transaction block" in str(fails(link, "TRUNCATE t"))
    link.execute("ROLLBACK")
    assert link.execute("SELECT COUNT(*) FROM t").fetchone() == (1,)
    link.execute("TRUNCATE t")
    assert link.execute("SELECT COUNT(*) FROM t").fetchone() == (0,)
    # In one text, and prepared before the block began.
    assert "TRUNCATE in a transaction block" in str(fails(link, "BEGIN; TRUNCATE t"))
    link.execute("ROLLBACK")
    assert link.pgconn.prepare(b"p", b"TRUNCATE t").status == psycopg.pq.ExecStatus.COMMAND_OK
    link.execute("BEGIN")
    assert b"TRUNCATE in a transaction" in link.pgconn.exec_prepared(b"p", []).error_message


@pytest.mark.parametrize(
    "sql",
    ["ALTER TABLE t ALTER COLUMN name TYPE VARCHAR(20)", "ALTER TABLE t ALTER DISTKEY id",
     "VACUUM t"],
)  # fmt: skip
def test_what_a_block_does_not_take(link, sql):
    link.execute(sql)
    link.execute("BEGIN")
    assert "transaction block" in str(fails(link, sql))


@pytest.mark.parametrize("sql", ["SAVEPOINT s", "ROLLBACK TO SAVEPOINT s", "RELEASE SAVEPOINT s"])
def test_there_are_no_savepoints(link, sql):
    link.execute("BEGIN")
    assert "not supported" in str(fails(link, sql))


def test_keys_are_not_enforced(link):
    link.execute("INSERT INTO t VALUES (1, 'a'), (1, 'b')")
    link.execute("INSERT INTO u VALUES (1, 'a'), (1, 'b'), (NULL, 'c')")
    assert isinstance(fails(link, "INSERT INTO t VALUES (NULL, 'c')"),
                      psycopg.errors.NotNullViolation)  # fmt: skip
    link.execute("CREATE TABLE v (id INT REFERENCES t (id), FOREIGN KEY (id) REFERENCES t (id))")
    link.execute("INSERT INTO v VALUES (77)")


def test_lengths_are_bytes(link):
    link.execute("INSERT INTO t VALUES (1, 'ééééé')")
    assert "too long" in str(fails(link, "INSERT INTO t VALUES (1, 'éééééé')"))
    assert "too long" in str(fails(link, "UPDATE t SET name = 'abcdefghijk'"))
    link.execute("CREATE TEMP TABLE s (LIKE t)")
    assert "too long" in str(fails(link, "INSERT INTO s VALUES (1, 'éééééé')"))
    link.execute("ALTER TABLE t ALTER COLUMN name TYPE VARCHAR(12)")
    link.execute("UPDATE t SET name = 'éééééé'")
    # TEXT is VARCHAR(256), and CHAR takes ASCII alone.
    link.execute("CREATE TABLE x (a TEXT, b CHAR(2), c NUMERIC)")
    link.execute("INSERT INTO x (a) VALUES (REPEAT('a', 256))")
    assert "too long" in str(fails(link, "INSERT INTO x (a) VALUES (REPEAT('a', 257))"))
    assert "too long" in str(fails(link, "INSERT INTO x (b) VALUES ('é')"))
    assert link.execute("INSERT INTO x (c) VALUES (1.5)").rowcount == 1
    assert str(link.execute("SELECT c FROM x WHERE c IS NOT NULL").fetchone()[0]) == "2"


def test_names_are_folded_even_in_quotes(link):
    link.execute('CREATE TABLE "Mixed" ("Name" INT)')
    assert [c.name for c in link.execute('SELECT "NAME" FROM mixed').description] == ["name"]


def test_the_mean_of_integers_is_an_integer(many):
    sql = "SELECT AVG(a), AVG(b), AVG(c) FROM (SELECT {} AS a, {} AS b, {} AS c) x"
    both = "SELECT AVG(a) FROM (SELECT 1 AS a UNION ALL SELECT 2 AS a UNION ALL SELECT NULL) x"
    assert many.execute(both).fetchone() == (1,)
    found = many.execute(sql.format("3::bigint", "1.5", "0.25::float8")).fetchone()
    assert (found[0], float(found[1]), found[2]) == (3, 1.5, 0.25)
    assert many.execute("SELECT AVG(id) FROM t WHERE 1 = 0").fetchone() == (None,)


def test_identity_gives_numbers(link):
    link.execute("CREATE TABLE i (id BIGINT IDENTITY(5, 2), n INT)")
    link.execute("INSERT INTO i (n) VALUES (1), (2)")
    assert link.execute("SELECT id FROM i ORDER BY 1").fetchall() == [(5,), (7,)]


def test_a_statement_has_limits(link):
    many = "INSERT INTO t (id) VALUES " + ",".join(["(%s)"] * 32768)
    assert "at most 32767 parameters" in str(fails(link, many, list(range(32768))))
    link.execute(many.replace(",(%s)", "", 1), list(range(32767)))
    assert "16 MB" in str(fails(link, f"SELECT '{'x' * (16 * 1024 * 1024)}'"))
    texts = ["x" * 60_000] * 280
    long = "SELECT " + ", ".join(["LEN(%s)"] * len(texts))
    assert "16 MB" in str(fails(link, long, texts))
    assert link.execute(long.replace(", LEN(%s)", "", 20), texts[20:]).fetchone()[0] == 60_000


def test_a_parameter_is_of_no_foreign_type(link):
    assert "parameter of type" in str(fails(link, "SELECT 1 WHERE 1 = ANY(%s)", [[1, 2]]))
    assert "parameter of type 17" in str(fails(link, "SELECT %s", [b"\0"]))
    assert link.execute("SELECT %s", [datetime.date(2021, 1, 1)]).fetchone()[0].year == 2021


def test_writers_of_one_row_violate_the_isolation(open_one):
    one, other = open_one(autocommit=False), open_one(autocommit=False)
    one.execute("INSERT INTO t VALUES (1, 'a')")
    one.commit()
    for link in (one, other):
        link.execute("SELECT * FROM t")
    one.execute("UPDATE t SET name = 'b'")
    one.commit()
    failure = fails(other, "UPDATE t SET name = 'c'")
    assert failure.sqlstate == "XX000" and failure.diag.message_primary == "1023"
    assert "Serializable isolation violation" in failure.diag.message_detail
    # Whoever locks first sees what the other has done.
    other.rollback()
    one.execute("LOCK t")
    one.execute("INSERT INTO t VALUES (2, 'z')")
    seen = []

    def wait():
        other.execute("LOCK TABLE t")
        seen.append(other.execute("SELECT COUNT(*) FROM t").fetchone()[0])
        other.commit()

    thread = threading.Thread(target=wait)
    thread.start()
    one.commit()
    thread.join(timeout=30)
    assert seen == [2]


@pytest.mark.parametrize("prepare", [False, True])
def test_the_next_commit_fails(standin, open_one, prepare):
    link = open_one(autocommit=False)
    standin.commit_failures = 1
    link.execute("SELECT 1")
    link.execute("INSERT INTO t VALUES (%s, 'a')", [1], prepare=prepare)
    commit = link.pgconn.exec_params if prepare else link.pgconn.exec_
    answer = commit(b"COMMIT", []) if prepare else commit(b"COMMIT")
    assert b"1023" in answer.error_message
    assert answer.error_field(psycopg.pq.DiagnosticField.SQLSTATE) == b"XX000"
    assert link.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    assert link.execute("SELECT COUNT(*) FROM t").fetchone() == (0,)
    link.execute("INSERT INTO t VALUES (1, 'a')")
    link.commit()


@pytest.mark.parametrize(("how", "rows"), [(CUT_BEFORE, 0), (CUT_AFTER, 1)])
def test_a_connection_is_cut_at_a_commit(standin, open_one, how, rows):
    link = open_one(autocommit=False)
    standin.arm(how, lambda sql: sql == "COMMIT")
    link.execute("INSERT INTO t VALUES (1, 'a')")
    with pytest.raises(psycopg.OperationalError):
        link.commit()
    assert open_one().execute("SELECT COUNT(*) FROM t").fetchone() == (rows,)


def test_a_statement_fails_by_its_number(standin, link):
    standin.arm(FAIL, 2)
    link.execute("SELECT 1")
    assert "1023" in str(fails(link, "SELECT 2 WHERE 2 = %s", [2]))
    link.execute("SELECT 3")


def test_a_pipeline_goes_on_after_a_refusal(link):
    with pytest.raises(psycopg.Error, match="RETURNING"):
        with link.pipeline():
            link.execute("INSERT INTO t VALUES (%s, 'a')", [1])
            link.execute("INSERT INTO t VALUES (%s, 'a') RETURNING id", [2])
    assert link.execute("SELECT COUNT(*) FROM t").fetchone()[0] in (0, 1)


def test_a_query_is_cancelled(link):
    link.execute("SELECT 1")
    link.execute("SET statement_timeout TO 20000")
    timer = threading.Timer(0.3, link.cancel)
    timer.start()
    slow = "SELECT COUNT(*) FROM pg_class a, pg_class b, pg_class c, pg_class d"
    assert isinstance(fails(link, slow), psycopg.errors.QueryCanceled)
