"""COPY and UNLOAD of the Redshift stand-in: what they take, what they refuse, what they leave."""

import datetime
import decimal
import gzip
import io
import json

import fastavro
import psycopg
import pyarrow
import pyarrow.parquet
import pytest
from redshift.server import ROLE

MICROSECOND = datetime.datetime(2021, 1, 2, 3, 4, 5, 678901)
TABLE = (
    "CREATE TABLE t (id INT NOT NULL, name VARCHAR(10), at TIMESTAMP, day DATE, price DECIMAL(9,2),"
    " good BOOLEAN, big BIGINT, ratio DOUBLE PRECISION)"
)
COLUMNS = {
    "id": (pyarrow.int32(), [1, 2]),
    "name": (pyarrow.string(), ['a"é,', None]),
    "at": (pyarrow.timestamp("us"), [MICROSECOND, None]),
    "day": (pyarrow.date32(), [datetime.date(2021, 1, 2), None]),
    "price": (pyarrow.decimal128(9, 2), [decimal.Decimal("1.25"), None]),
    "good": (pyarrow.bool_(), [True, None]),
    "big": (pyarrow.int64(), [2**40, None]),
    "ratio": (pyarrow.float64(), [0.1, None]),
}
ROWS = [tuple(values[at] for _, values in COLUMNS.values()) for at in range(2)]


class World:
    """A database with the table t, and a bucket."""

    def __init__(self, standin, bucket):
        self.standin, self.s3, self.bucket = standin, standin.gateway, bucket
        self.s3.make_bucket(bucket)
        self.database = standin.database()
        self.link = psycopg.connect(standin.url(self.database), autocommit=True)
        self.notices = []
        self.link.add_notice_handler(lambda found: self.notices.append(found.message_primary))
        self.link.execute(TABLE)

    def put(self, key, body):
        self.s3.put(self.bucket, key, body)
        return {"url": f"s3://{self.bucket}/{key}", "mandatory": True,
                "meta": {"content_length": len(body)}}  # fmt: skip

    def manifest(self, *entries):
        self.put("m", json.dumps({"entries": list(entries)}).encode())

    def copy(self, options="FORMAT AS PARQUET MANIFEST", key="m", target="t"):
        url = f"s3://{self.bucket}/{key}"
        return self.link.execute(f"COPY {target} FROM '{url}' IAM_ROLE default {options}")

    def fails(self, *words, **options):
        with pytest.raises(psycopg.Error) as caught:
            self.copy(*words, **options)
        return str(caught.value)

    def rows(self, sql="SELECT * FROM t ORDER BY id"):
        return self.link.execute(sql).fetchall()

    def errors(self):
        return self.rows(
            "SELECT file_name, line_number, column_name, error_code, error_message"
            " FROM sys_load_error_detail WHERE query_id = pg_last_copy_id()"
        )


@pytest.fixture
def world(standin, request):
    bucket = "b-" + "".join(c if c.isalnum() else "-" for c in request.node.name.lower())
    made = World(standin, bucket[:60].rstrip("-"))
    yield made
    made.link.close()
    standin.faults.clear()
    standin.refuses = None


def parquet(**changes):
    """The rows as a Parquet file; a column may be given otherwise, or left out by None."""
    columns = {n: pyarrow.array(v, type=k) for n, (k, v) in COLUMNS.items()} | changes
    out = io.BytesIO()
    kept = {name: column for name, column in columns.items() if column is not None}
    pyarrow.parquet.write_table(pyarrow.table(kept), out)
    return out.getvalue()


def test_parquet_by_position(world):
    table = pyarrow.parquet.read_table(io.BytesIO(parquet()))
    out = io.BytesIO()
    pyarrow.parquet.write_table(table.rename_columns([f"x{n}" for n in range(8)]), out)
    world.manifest(world.put("d/1", parquet()), world.put("d/2", out.getvalue()))
    assert world.copy().statusmessage == "COPY"
    assert world.notices == ["Load into table 't' completed, 4 record(s) loaded successfully."]
    assert world.rows() == [ROWS[0], ROWS[0], ROWS[1], ROWS[1]]
    assert world.rows("SELECT pg_last_copy_count()") == [(4,)]
    found = world.rows(
        "SELECT status, table_name, loaded_rows, source_file_count FROM sys_load_history"
        " WHERE query_id = pg_last_copy_id()"
    )
    assert found == [("completed", "t", 4, 2)]
    # A file that is listed twice is loaded twice.
    world.link.execute("TRUNCATE t")
    one = world.put("d/1", parquet())
    world.manifest(one, one)
    world.copy()
    assert len(world.rows()) == 4


