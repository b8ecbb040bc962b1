"""The files of a backup in the hands of readers that know nothing of muster, and back again."""

import datetime
import decimal
import json
import struct

import fastavro
import pyarrow.parquet
import pytest
import xxhash
from backup import FILES, parquet_rows
from things import CATALOG, EPOCH, KINDS, D, Things, make_rows, of_json, write_source

BIG = decimal.Context(prec=60)


def of_avro(value, kind):
    if value is None or kind in ("int32", "int64", "double", "bool", "string"):
        return value
    return D(value) if kind.startswith("decimal") else of_json(value, kind)


def canonical(value, kind):
    """The bytes of docs/content-checksum.md."""
    if value is None:
        return b"\0"
    if kind.startswith("decimal"):
        scaled = int(BIG.scaleb(value, int(kind[:-1].split(",")[1])))
        return b"\1" + scaled.to_bytes(16, "little", signed=True)
    if kind == "double":
        return b"\1" + struct.pack("<d", value or 0.0)
    if kind == "bool":
        return b"\1" + bytes([value])
    if kind == "string":
        return b"\1" + struct.pack("<q", len(value.encode())) + value.encode()
    if kind == "date":
        value = (value - EPOCH.date()).days
    if kind == "timestamp":
        value = (value - EPOCH) // datetime.timedelta.resolution
    return b"\1" + struct.pack("<q", value)


def checksum(rows):
    rows = [b"".join(map(canonical, row, KINDS.values())) for row in rows]
    return f"{sum(map(xxhash.xxh3_128_intdigest, rows)) % 2**128:032x}"


@pytest.fixture(scope="module")
def things(tmp_path_factory):
    folder = tmp_path_factory.mktemp("types")
    config = folder / "muster.toml"
    column = '\n[[table.column]]\nname = "{}"\ntype = "{}"\n{}'
    extra = {"id": "", "text": "nullable = true\nkeep_empty = true\n"}
    config.write_text(
        CATALOG
        + "".join(
            column.format(name, kind, extra.get(name, "nullable = true\n"))
            for name, kind in KINDS.items()
        )
    )
    muster = Things(folder, config=config)
    muster.values = make_rows(1, 300)
    write_source(muster, muster.values)
    muster.load()
    muster.saved = muster.name("things")
    return muster


def test_the_table_holds_what_was_loaded(things):
    """The premise of what follows: `query` and the rows that were written agree."""
    write_source(things, things.values)
    things.load("--force")
    assert things.rows() == things.values


def test_pyarrow_reads_the_same(things):
    folder = things.folder_of(things.saved)
    assert parquet_rows(folder) == things.values
    file = pyarrow.parquet.ParquetFile(folder / FILES[0])
    assert file.schema_arrow.names == list(KINDS)
    types = {field.name: str(field.type) for field in file.schema_arrow}
    assert types == {
        "id": "int64", "small": "int32", "big": "int64", "price": "decimal128(10, 2)",
        "huge": "decimal128(38, 0)", "fine": "decimal128(38, 37)", "ratio": "double",
        "flag": "bool", "text": "string", "day": "date32[day]", "moment": "timestamp[us]",
    }  # fmt: skip
    group = file.metadata.row_group(0)
    assert {group.column(i).compression for i in range(len(KINDS))} == {"ZSTD"}


def test_fastavro_reads_the_same(things):
    with open(things.folder_of(things.saved) / FILES[1], "rb") as file:
        reader = fastavro.reader(file)
        fields = reader.writer_schema["fields"]
        assert [field["name"] for field in fields] == list(KINDS)
        rows = [
            tuple(of_avro(row[name], kind) for name, kind in KINDS.items()) for row in reader
        ]
    assert sorted(rows) == things.values


def test_the_manifest_says_what_is_there(things):
    folder = things.folder_of(things.saved)
    facts = json.loads((folder / "manifest.json").read_text())
    assert facts["content_checksum"] == checksum(things.values)
    assert (facts["name"], facts["table"], facts["key"]) == (things.saved, "things", ["id"])
    assert {c["name"]: c["type"] for c in facts["columns"]} == KINDS
    assert [c["name"] for c in facts["columns"] if not c["nullable"]] == ["id"]
    assert (facts["first_key"], facts["last_key"]) == ("-5", "294")
    assert facts["rows"] == 300
    assert sorted(file["name"] for file in facts["files"]) == sorted(FILES)
    assert {file["rows"] for file in facts["files"]} == {300}
    runs = {run["run_id"]: run["kind"] for run in things.query("SELECT * FROM muster.runs")}
    assert (runs[facts["last_run"]], runs[facts["run_id"]]) == ("load", "backup")
    assert facts["table_version"] == 1


@pytest.mark.parametrize("source", ["parquet", "avro"])
def test_restored_from_either_format(things, source):
    spoiled = make_rows(2, 350)[20:]
    write_source(things, spoiled)
    things.load("--force")
    mixed = {row[0]: row for row in things.values} | {row[0]: row for row in spoiled}
    assert things.rows() == [mixed[key] for key in sorted(mixed)]
    things.restore(things.saved, "--from", source)
    assert things.rows() == things.values
    (made,) = things.create("things")
    facts = json.loads((things.folder_of(things.saved) / "manifest.json").read_text())
    assert made["content_checksum"] == facts["content_checksum"]
    assert things.verify(made["backup_name"], things.saved) == {
        made["backup_name"]: [],
        things.saved: [],
    }


def test_parquet_alone(things):
    name = things.name("things", "--formats", "parquet")
    assert sorted(path.name for path in things.folder_of(name).iterdir()) == [
        FILES[0],
        "manifest.json",
    ]
    assert things.verify(name) == {name: []}
    before = things.rows()
    assert things.restore(name, "--from", "avro", code=1)["code"] == "conflict"
    things.restore(name)
    assert things.rows() == before
    for formats in ("avro", "csv", ""):
        things("backup", "create", "things", "--formats", formats, code=2)


def test_an_empty_table(tmp_path, things):
    muster = Things(tmp_path / "empty", things.source, things.config)
    (tmp_path / "none").mkdir()
    muster.source = tmp_path / "none"
    muster("run", code=None)
    (made,) = muster.create("things")
    assert (made["rows"], made["content_checksum"]) == (0, "0" * 32)
    muster.source = things.source
    muster.load()
    assert muster.rows() != []
    for source in ("parquet", "avro"):
        done = muster.restore(made["backup_name"], "--from", source)
        assert (done["rows"], muster.rows()) == (0, [])
        muster.restore(done["safety_backup"])
        assert muster.rows() != []
