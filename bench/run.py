#!/usr/bin/env python3
"""Compares whole programs in one run and prints ratios; every result is checked first.

Seconds are the best of --repeat runs, the two sides taking turns. Ratios below are the other
side's value divided by muster's: above 1, muster is faster or smaller.
"""

import argparse
import dataclasses
import importlib.metadata
import itertools
import json
import pathlib
import platform
import re
import shutil
import subprocess
import sys

import from_s3
import into_postgres
from measure import measure

ROOT = pathlib.Path(__file__).resolve().parent.parent
BENCH = ROOT / "bench"
CONFIG = ROOT / "catalogs" / "hiring" / "muster.toml"
COUNTS = ("read", "inserted", "updated", "unchanged", "deduplicated", "rejected")
PYDANTIC_ROWS = 1_000_000
CHANGED_ROWS = 1_000
CLEAN_RECORD = re.compile(rb"[0-9]+,[^,\"]+,[0-9TZ:-]+,[0-9]+,[0-9]+\r?\n")
GROWTH_ROWS = (1_000_000, 10_000_000, 100_000_000)
GROWTH_LIMIT = "1GiB"


class Bench:
    def __init__(self, options):
        self.options = options
        self.work = options.work
        self.program = options.build / "muster"
        self.rows = []
        self.work.mkdir(parents=True, exist_ok=True)

    def source(self, rows, *extra):
        """A generated source folder and what the generator said about it; made once."""
        name = "-".join(["data", str(rows), *(str(e).lstrip("-") for e in extra)])
        folder = self.work / name
        facts = folder / "facts.json"
        if not facts.exists():
            generator = self.options.build / "tools/generate_hiring"
            command = [generator, "--rows", str(rows), "--out", folder, *map(str, extra)]
            facts_text = subprocess.check_output(command, text=True)
            facts.write_text(facts_text)
        return folder, json.loads(facts.read_text())

    def muster(self, data_dir, source, *arguments):
        options = ["--config", CONFIG, "--data-dir", data_dir, "--source", source]
        return [self.program, *options, *arguments]

    def peer(self, script, *arguments):
        return [sys.executable, BENCH / "peers" / script, *arguments]

    def best(self, *sides):
        """Each side is (prepare, command, exit codes); they take turns, the fastest run counts."""
        found = [[] for _ in sides]
        for _ in range(self.options.repeat):
            for runs, (prepare, command, codes) in zip(found, sides, strict=True):
                prepare()
                runs.append(measure(command, self.work / "out.txt", codes))
        return [min(runs, key=lambda run: run.seconds) for runs in found]

    def row(self, scenario, other, ours, theirs, factor=1.0, note=""):
        self.rows.append((
            scenario, f"{ours.seconds:.3f}", other, f"{theirs.seconds * factor:.3f}",
            f"{theirs.seconds * factor / ours.seconds:.2f}", f"{ours.peak_mib:.0f}",
            f"{theirs.peak_mib:.0f}", note,
        ))  # fmt: skip
        print("|", " | ".join(self.rows[-1]), "|", flush=True)


def equal(what, found, expected):
    if found != expected:
        raise SystemExit(f"{what}: found {found}, expected {expected}")


def nothing():
    pass


def validate(bench):
    """`validate` against other ways to check a file; all keep what they refuse in a file."""
    for dirty in ("0", "0.01", "0.1"):
        source, facts = bench.source(bench.options.rows, "--dirty", dirty)
        file = source / "hired_employees.csv"
        rejects = bench.work / "rejects.out"
        ours = (nothing, bench.muster(bench.work / "v", source, "validate", file, "--json"), (0, 3))
        duckdb = (nothing, bench.peer("validate_duckdb.py", file, rejects), (0,))
        pandas = (nothing, bench.peer("validate_pandas.py", file, rejects), (0,))
        mine, its, panda = bench.best(ours, duckdb, pandas)

        table = mine.json()["tables"][0]
        wanted = {"read": facts["rows"], "rejected": facts["dirty"]}
        equal("muster validate", {k: table[k] for k in wanted}, wanted)
        equal("duckdb validate", its.json(), wanted)
        equal("pandas read", panda.json()["read"], facts["rows"])
        missed = facts["dirty"] - panda.json()["rejected"]
        scenario = f"validate {facts['rows']:,} rows, {float(dirty):.0%} dirty"
        bench.row(scenario, "DuckDB read_csv", mine, its)
        bench.row(scenario, "pandas", mine, panda, note=f"misses {missed:,} bad records")

        few, small = bench.source(min(PYDANTIC_ROWS, bench.options.rows), "--dirty", dirty)
        command = bench.peer("validate_pydantic.py", few / "hired_employees.csv", rejects)
        model = measure(command, bench.work / "out.txt")
        equal("pydantic", model.json(), {"read": small["rows"], "rejected": small["dirty"]})
        factor = facts["rows"] / small["rows"]
        note = f"measured on {small['rows']:,} rows" if factor > 1 else ""
        bench.row(scenario, "csv + pydantic", mine, model, factor, note)


