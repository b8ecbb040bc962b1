"""A table with a column of every type, and rows of edge values for it."""

import csv
import datetime
import decimal
import json
import random

import warehouse
from backup import Backups

KINDS = {
    "id": "int64",
    "small": "int32",
    "big": "int64",
    "price": "decimal(10,2)",
    "huge": "decimal(38,0)",
    "fine": "decimal(38,37)",
    "ratio": "double",
    "flag": "bool",
    "text": "string",
    "day": "date",
    "moment": "timestamp",
}
CATALOG = """
[muster]
name = "types"

[[table]]
name = "things"
files = "things*.csv"
key = ["id"]
trim = false
null_values = ["<null>"]
"""
# A text of Redshift has at most so many bytes; longer ones are rejects there.
LONGEST = 65_535 if warehouse.REDSHIFT else 70_000
EPOCH = datetime.datetime(1970, 1, 1)
D = decimal.Decimal

EDGES = {
    "small": [-(2**31), 2**31 - 1, 0, -1],
    "big": [-(2**63), 2**63 - 1, 0, 2**53 + 1],
    "price": [D("-99999999.99"), D("99999999.99"), D("0.01"), D("0.00")],
    "huge": [D(10**38 - 1), D(1 - 10**38), D(0), D(2**64)],
    "fine": [D("9." + "9" * 37), D("-9." + "9" * 37), D("0." + "0" * 36 + "1"), D(0)],
    "ratio": [1.7976931348623157e308, -1.7976931348623157e308, 5e-324, 0.1, -0.0, 1e22, 1 / 3],
    "flag": [True, False],
    "text": [
        "", " ", " a ", "é", "e\u0301", "日本語", "\U0001f600\U0010ffff", "שלום", "\ufeffx", "null",
        "a,b", 'say "no"', "two\nlines", "cr\r\nlf", "tab\t", "\x01\x7f", "\\N", "x" * LONGEST, "'",
    ],
    "day": [
        datetime.date.min, datetime.date.max, datetime.date(1970, 1, 1),
        datetime.date(1969, 12, 31),
        datetime.date(2000, 2, 29), datetime.date(1582, 10, 15), datetime.date(1582, 10, 4),
    ],
    "moment": [
        datetime.datetime.min, datetime.datetime.max, EPOCH, EPOCH - datetime.timedelta.resolution,
        datetime.datetime(2021, 11, 7, 2, 48, 42), datetime.datetime(2021, 1, 1, 0, 0, 0, 1),
    ],
}  # fmt: skip


def make_rows(seed, count):
    """Rows of edge values and NULLs; the first has no NULL, the second nothing but NULL."""
    rng = random.Random(seed)
    rows = []
    for key in range(count):
        chance = {0: 0.0, 1: 1.0}.get(key, 0.2)
        row = [None if rng.random() < chance else rng.choice(values) for values in EDGES.values()]
        rows.append((key - 5, *row))
    for place, values in enumerate(EDGES.values(), start=1):  # each value is there at least once
        for i, value in enumerate(values):
            row = rows[2 + place + i]
            rows[2 + place + i] = (*row[:place], value, *row[place + 1 :])
    return rows


def as_text(value):
    if value is None:
        return "<null>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.isoformat() + "Z"
    if isinstance(value, datetime.date):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, D) else repr(value) if value == 0.0 else str(value)


def write_source(muster, rows):
    muster.source.mkdir(exist_ok=True)
    with open(muster.source / "things.csv", "w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([map(as_text, row) for row in rows])


def of_json(value, kind):
    """What `query --json` shows, as the value of the type; numbers arrive as decimals."""
    if value is None or kind in ("bool", "string"):
        return value
    if kind == "date":
        return datetime.date.fromisoformat(value)
    if kind == "timestamp":
        return datetime.datetime.fromisoformat(value.removesuffix("Z"))
    if kind == "double":
        return float(value)
    return value if kind.startswith("decimal") else int(value)


class Things(Backups):
    def rows(self, table="things"):
        text = self("query", f"SELECT * FROM {table} ORDER BY id", "--json").stdout
        found = json.loads(text, parse_float=D, parse_int=D)
        return [tuple(map(of_json, row.values(), KINDS.values())) for row in found]