def test_a_prefix_takes_what_begins_with_it(world):
    world.put("d/x.parquet", parquet())
    world.put("d/x.parquet.bak", parquet())
    world.copy("FORMAT PARQUET", key="d/x.parquet")
    assert len(world.rows()) == 4
    assert "prefix 'e/' does not exist" in world.fails("FORMAT PARQUET", key="e/")


def test_it_is_of_the_transaction(world):
    world.manifest(world.put("d", parquet()))
    world.link.execute("BEGIN")
    world.copy()
    assert len(world.rows()) == 2
    world.link.execute("ROLLBACK")
    assert world.rows() == []
    assert world.rows("SELECT pg_last_copy_id()") == [(-1,)]


@pytest.mark.parametrize(
    ("changes", "words", "column"),
    [
        ({"ratio": None}, "Table columns: 8, Data columns: 7", ""),
        ({"more": pyarrow.array([1, 2])}, "Table columns: 8, Data columns: 9", ""),
        ({"id": pyarrow.array([1, 2], pyarrow.int64())}, "incompatible Parquet schema", "id"),
        ({"id": pyarrow.array([1, None], pyarrow.int32())}, "not-null field", "id"),
        ({"name": pyarrow.array(["éééééé", ""])}, "Table: 10, Data: 12", "name"),
        ({"name": pyarrow.array([1, 2])}, "incompatible Parquet schema", "name"),
        ({"at": pyarrow.array(["2021-01-01", ""])}, "incompatible Parquet schema", "at"),
        ({"price": pyarrow.array([1, 2], pyarrow.decimal128(9, 3))}, "incompatible", "price"),
    ],
)
def test_what_parquet_does_not_load(world, changes, words, column):
    world.manifest(world.put("good", parquet()), world.put("bad", parquet(**changes)))
    world.link.execute("BEGIN")
    world.link.execute("INSERT INTO t (id) VALUES (9)")
    failure = world.fails()
    assert "Spectrum Scan Error" in failure and words in failure
    # The transaction is lost; what went wrong is not.
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        world.copy()
    world.link.execute("ROLLBACK")
    assert world.rows() == []
    (found,) = world.errors()
    assert found[0] == f"s3://{world.bucket}/bad" and found[2] == column and words in found[4]


def test_a_row_that_parquet_does_not_load_is_named(world):
    for changes, line in (
        ({"id": pyarrow.array([1, None], pyarrow.int32())}, 2),
        ({"name": pyarrow.array(["éééééé", ""])}, 1),
    ):
        world.manifest(world.put("bad", parquet(**changes)))
        world.fails()
        assert [found[1] for found in world.errors()] == [line]
    world.standin.refuses = lambda column, given: (1220, "no") if given == MICROSECOND else None
    world.manifest(world.put("d", parquet()))
    assert "no, File name" in world.fails()
    assert world.errors() == [(f"s3://{world.bucket}/d", 1, "at", 1220, "no")]
    world.standin.refuses = None
    world.copy()
    # A row of more than 4 MB, none of whose texts is too long for its column.
    columns = [f"c{number}" for number in range(70)]
    world.link.execute(f"CREATE TABLE w ({', '.join(c + ' VARCHAR(65535)' for c in columns)})")
    out = io.BytesIO()
    wide = {c: pyarrow.array(["x", "y" * 60_000], pyarrow.string()) for c in columns}
    pyarrow.parquet.write_table(pyarrow.table(wide), out)
    world.manifest(world.put("w", out.getvalue()))
    assert "row size 4200000 exceeds" in world.fails(target="w")
    assert [found[1:3] for found in world.errors()] == [(2, "")]


def test_hidden_objects_are_not_read(world):
    for key in ("_d/x", ".d/x", "d/_x", "d/.x"):
        world.manifest(world.put(key, parquet()))
        assert "hidden" in world.fails(), key
    world.manifest(world.put("d_/x.", parquet()))
    world.copy()


def test_a_file_that_is_no_parquet(world):
    world.manifest(world.put("d", b"id,name\n"))
    assert "not a valid Parquet file" in world.fails()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"meta": {"content_length": 5}}, "its manifest says 5"),
        ({"meta": {}}, "does not have 'content_length' key"),
        ({"url": "s3://BUCKET/gone"}, "Error NoSuchKey"),
        ({"url": "s3://BUCKET"}, "requires full path of an S3 object"),
        ({"url": "s3://no-such-bucket/x"}, "Error NoSuchBucket"),
    ],
)
def test_what_a_manifest_must_say(world, change, words):
    entry = world.put("d", parquet()) | change
    entry["url"] = entry["url"].replace("BUCKET", world.bucket)
    world.manifest(entry)
    assert words in world.fails()