def employees(summary):
    table = {t["table"]: t for t in summary["tables"]}["hired_employees"]
    return {name: table[name] for name in COUNTS}


def checksum(bench, database):
    return json.loads(subprocess.check_output(bench.peer("checksum.py", database), text=True))


def replace(base, copy):
    """The folder `copy` anew: empty, or with the content of `base`."""
    shutil.rmtree(copy, ignore_errors=True)
    if base is None:
        copy.mkdir()
    else:
        shutil.copytree(base, copy)


def load(bench):
    """First load and the loads after it, against SQL in DuckDB that does the same."""
    rows = bench.options.rows
    first, facts = bench.source(rows, "--dirty", "0.01", "--keys", bench.options.keys)
    share = CHANGED_ROWS / rows
    few, _ = bench.source(rows, "--dirty", "0.01", "--keys", bench.options.keys, "--changed", share)
    every, _ = bench.source(rows, "--dirty", "0.01", "--keys", bench.options.keys, "--changed", 1)
    ours, theirs = bench.work / "muster-data", bench.work / "duckdb-data"
    scenarios = [
        ("first load", first, ()),
        ("nothing changed", first, ()),
        (f"{CHANGED_ROWS:,} changed", few, ()),
        ("all changed", every, ()),
        ("all unchanged, --force", first, ("--force",)),
    ]
    for name, source, extra in scenarios:
        fresh = name == "first load"
        mine, its = bench.best(
            (
                lambda fresh=fresh: replace(None if fresh else bench.work / "base-m", ours),
                bench.muster(ours, source, "run", "--json", *extra),
                (0,),
            ),
            (
                lambda fresh=fresh: replace(None if fresh else bench.work / "base-d", theirs),
                bench.peer("load_duckdb.py", theirs / "hiring.duckdb", source),
                (0,),
            ),
        )
        counts, expected = employees(mine.json()), its.json()
        if name == "nothing changed":
            expected = dict.fromkeys(COUNTS, 0)
        equal(f"counts of {name}", counts, expected)
        found = checksum(bench, ours / "muster.duckdb")
        equal(f"tables of {name}", found, checksum(bench, theirs / "hiring.duckdb"))
        equal(f"rows of {name}", found[0], facts["rows"] - facts["dirty"])
        if fresh:
            replace(ours, bench.work / "base-m")
            replace(theirs, bench.work / "base-d")
        bench.row(f"{name}, {rows:,} rows", "SQL in DuckDB", mine, its)
    merge(bench, first, every)


