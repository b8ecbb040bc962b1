"""The committed sample is what its generator writes, and README.md's line numbers are true."""

import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "examples" / "hiring"
GENERATOR = pathlib.Path(os.environ.get("MUSTER_BUILD", ROOT / "build/release"))
GENERATOR = GENERATOR / "tools" / "generate_hiring"


def files(folder):
    names = ("data", "broken")
    return {p.relative_to(folder): p.read_bytes() for n in names for p in (folder / n).iterdir()}


def test_sample_is_what_the_generator_writes(tmp_path):
    subprocess.run([GENERATOR, "--sample", tmp_path], check=True)
    assert files(tmp_path) == files(SAMPLE)


def test_lines_named_in_the_readme():
    lines = (SAMPLE / "data/hired_employees.csv").read_bytes().split(b"\n")
    starts = {
        102: b"100,", 112: b"110,", 122: b"120,", 132: b"130,", 142: b"140,", 152: b"150,",
        202: b",", 212: b"21O,", 222: b"220,", 232: b"230,", 242: b"240,", 252: b"9999",
        262: b"260,", 302: b"300,", 312: b"310,", 322: b"320,", 351: b"349,", 352: b"349,",
        1001: b"999,",
    }  # fmt: skip
    assert {n: lines[n - 1][: len(start)] for n, start in starts.items()} == starts
    text = (SAMPLE / "README.md").read_text()
    table = text.split("These are wrong:")[1].split("`broken/`")[0]
    named = {int(n) for row in re.findall(r"^\| ([\d, ]+) \|", table, re.M) for n in row.split(",")}
    assert named == set(starts) - {352}


def test_rows_do_not_depend_on_what_else_is_asked(tmp_path):
    def rows(name, *options):
        subprocess.run(
            [GENERATOR, "--rows", "2000", "--out", tmp_path / name, *options],
            check=True,
            capture_output=True,
        )
        return (tmp_path / name / "hired_employees.csv").read_text().splitlines()

    plain = rows("plain")
    changed = rows("changed", "--changed", "0.1")
    differing = [pair for pair in zip(plain, changed, strict=True) if pair[0] != pair[1]]
    assert 120 < len(differing) < 280
    assert all(a.rsplit(",", 1)[0] == b.rsplit(",", 1)[0] for a, b in differing)
    shuffled = rows("shuffled", "--keys", "shuffled")
    assert sorted(int(r.split(",")[0]) for r in shuffled) == list(range(1, 2001))
    dirty = rows("dirty", "--dirty", "0.2")
    assert 300 < sum(a != b for a, b in zip(plain, dirty, strict=True)) < 500
    assert rows("seed", "--seed", "2") != plain