def test_an_entry_without_meta_or_mandatory(world):
    entry = world.put("d", parquet())
    world.manifest({"url": entry["url"]})
    assert "File entry does not have 'meta' key." in world.fails()
    # Without "mandatory" a file that is not there is passed over without a word.
    world.manifest(entry, {"url": entry["url"] + "gone", "meta": {"content_length": 1}})
    world.copy()
    assert len(world.rows()) == 2
    world.put("m", b"[]")
    assert "Invalid manifest file" in world.fails()


def test_the_role_must_be_the_clusters(world):
    world.manifest(world.put("d", parquet()))
    url = f"s3://{world.bucket}/m"
    sql = f"COPY t FROM '{url}' IAM_ROLE '%s' FORMAT PARQUET MANIFEST"
    world.link.execute(sql % ROLE)
    with pytest.raises(psycopg.Error, match="Not authorized to get credentials of role"):
        world.link.execute(sql % "arn:aws:iam::1:role/other")


def test_the_table_and_columns_must_be_there(world):
    world.manifest(world.put("d", parquet()))
    assert 'relation "none" does not exist' in world.fails(target="none")
    assert 'column "none"' in world.fails(target="t (none)")
    world.link.execute("CREATE TEMP TABLE stage (LIKE t)")
    world.copy(target="stage (id, name, at, day, price, good, big, ratio)")
    assert world.rows("SELECT COUNT(*) FROM stage") == [(2,)]


def test_csv(world):
    body = b'id,name\n1,"a ""b"""\n2,\n,3\n'
    world.put("c.csv", body)
    failure = world.fails("CSV IGNOREHEADER 1", key="c.csv", target="t (id, name)")
    assert "Check 'sys_load_error_detail'" in failure
    assert world.errors() == [
        (f"s3://{world.bucket}/c.csv", 4, "id", 1213, "Missing data for not-null field")
    ]
    world.put("c.csv", gzip.compress(body[: body.index(b",3") - 1] + b"\n"))
    world.copy("CSV GZIP IGNOREHEADER 1", key="c.csv", target="t (id, name)")
    assert world.rows("SELECT id, name FROM t ORDER BY id") == [(1, 'a "b"'), (2, "")]


@pytest.mark.parametrize(
    ("column", "text", "stored", "code"),
    [
        ("id", "x", None, 1207), ("id", "3000000000", None, 1216), ("id", " 7 ", 7, 0),
        ("name", "éééééé", None, 1204), ("price", "1.259", decimal.Decimal("1.25"), 0),
        ("at", "2021-01-02T03:04:05Z", None, 1206), ("good", "maybe", None, 1210),
        ("at", "2021-01-02 03:04:05.678901", MICROSECOND, 0),
        ("day", "2021-01-02 10:00:00", datetime.date(2021, 1, 2), 0), ("big", "", None, 0),
    ],
)  # fmt: skip
def test_values_of_csv(world, column, text, stored, code):
    world.put("c.csv", f"1,{text}\n".encode() if column != "id" else f"{text}\n".encode())
    target = f"t (id, {column})" if column != "id" else "t (id)"
    if code:
        world.fails("CSV", key="c.csv", target=target)
        assert [row[3] for row in world.errors()] == [code]
    else:
        world.copy("CSV", key="c.csv", target=target)
        assert world.rows(f"SELECT {column} FROM t") == [(stored,)]


def avro(fields, records, codec="deflate"):
    out = io.BytesIO()
    fastavro.writer(out, {"type": "record", "name": "r", "fields": fields}, records, codec)
    return out.getvalue()


def field(name, kind):
    return {"name": name, "type": ["null", kind], "default": None}


def test_avro_by_name(world):
    fields = [field("at", "string"), field("id", "int"), field("extra", "string")]
    moment = "2021-01-02 03:04:05.678901"
    world.put("a", avro(fields, [{"at": moment, "id": 1, "extra": "x"}]))
    world.copy("FORMAT AS AVRO 'auto'", key="a")
    assert world.rows("SELECT id, at, name FROM t") == [(1, MICROSECOND, None)]
    # A field that the file lacks takes the default; names must be written small.
    world.put("a", avro([field("ID", "int")], [{"ID": 1}]))
    assert "failed" in world.fails("FORMAT AS AVRO", key="a")
    world.copy("FORMAT AS AVRO 'auto ignorecase'", key="a")