def changed_records(every, rows):
    """CHANGED_ROWS records whose keys exist, spread over the table, each with other values."""
    with open(every / "hired_employees.csv", "rb") as file:
        clean = (line for line in file if CLEAN_RECORD.fullmatch(line) and b"-02-31T" not in line)
        return list(itertools.islice(clean, 0, None, rows // CHANGED_ROWS * 90 // 100))[
            :CHANGED_ROWS
        ]


def merge(bench, first, every):
    """A new small file beside a large one that did not change, against MERGE of that file."""
    ours, theirs = bench.work / "muster-data", bench.work / "duckdb-data"
    small = first / "hired_employees_2.csv"
    small.write_bytes(b"".join(changed_records(every, bench.options.rows)))
    try:
        mine, its = bench.best(
            (
                lambda: replace(bench.work / "base-m", ours),
                bench.muster(ours, first, "run", "--json"),
                (0,),
            ),
            (
                lambda: replace(bench.work / "base-d", theirs),
                bench.peer("merge_duckdb.py", theirs / "hiring.duckdb", small),
                (0,),
            ),
        )
    finally:
        small.unlink()
    equal("changed records", employees(mine.json())["updated"], CHANGED_ROWS)
    found = checksum(bench, ours / "muster.duckdb")
    equal("tables after the merge", found, checksum(bench, theirs / "hiring.duckdb"))
    scenario = f"a file of {CHANGED_ROWS:,} changed into {bench.options.rows:,} rows"
    bench.row(scenario, "DuckDB MERGE", mine, its)


def backup(bench):
    """A verified backup against DuckDB's COPY of the same table, and a restore against its load."""
    rows = bench.options.rows
    source, facts = bench.source(rows, "--dirty", "0.01", "--keys", bench.options.keys)
    ours, theirs = bench.work / "backup-m", bench.work / "backup-d"
    replace(None, ours)
    replace(None, theirs)
    measure(bench.muster(ours, source, "run", "--json"), bench.work / "out.txt")
    command = bench.peer("load_duckdb.py", theirs / "hiring.duckdb", source)
    measure(command, bench.work / "out.txt")
    parquet = bench.work / "copy.parquet"
    copy = (nothing, bench.peer("copy_duckdb.py", theirs / "hiring.duckdb", parquet), (0,))
    create = bench.muster(ours, source, "backup", "create", "hired_employees", "-o", "csv")
    for formats in ("parquet", "parquet,avro"):
        side = (nothing, [*create, "--formats", formats], (0,))
        mine, its = bench.best(side, copy)
        bench.row(f"backup {formats}, {rows:,} rows", "DuckDB COPY", mine, its)
    listed = bench.muster(ours, source, "backup", "list", "hired_employees", "--json")
    saved = json.loads(subprocess.check_output([str(c) for c in listed], text=True))[0]
    equal("rows saved", saved["rows"], facts["rows"] - facts["dirty"])
    loaded = bench.work / "restored.duckdb"
    for form in ("parquet", "avro"):
        restore = ["backup", "restore", saved["backup_name"], "--from", form, "--json"]
        mine, its = bench.best(
            (nothing, bench.muster(ours, source, *restore), (0,)),
            (
                lambda: loaded.unlink(missing_ok=True),
                bench.peer("restore_duckdb.py", loaded, parquet),
                (0,),
            ),
        )
        found = mine.json()
        equal("rows restored", found["rows"], its.json()["rows"])
        # By their own clocks, so that the safety backup that follows is left out.
        bench.row(
            f"restore from {form}, {rows:,} rows",
            "DuckDB loads its Parquet",
            dataclasses.replace(mine, seconds=found["restored_ms"] / 1e3),
            dataclasses.replace(its, seconds=its.json()["seconds"]),
            note=f"writers waited {found['gate_ms']:.0f} ms; with the safety backup and the start "
            f"of the process {mine.seconds:.2f} s",
        )
    for folder in (ours, theirs):
        shutil.rmtree(folder)


def growth(bench):
    """Time per row and memory from a small load to a large one, under a memory limit."""
    per_row = []
    for rows in GROWTH_ROWS:
        source, facts = bench.source(rows, "--dirty", "0.01")
        data = bench.work / "growth-data"
        replace(None, data)
        command = bench.muster(data, source, "--memory-limit", GROWTH_LIMIT, "run", "--json")
        run = measure(command, bench.work / "out.txt")
        counts = employees(run.json())
        equal("rows", counts["inserted"], facts["rows"] - facts["dirty"])
        check = measure(
            bench.muster(data, source, "validate", "hired_employees", "-o", "table"),
            bench.work / "out.txt",
            (0, 3),
        )
        per_row.append(run.seconds / rows)
        print(
            f"| run --memory-limit {GROWTH_LIMIT}, {rows:,} rows | {run.seconds:.3f} "
            f"| time per row of the smallest | {per_row[0] * rows:.3f} "
            f"| {per_row[0] / per_row[-1]:.2f} | {run.peak_mib:.0f} | "
            f"| validate: {check.seconds:.3f} s, {check.peak_mib:.0f} MiB |",
            flush=True,
        )
        shutil.rmtree(data)


def start(bench):
    """What it takes to start, and to answer a report on what is loaded."""
    none = bench.work / "none"
    python = [sys.executable, "-c", "import duckdb; duckdb.connect()"]
    sides = [(nothing, bench.muster(none, none, "version"), (0,)), (nothing, python, (0,))]
    mine, its = bench.best(*sides)
    bench.row("start-up: version", "python, import duckdb", mine, its)
    source, _ = bench.source(1_000)
    data = bench.work / "start-data"
    replace(None, data)
    measure(bench.muster(data, source, "run"), bench.work / "out.txt")
    report = bench.muster(data, source, "report", "departments_above_mean", "--json")
    mine, its = bench.best((nothing, report, (0,)), (nothing, python, (0,)))
    bench.row("report on 1,000 rows", "python, import duckdb", mine, its)


SCENARIOS = {
    "validate": validate,
    "load": load,
    "backup": backup,
    "start": start,
    "growth": growth,
    "s3": lambda bench: from_s3.compare(bench, equal, nothing),
    "postgres": lambda bench: into_postgres.compare(bench, equal, changed_records),
}


def versions(bench):
    program = subprocess.check_output([bench.program, "version"], text=True).splitlines()[0]
    names = ("duckdb", "pandas", "pydantic", "numpy", "dlt", "sling-linux-amd64")
    others = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    return f"{program}; {others}; Python {platform.python_version()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--keys", choices=("rising", "shuffled"), default="rising")
    parser.add_argument("--only", choices=SCENARIOS, action="append", help="may stand repeatedly")
    parser.add_argument("--build", default=ROOT / "build/release", type=pathlib.Path)
    parser.add_argument("--work", default=ROOT / "build/bench", type=pathlib.Path)
    bench = Bench(parser.parse_args())

    head = ["scenario", "muster s", "other", "other s", "ratio", "muster MiB", "other MiB", "note"]
    header = f"| {' | '.join(head)} |\n|{'---|' * len(head)}"
    print(f"{versions(bench)}\n\n{header}", flush=True)
    for name in bench.options.only or SCENARIOS:
        SCENARIOS[name](bench)
    text = "\n".join("| " + " | ".join(row) + " |" for row in bench.rows)
    (bench.work / "results.md").write_text(f"{versions(bench)}\n\n{header}\n{text}\n")


if __name__ == "__main__":
    main()
