"""What loads into the Redshift stand-in do beyond the reference results: rejects that are mended,
texts that no column holds, the reject limit, and tables that change."""

import csv
import io
import json

import pytest
from redshift.muster import OnRedshift, strangers
from redshift.server import running

CATALOG = """
[[table]]
name = "notes"
files = "notes*.csv"
key = ["code"]
{limit}

[[table.column]]
name = "code"
type = "string"
max_length = 10

[[table.column]]
name = "size"
type = "{size}"
nullable = {nullable}

[[table.column]]
name = "text"
type = "string"
nullable = true
{more}
"""


@pytest.fixture(scope="module")
def standin(tmp_path_factory):
    with running(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def muster(standin, tmp_path):
    one = OnRedshift(standin, tmp_path)
    config = one.folder / "muster.toml"
    one.sections = config.read_text().partition("[[table]]")[0]
    tail = config.read_text().rpartition("[source]")[2]
    one.stores = "[source]" + tail
    return one


def declare(muster, size="int32", nullable="true", limit="", more=""):
    text = CATALOG.format(size=size, nullable=nullable, limit=limit, more=more)
    head = '[muster]\nname = "notes"\n\n'
    (muster.folder / "muster.toml").write_text(head + muster.stores + text)


def rows(muster, columns="code, size, text"):
    found = muster.query(f"SELECT {columns} FROM notes ORDER BY code")
    return [tuple(row.values()) for row in found]


def rejects(muster, *words):
    lines = map(json.loads, muster("rejects", "list", "--json", *words).stdout.splitlines())
    return [line for line in lines if line["type"] == "reject"]


def test_a_text_that_no_column_holds_is_a_reject(muster):
    declare(muster)
    long = "é" * 40_000
    muster.put_source({"notes.csv": f"a,1,short\nb,2,{long}\nc,3,\na,4,later\n".encode()})
    tables, summary = muster.load()
    assert (tables["notes"]["inserted"], tables["notes"]["rejected"]) == (2, 1)
    assert rows(muster) == [("a", 4, "later"), ("c", 3, None)]
    (reject,) = rejects(muster, "--code", "destination.rejected")
    assert reject["reasons"][0]["code"] == "destination.rejected"
    assert reject["line"] == 2 and "65535" in reject["reasons"][0]["message"].replace(",", "")


def test_trailing_blanks_tell_texts_apart(muster):
    declare(muster, more="keep_empty = true")
    muster.put_source({"notes.csv": b'a,1,x\nb,2,"y"\n'})
    muster.load()
    muster.put_source({"notes.csv": b'a,1,"x "\nb,2,"y"\n'})
    config = muster.folder / "muster.toml"
    untrimmed = config.read_text().replace('*.csv"', '*.csv"\ntrim = false')
    config.write_text(untrimmed)
    tables, _ = muster.load()
    assert (tables["notes"]["updated"], tables["notes"]["unchanged"]) == (1, 1)
    assert rows(muster) == [("a", 1, "x "), ("b", 2, "y")]


def test_mended_rejects_are_replayed(muster):
    declare(muster)
    muster.put_source({"notes.csv": b"a,1,one\nb,two,zwei\nc,three,drei\n"})
    tables, _ = muster.load()
    assert tables["notes"]["rejected"] == 2
    exported = muster("rejects", "export", "--table", "notes").stdout
    lines = list(csv.DictReader(io.StringIO(exported)))
    for line in lines:
        line["size"] = {"two": "2", "three": "still three"}[line["size"]]
    out = io.StringIO()
    writer = csv.DictWriter(out, lines[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    (muster.folder / "mended.csv").write_text(out.getvalue())
    muster("rejects", "replay", "mended.csv", code=None)
    assert rows(muster) == [("a", 1, "one"), ("b", 2, "zwei")]
    states = muster.query("SELECT state FROM muster.rejects ORDER BY line")
    assert [row["state"] for row in states] == ["replayed", "open"]


def test_over_the_reject_limit_the_table_is_untouched(muster):
    declare(muster, limit="reject_limit = { rows = 1 }")
    muster.put_source({"notes.csv": b"a,1,one\nb,x,two\nc,y,three\n"})
    done = muster("run", code=4)
    assert "limit" in done.stderr
    assert rows(muster) == []
    assert len(rejects(muster)) == 2
    muster.put_source({"notes.csv": b"a,1,one\n"})
    muster.load()
    assert rows(muster) == [("a", 1, "one")]
    states = muster.query("SELECT state FROM muster.rejects")
    assert [row["state"] for row in states] == ["gone", "gone"]


def test_a_table_follows_its_catalog(muster):
    declare(muster)
    muster.put_source({"notes.csv": b"a,1,one\nb,2,\n"})
    muster.load()
    begin = len(muster.standin.seen)
    declare(muster, size="int64")
    muster.load()
    assert rows(muster) == [("a", 1, "one"), ("b", 2, None)]
    declare(muster, size="int64", nullable="false")
    refused = muster("run", code=2)
    assert "migrate" in refused.stderr
    muster("migrate")
    more = '\n[[table.column]]\nname = "day"\ntype = "date"\nnullable = true\n'
    declare(muster, size="int64", nullable="false", more=more)
    muster.put_source({"notes.csv": b"a,1,one,2021-01-02\nb,9000000000,,\n"})
    muster.load()
    assert rows(muster, "code, size, day") == [("a", 1, "2021-01-02"), ("b", 9000000000, None)]
    assert strangers(muster.standin.seen[begin:]) == {}
