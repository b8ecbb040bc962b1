"""Well-formed random files: what is loaded is what Python's csv reads from the same bytes."""

import csv
import io
import random

import pytest
from program import Program

COLUMNS = 4
CATALOG = """
[muster]
name = "cells"

[[table]]
name = "cells"
files = "cells*.csv"
key = ["id"]
null_values = []
trim = false
column = [
    { name = "id", type = "int64" },
    { name = "a", type = "string", nullable = true },
    { name = "b", type = "string", nullable = true },
    { name = "c", type = "string", nullable = true },
]
"""
PIECES = ["a", "Zoë", "日本", "🙂", " ", "\t", '"', '""', ",", "\n", "\r\n", "'", "\\", ";", "0", "|"]


def cell(rng):
    kind = rng.random()
    if kind < 0.15:
        return ""
    if kind < 0.2:
        return "x" * rng.randint(1, 5000)
    return "x" + "".join(rng.choice(PIECES) for _ in range(rng.randint(0, 12))) + "x"


def write(rng, rows, line_end):
    out = io.StringIO()
    for row in rows:
        cells = []
        for text in row:
            special = any(c in text for c in '",\r\n')
            quote = special or rng.random() < 0.2
            cells.append('"' + text.replace('"', '""') + '"' if quote else text)
        out.write(",".join(cells) + line_end)
    text = out.getvalue()
    # The last line end may be missing.
    return text.removesuffix(line_end) if rng.random() < 0.5 else text


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("seed", range(4))
def test_the_same_values_as_python(tmp_path, seed, line_end):
    rng = random.Random(seed)
    muster = Program(tmp_path, config=tmp_path / "muster.toml")
    muster.config.write_text(CATALOG)
    muster.source.mkdir()
    rows = [[str(i), *(cell(rng) for _ in range(COLUMNS - 1))] for i in range(2000)]
    text = write(rng, rows, line_end)
    (muster.source / "cells.csv").write_bytes(text.encode())
    expected = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert expected == rows
    tables, _ = muster.load()
    assert (tables["cells"]["inserted"], tables["cells"]["rejected"]) == (len(rows), 0)
    loaded = muster.query("SELECT * FROM cells ORDER BY id")
    assert [[str(row["id"]), *(row[c] or "" for c in "abc")] for row in loaded] == expected