def test_avro_knows_no_logical_types(world):
    fields = [field("id", "int"), field("at", {"type": "long", "logicalType": "timestamp-millis"})]
    moment = datetime.datetime(2021, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    world.put("a", avro(fields, [{"id": 1, "at": moment}]))
    world.fails("FORMAT AS AVRO 'auto' TIMEFORMAT 'auto'", key="a")
    assert [row[3] for row in world.errors()] == [1206]
    world.copy("FORMAT AS AVRO 'auto' TIMEFORMAT 'epochmillisecs'", key="a")
    assert world.rows("SELECT at FROM t") == [(moment.replace(tzinfo=None),)]
    world.put("a", avro(fields, [], codec="bzip2"))
    world.fails("FORMAT AS AVRO", key="a")
    assert "unsupported codec" in world.errors()[0][4]


def unload(world, query="SELECT * FROM t ORDER BY id", options="MANIFEST VERBOSE", prefix="u/"):
    inner = query.replace("'", "''")
    return world.link.execute(
        f"UNLOAD ('{inner}') TO 's3://{world.bucket}/{prefix}' IAM_ROLE default FORMAT PARQUET "
        + options
    )


def test_unload_and_copy_back(world):
    world.manifest(world.put("d", parquet()))
    world.copy()
    assert unload(world).statusmessage == "UNLOAD"
    assert world.notices[-1] == "UNLOAD completed, 2 record(s) unloaded successfully."
    names = ["u/0000_part_00.parquet", "u/0001_part_00.parquet"]
    assert world.s3.keys(world.bucket, "u/") == [*names, "u/manifest"]
    found = json.loads(world.s3.get(world.bucket, "u/manifest"))
    assert found["meta"]["record_count"] == 2
    for entry, name in zip(found["entries"], names, strict=True):
        body = world.s3.get(world.bucket, name)
        assert entry["meta"] == {"content_length": len(body), "record_count": 1}
    world.link.execute("TRUNCATE t")
    world.copy(key="u/manifest")
    assert world.rows() == ROWS
    unload(world, prefix="one_", options="PARALLEL OFF")
    assert world.s3.keys(world.bucket, "one_") == ["one_000.parquet"]


def test_unload_leaves_what_is_there(world):
    world.link.execute("INSERT INTO t (id) VALUES (1), (2)")
    unload(world)
    with pytest.raises(psycopg.Error, match="destination on S3 is not empty"):
        unload(world)
    unload(world, options="ALLOWOVERWRITE")
    world.put("u/other", b"x")
    unload(world, options="CLEANPATH")
    assert "u/other" not in world.s3.keys(world.bucket, "u/")
    with pytest.raises(psycopg.Error, match="exclude each other"):
        unload(world, options="CLEANPATH ALLOWOVERWRITE")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT * FROM t LIMIT 1", "Limit clause is not supported"),
        ("SELECT array_agg(id) FROM t", "does not exist"),
        ("DELETE FROM t", "one SELECT"),
        ("SELECT none FROM t", 'column "none" does not exist'),
        (r"SELECT 'a\b'", "backslash"),
    ],
)
def test_what_is_not_unloaded(world, query, words):
    with pytest.raises(psycopg.Error, match=words):
        unload(world, query)
    assert world.s3.keys(world.bucket) == []


def test_no_rows_leave_no_file(world):
    unload(world)
    assert json.loads(world.s3.get(world.bucket, "u/manifest"))["entries"] == []


def test_by_the_extended_protocol(world):
    world.manifest(world.put("d", parquet()))
    sql = f"COPY t FROM 's3://{world.bucket}/m' IAM_ROLE default FORMAT PARQUET MANIFEST"
    raw = world.link.pgconn
    assert raw.exec_params(sql.encode(), []).status == psycopg.pq.ExecStatus.COMMAND_OK
    raw.prepare(b"again", sql.encode())
    assert raw.exec_prepared(b"again", []).status == psycopg.pq.ExecStatus.COMMAND_OK
    assert len(world.rows()) == 4
    world.manifest({})
    assert b"requires full path" in raw.exec_prepared(b"again", []).error_message
    assert len(world.rows("SELECT * FROM t WHERE 1 = 1")) == 4
