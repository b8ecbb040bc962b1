"""What loads into the Redshift stand-in do beyond the reference results: rejects that are mended,
texts that no column holds, the reject limit, and tables that change."""

import csv
import io
import json
import re

import pytest
from redshift.files import noncharacters
from redshift.muster import OnRedshift, strangers

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


@pytest.fixture
def muster(standin, tmp_path):
    one = OnRedshift(standin, tmp_path)
    config = one.folder / "muster.toml"
    one.sections = config.read_text().partition("[[table]]")[0]
    tail = config.read_text().rpartition("[source]")[2]
    one.stores = "[source]" + tail
    yield one
    standin.refuses, standin.names_rows = None, True


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


# --- rows that COPY refuses ----------------------------------------------------------------------

BAD = "\ufde1"  # no character, although it is UTF-8


def lines_of(found):
    return [(one["object"], one["line"]) for one in found]


def test_rows_that_copy_refuses_are_rejects(muster):
    """COPY names one of them at a time; what is left is loaded, and the balance holds."""
    declare(muster)
    muster.standin.refuses = noncharacters
    muster.put_source({
        "notes_1.csv": f"a,1,fine\nb,2,x{BAD}\nc,3,fine\n".encode(),
        "notes_2.csv": f"d,4,fine\n{BAD},5,fine\na,6,later\ne,7,{BAD}\n".encode(),
    })  # fmt: skip
    begin = len(muster.standin.seen)
    tables, summary = muster.load()
    counts = tables["notes"]
    assert (counts["read"], counts["inserted"], counts["deduplicated"]) == (7, 3, 1)
    assert counts["rejected"] == 3
    assert summary["rejects_by_code"] == {"destination.rejected": 3}
    assert rows(muster) == [("a", 6, "later"), ("c", 3, "fine"), ("d", 4, "fine")]
    found = rejects(muster)
    assert lines_of(found) == [("notes_1.csv", 2), ("notes_2.csv", 2), ("notes_2.csv", 4)]
    assert [one["raw"] for one in found] == [f"b,2,x{BAD}", f"{BAD},5,fine", f"e,7,{BAD}"]
    for one, column in zip(found, ("text", "code", "text"), strict=True):
        (reason,) = one["reasons"]
        assert (reason["code"], reason["column"]) == ("destination.rejected", column)
        assert "Bad UTF8 hex sequence: ef b7 a1" in reason["message"]
    assert strangers(muster.standin.seen[begin:]) == {}
    # Mended they are loaded, and the rejects are closed.
    muster.put_source({"notes_1.csv": b"a,6,later\nb,2,x\n", "notes_2.csv": b"d,4,fine\n"})
    tables, _ = muster.load()
    assert (tables["notes"]["inserted"], tables["notes"]["rejected"]) == (1, 0)
    assert {one["state"] for one in rejects(muster, "--state", "gone")} == {"gone"}


def test_a_row_that_loses_is_no_reject_for_it(muster):
    declare(muster)
    muster.standin.refuses = noncharacters
    muster.put_source({"notes.csv": f"a,1,{BAD}\na,2,fine\n".encode()})
    tables, _ = muster.load()
    counts = tables["notes"]
    assert (counts["inserted"], counts["deduplicated"], counts["rejected"]) == (1, 1, 0)
    assert rows(muster) == [("a", 2, "fine")]
    assert [one["severity"] for one in rejects(muster, "--severity", "notice")] == ["notice"]


@pytest.mark.parametrize(
    ("code", "words", "column", "wrong"),
    [
        (1204, "String length exceeds DDL length", "text", "too long"),
        (1216, "Overflow (Integer)", "size", 13),
        (1220, "String contains invalid or unsupported UTF8 codepoints", "text", "\x01"),
    ],
)
def test_the_words_of_redshift_are_the_reason(muster, code, words, column, wrong):
    declare(muster)
    muster.standin.refuses = lambda name, given: (
        (code, words) if (name, given) == (column, wrong) else None
    )
    muster.put_source({"notes.csv": b"a,1,x\nb,13,too long\nc,13,\x01\nd,2,y\n"})
    tables, _ = muster.load()
    assert tables["notes"]["inserted"] + tables["notes"]["rejected"] == 4
    found = rejects(muster)
    assert len(found) == tables["notes"]["rejected"] > 0
    for one in found:
        (reason,) = one["reasons"]
        assert (reason["code"], reason["column"]) == ("destination.rejected", column)
        assert (reason["value"], words in reason["message"]) == (str(wrong), True)
        assert one["raw"].split(",")[0] in "bc" and one["object"] == "notes.csv"


def test_a_row_that_is_too_long_as_a_whole(muster):
    """Redshift takes 4 MB: the row is named without a column."""
    columns = [f"c{number}" for number in range(70)]
    text = '[muster]\nname = "wide"\n\n' + muster.stores
    text += '\n[[table]]\nname = "notes"\nfiles = "notes*.csv"\nkey = ["c0"]\n'
    text += 'max_record_bytes = 8000000\n'
    for column in columns:
        text += f'[[table.column]]\nname = "{column}"\ntype = "string"\n'
    (muster.folder / "muster.toml").write_text(text)
    lines = [",".join([mark * size] * 70) for mark, size in (("a", 9), ("b", 60_000), ("c", 9))]
    muster.put_source({"notes.csv": "\n".join(lines).encode()})
    tables, _ = muster.load()
    assert (tables["notes"]["inserted"], tables["notes"]["rejected"]) == (2, 1)
    (found,) = rejects(muster)
    assert found["line"] == 2
    assert [one["column"] for one in found["reasons"]] == [None]
    assert "row size" in found["reasons"][0]["message"]


def test_they_count_for_the_reject_limit(muster):
    declare(muster, limit="reject_limit = { rows = 1 }")
    muster.standin.refuses = noncharacters
    muster.put_source({"notes.csv": f"a,1,{BAD}\nb,2,{BAD}\nc,3,fine\n".encode()})
    done = muster("run", code=4)
    assert "2 of 3 records were rejected" in done.stderr, done.stderr
    assert rows(muster) == []
    assert lines_of(rejects(muster)) == [("notes.csv", 1), ("notes.csv", 2)]


def test_after_too_many_of_them_the_load_fails(muster):
    declare(muster)
    muster.standin.refuses = noncharacters
    muster.put_source({"notes.csv": "".join(f"{n},1,{BAD}\n" for n in range(30)).encode()})
    done = muster("run", code=1)
    assert "refused rows in 20 tries of COPY" in done.stderr, done.stderr
    assert "ef b7 a1" in done.stderr and "nothing was changed" in done.stderr
    assert rows(muster) == [] and rejects(muster) == []
    muster.standin.refuses = None
    tables, _ = muster.load()
    assert tables["notes"]["inserted"] == 30


def test_a_row_that_is_not_named_is_not_guessed(muster):
    declare(muster)
    muster.standin.refuses, muster.standin.names_rows = noncharacters, False
    muster.put_source({"notes.csv": f"a,1,fine\nb,2,{BAD}\n".encode()})
    done = muster("run", code=1)
    assert re.search("COPY into table notes.*destination.rejected.*column text", done.stderr, re.S)
    assert rows(muster) == [] and rejects(muster) == []
