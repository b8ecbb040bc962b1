"""Files that muster wrote, read by fastavro, and the content checksum, computed by what
docs/content-checksum.md says alone."""

import datetime
import decimal
import json
import re
import struct
import subprocess

import fastavro
import pytest
import xxhash
from program import BUILD, ROOT

PROBE = BUILD / "tests" / "unit" / "archive" / "archive_probe"
DOCUMENT = ROOT / "docs" / "content-checksum.md"
EPOCH = datetime.datetime(1970, 1, 1)
EXACT = decimal.Context(prec=60)


def unscaled(value, scale):
    return int(EXACT.scaleb(value, scale))


def canonical(value, kind):
    """The canonical bytes of one field of a type such as `decimal(10,2)`."""
    if value is None:
        return b"\0"
    if kind.startswith("decimal"):
        scale = int(kind[:-1].split(",")[1])
        return b"\1" + unscaled(value, scale).to_bytes(16, "little", signed=True)
    if kind == "double":
        return b"\1" + struct.pack("<d", value + 0.0 if value else 0.0)
    if kind == "bool":
        return b"\1" + bytes([value])
    if kind == "string":
        text = value.encode()
        return b"\1" + struct.pack("<q", len(text)) + text
    if kind == "date":
        value = (value - EPOCH.date()).days
    if kind == "timestamp":
        value = (value - EPOCH) // datetime.timedelta(microseconds=1)
    return b"\1" + struct.pack("<q", value)


def row_hash(values, kinds):
    return xxhash.xxh3_128_intdigest(b"".join(map(canonical, values, kinds)))


def checksum(hashes):
    return f"{sum(hashes) % 2**128:032x}"


def of_avro(value, kind):
    """The value that stands for what an Avro file holds."""
    if value is None:
        return None
    if kind.startswith("decimal"):
        return decimal.Decimal(value)
    if kind == "date":
        return datetime.date.fromisoformat(value)
    if kind == "timestamp":
        return datetime.datetime.fromisoformat(value)
    return value


def of_text(text, kind):
    """The value that stands for muster's canonical text."""
    if text is None:
        return None
    if kind in ("int32", "int64"):
        return int(text)
    if kind == "double":
        return float(text)
    if kind == "bool":
        return {"true": True, "false": False}[text]
    return of_avro(text.removesuffix("Z") if kind == "timestamp" else text, kind)


def probe(*arguments):
    command = [PROBE, *map(str, arguments)]
    out = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    head, *lines = out.split("\n")[:-1]
    rows, total = head.split()
    assert int(rows) == len(lines)
    return total, [json.loads(line) for line in lines]


@pytest.mark.parametrize("seed", [1, 2])
def test_fastavro_reads_the_same_rows(tmp_path, seed):
    total, texts = probe(tmp_path, seed, 2000)
    for codec in ("null", "deflate", "snappy"):
        with open(tmp_path / f"{codec}.avro", "rb") as file:
            reader = fastavro.reader(file)
            assert reader.metadata["avro.codec"] == codec
            kinds = [field["doc"] for field in reader.writer_schema["fields"]]
            names = [field["name"] for field in reader.writer_schema["fields"]]
            found = [[row[name] for name in names] for row in reader]
        values = [list(map(of_avro, row, kinds)) for row in found]
        assert values == [list(map(of_text, row, kinds)) for row in texts]
        assert checksum(row_hash(row, kinds) for row in values) == total


def test_the_files_are_what_copy_loads(tmp_path):
    """COPY wants a record at the top, unions of null and one type, no logical types."""
    probe(tmp_path, 1, 5000)
    with open(tmp_path / "null.avro", "rb") as file:
        blocks = list(fastavro.block_reader(file))
        assert max(block.bytes_.getbuffer().nbytes for block in blocks) < 4_000_000
        schema = blocks[0].writer_schema
    assert schema["type"] == "record"
    for field in schema["fields"]:
        types = field["type"] if isinstance(field["type"], list) else ["null", field["type"]]
        assert types[0] == "null" and len(types) == 2 and isinstance(types[1], str)
        assert field["name"] == field["name"].lower()
    text = probe(tmp_path, 1, 1)[0]
    assert re.fullmatch("[0-9a-f]{32}", text)


def test_the_example_of_the_document():
    """Its bytes, hashes and sum are those of its table, and muster's."""
    document = DOCUMENT.read_text()
    blocks = re.findall(r"^```\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)
    rows = [
        bytes.fromhex("".join(re.match(r"[0-9a-f ]+", line)[0] for line in block.splitlines()))
        for block in blocks
    ]
    kinds = ["int64", "string", "decimal(10,2)", "date"]
    values = [
        [1, "Ana", decimal.Decimal("12.50"), datetime.date(1970, 1, 2)],
        [-2, None, decimal.Decimal("-0.01"), None],
    ]
    assert [b"".join(map(canonical, row, kinds)) for row in values] == rows
    stated = re.findall(r"^\| [a-z ]+ \| `([0-9a-f]{32})` \|$", document, re.MULTILINE)
    hashes = [row_hash(row, kinds) for row in values]
    assert stated == [*(f"{one:032x}" for one in hashes), checksum(hashes)]
    total, texts = probe("--example")
    assert total == stated[-1]
    assert [list(map(of_text, row, kinds)) for row in texts] == values
