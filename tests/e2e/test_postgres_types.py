"""Every type at its borders: PostgreSQL stores what DuckDB stores."""

import csv
import os
import random

import pytest
from postgres import Postgres
from program import Program

ROWS = 600
SCALES = [(1, 0), (1, 1), (4, 4), (9, 2), (10, 5), (18, 3), (19, 0), (22, 21), (38, 0), (38, 10),
          (38, 38)]  # fmt: skip
COLUMNS = (
    [("id", "int64"), ("small", "int32"), ("yes", "bool"), ("real", "double"), ("text", "string")]
    + [("day", "date"), ("moment", "timestamp")]
    + [(f"d{p}_{s}", f"decimal({p},{s})") for p, s in SCALES]
)
CATALOG = """
[muster]
name = "types"
[source]
url = "data"
[[table]]
name = "values"
files = "values*.csv"
key = ["id"]
"""


def decimal(rng, precision, scale):
    size = rng.randint(1, precision)
    digits = str(rng.choice([0, 10**size - 1, 10 ** (size - 1), rng.randrange(10**size)]))
    digits = digits.rjust(scale + 1, "0")
    whole, part = digits[: len(digits) - scale], digits[len(digits) - scale :]
    return rng.choice(["", "-"]) + whole + ("." + part if part else "")


def value(rng, kind):
    if rng.random() < 0.1:
        return ""
    if kind.startswith("decimal"):
        return decimal(rng, *map(int, kind[8:-1].split(",")))
    year = rng.choice([1, 4, 1582, 1899, 1969, 1970, 1999, 2000, 2021, 2400, 9999])
    day = f"{year:04}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    clock = f"{rng.randint(0, 23):02}:59:59.{rng.choice(['0', '000001', '999999'])}Z"
    texts = ["a", "Björn", "李", "it's", 'say "x"', "\\N", "\\", "a\tb", "$1"]
    return {
        "int32": lambda: str(rng.choice([-(2**31), 2**31 - 1, 0, rng.randrange(-9, 9)])),
        "bool": lambda: rng.choice(["true", "false"]),
        "double": lambda: repr(rng.choice([0.0, -0.5, 1e-300, 1.7e308, 5e-324, rng.random()])),
        "string": lambda: rng.choice(texts),
        "date": lambda: day,
        "timestamp": lambda: f"{day}T{clock}",
    }[kind]()


@pytest.fixture
def catalog(tmp_path):
    text = CATALOG
    for name, kind in COLUMNS:
        nullable = "" if name == "id" else "nullable = true\n"
        text += f'[[table.column]]\nname = "{name}"\ntype = "{kind}"\n{nullable}'
    path = tmp_path / "muster.toml"
    path.write_text(text)
    rng = random.Random(1)
    (tmp_path / "data").mkdir()
    with open(tmp_path / "data" / "values.csv", "w", newline="") as file:
        out = csv.writer(file)
        for key in [-(2**63), 2**63 - 1, *range(ROWS)]:
            out.writerow([key, *(value(rng, kind) for _, kind in COLUMNS[1:])])
    return path


def load(folder, catalog, url):
    muster = Program(folder, catalog.parent / "data", catalog)
    muster.env = {name: text for name, text in os.environ.items() if not name.startswith("MUSTER")}
    if url:
        muster.env["MUSTER_WAREHOUSE"] = url
    tables, _ = muster.load()
    assert tables["values"]["inserted"] == ROWS + 2, tables
    again, _ = muster.load("--force")
    assert again["values"]["unchanged"] == ROWS + 2, again
    return muster.query('SELECT * FROM "values" ORDER BY id')


def test_both_warehouses_store_the_same_values(tmp_path, catalog):
    server = Postgres().start()
    try:
        ours = load(tmp_path / "duckdb", catalog, None)
        theirs = load(tmp_path / "postgres", catalog, server.database())
        assert len(ours) == ROWS + 2
        for one, other in zip(ours, theirs, strict=True):
            assert one == other
    finally:
        server.end()
