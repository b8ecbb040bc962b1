"""The verbs on the sample: what they print, in all forms, and their exit codes."""

import csv
import io
import json
import subprocess

import pytest


def lines(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_init_does_not_overwrite(muster, tmp_path):
    muster("init", "shop", "--sample")
    assert (tmp_path / "shop/muster.toml").exists()
    assert sorted(p.name for p in (tmp_path / "shop/data").iterdir()) == [
        "departments.csv",
        "hired_employees.csv",
        "jobs.csv",
    ]
    (tmp_path / "shop/data/jobs.csv").unlink()
    refused = muster("init", "shop", "--sample", check=1)
    assert "muster.toml exists already" in refused.stderr
    assert not (tmp_path / "shop/data/jobs.csv").exists()


def test_run_prints_a_summary_and_the_way_to_the_rest(sample):
    result = sample("run")
    assert "hired_employees" in result.stdout
    assert "Rejects by code" in result.stdout
    assert "muster rejects list --run" in result.stdout
    assert "hired_employees.csv:" in result.stdout
    again = sample("run")
    assert "nothing to load" in again.stderr
    assert "--force" in again.stderr
    assert sample("run", "--force", "--fail-on-rejects", check=3)


def test_run_json_ends_with_the_summary(sample):
    result = lines(sample("run", "--json"))
    assert {line["type"] for line in result} <= {"progress", "summary"}
    summary = result[-1]
    assert list(summary) == [
        "type",
        "run_id",
        "status",
        "seconds",
        "tables",
        "rejects_by_code",
    ]
    assert list(summary["tables"][0]) == [
        "table",
        "read",
        "inserted",
        "updated",
        "unchanged",
        "deduplicated",
        "rejected",
        "blank_lines",
        "files_loaded",
        "files_skipped",
        "files_failed",
        "bytes",
        "seconds",
    ]
    assert summary["status"] == "succeeded"


def test_run_without_files_says_what_it_looked_for(muster, tmp_path):
    (tmp_path / "empty").mkdir()
    result = muster("run", "--source", "empty")
    assert "no file in" in result.stderr
    assert "hired_employees*.csv*" in result.stderr


def test_dry_run_loads_nothing(sample):
    assert "hired_employees.csv" in sample("run", "--dry-run").stdout
    assert json.loads(sample("query", "SELECT count(*) AS n FROM jobs", "--json").stdout) == [
        {"n": 0}
    ]


def test_report_forms(loaded):
    array = json.loads(loaded("report", "hires_by_quarter", "--year", "2021", "--json").stdout)
    assert list(array[0]) == ["department", "job", "q1", "q2", "q3", "q4"]
    assert all(isinstance(row["q1"], int) for row in array)
    text = loaded("--output=csv", "report", "--year=2021", "hires_by_quarter").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows == [{name: str(value) for name, value in row.items()} for row in array]
    table = loaded("report", "hires_by_quarter").stdout.splitlines()
    assert table[0].split() == ["department", "job", "q1", "q2", "q3", "q4"]
    assert len(table) == len(array) + 2


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("hires_by_quarter", "--year"), "needs a value"),
        (("hires_by_quarter", "--year", "soon"), "is no int32"),
        (("hires_by_quarter", "--year", "1"), "is below 1900"),
        (("hires_by_quarter", "--year", "99999999999"), "does not fit int32"),
        (("hires_by_quarter", "other"), "one report at a time"),
        (("--year", "2021"), "which report"),
    ],
)
def test_report_usage(sample, words, part):
    assert part in sample("report", *words, check=2).stderr


def test_report_list(sample):
    names = [row["name"] for row in json.loads(sample("report", "--json").stdout)]
    assert names == ["hires_by_quarter", "departments_above_mean"]
    assert "--year=2021" in sample("report").stdout


def test_query_reads_standard_input_and_keeps_types(loaded):
    sql = """SELECT 1::INTEGER AS i, 1.50::DECIMAL(5,2) AS d, true AS b, NULL AS n,
             'a"b' AS s, DATE '2021-01-02' AS day, 0.1::DOUBLE AS x"""
    result = loaded("query", "-", "--json", input=sql)
    assert '"d":1.50' in result.stdout
    assert json.loads(result.stdout) == [
        {"i": 1, "d": 1.5, "b": True, "n": None, "s": 'a"b', "day": "2021-01-02", "x": 0.1}
    ]


def test_a_reader_that_leaves_ends_a_query(loaded):
    process = loaded.popen("query", "-o", "csv", "SELECT * FROM range(100000000)")
    assert process.stdout.readline() == "range\n"
    process.stdout.close()
    assert process.wait(timeout=30) == 141
    assert process.stderr.read() == ""


def test_runs(loaded):
    runs = json.loads(loaded("runs", "list", "--json").stdout)
    assert [run["status"] for run in runs] == ["succeeded"]
    run = json.loads(loaded("runs", "show", runs[0]["run_id"], "--json").stdout)
    assert run["run_id"] == runs[0]["run_id"]
    assert {o["object"] for t in run["tables"] for o in t["objects"]} == {
        "departments.csv",
        "jobs.csv",
        "hired_employees.csv",
    }
    assert runs[0]["run_id"] in loaded("runs", "list").stdout
    assert "jobs.csv" in loaded("runs", "show", runs[0]["run_id"][:20]).stdout
    assert "nonesuch" in loaded("runs", "show", "nonesuch", check=1).stderr
    assert "--limit" in loaded("runs", "list", "--limit", "none", check=2).stderr


def test_rejects_show_and_waive(loaded):
    rejects = lines(loaded("rejects", "list", "--json"))
    assert rejects
    one = rejects[0]
    assert list(one) == [
        "type",
        "id",
        "run_id",
        "table",
        "object",
        "line",
        "offset",
        "length",
        "raw" if "raw" in one else "raw_base64",
        "severity",
        "state",
        "reasons",
    ]
    assert lines(loaded("rejects", "show", one["id"], "--json")) == [one]
    assert one["reasons"][0]["message"] in loaded("rejects", "show", one["id"][:12]).stdout
    loaded("rejects", "waive", one["id"], "--note", "known")
    assert one["id"] not in loaded("rejects", "list", "--json").stdout
    assert "known" in loaded("rejects", "show", one["id"]).stdout
    assert loaded("rejects", "show", "0" * 32, check=1)


def test_rejects_export_and_replay(loaded, tmp_path):
    loaded("rejects", "export", "--dir", "mend")
    loaded("rejects", "export", "--format", "jsonl", "--out", "all.jsonl")
    exported = {path.name for path in (tmp_path / "mend").iterdir()}
    assert "hired_employees.csv" in exported
    listed = lines(loaded("rejects", "list", "--json"))
    assert len((tmp_path / "all.jsonl").read_text().splitlines()) == len(listed)
    summary = lines(loaded("rejects", "replay", "mend/hired_employees.csv", "--json"))[-1]
    assert summary["type"] == "summary"
    with open(tmp_path / "mend/hired_employees.csv", newline="", errors="replace") as file:
        records = len(list(csv.DictReader(file)))
    # Nobody mended anything, and what the references lack is still not there.
    assert (summary["replayed"], summary["refused"]) == (0, records)
    assert lines(loaded("rejects", "list", "--json")) == listed


def test_validate_needs_no_database(sample, tmp_path):
    result = sample("validate", check=3)
    assert "Rejects by code" in result.stdout
    assert not (tmp_path / "muster-data").exists()
    csv_rows = list(
        csv.DictReader(io.StringIO(sample("validate", "-o", "csv", check=3).stdout))
    )
    rejects = [line for line in lines(sample("validate", "--json", check=3))]
    assert rejects[-1]["type"] == "summary"
    assert len(csv_rows) == sum(rejects[-1]["rejects_by_code"].values())
    everything = sample("validate", "--all", check=3).stdout
    for row in csv_rows:
        assert f"{row['object']}:{row['line']}:" in everything


def test_validate_results_do_not_depend_on_threads(sample):
    def outcome(threads):
        result = lines(sample("validate", "--json", "--threads", threads, check=3))
        return result[:-1]

    assert outcome(1) == outcome(4)


def test_bad_files_before_good_ones(sample, tmp_path):
    (tmp_path / "data/jobs-0.csv").write_bytes(b"")
    result = lines(sample("validate", "--json", check=1))
    errors = [line for line in result if line["type"] == "error"]
    assert [(e["code"], e["object"], e["table"]) for e in errors] == [
        ("file.empty", "jobs-0.csv", "jobs")
    ]


def test_migrate_and_doctor(loaded, tmp_path):
    assert "nothing to do" in loaded("migrate", "--plan").stderr
    text = (tmp_path / "muster.toml").read_text()
    assert 'name = "job"' in text
    doctor = loaded("doctor").stdout
    assert all(line.startswith(("ok", "warn")) for line in doctor.splitlines()), doctor
    checks = {row["check"]: row["status"] for row in json.loads(loaded("doctor", "--json").stdout)}
    assert checks["warehouse"] == checks["schema"] == checks["clock"] == "ok"
    bad = loaded("doctor", "--source", "gone", check=1).stdout
    assert "gone" in bad and "--source" in bad
    (tmp_path / "muster.toml").write_text("[muster]\nnam = 1\n")
    broken = loaded("doctor", check=1).stdout
    assert "muster.toml:2" in broken and "config check" in broken


def test_config(sample, tmp_path):
    shown = {row["name"]: row for row in json.loads(sample("config", "show", "--json").stdout)}
    assert shown["source"]["value"] == str(tmp_path / "data")
    assert shown["threads"]["origin"] == "environment MUSTER_THREADS"
    assert json.loads(sample("config", "check", "--json").stdout) == {"ok": True, "problems": []}


def test_version_is_quick_and_plain(muster):
    assert muster("version").stdout.startswith("muster ")
    assert json.loads(muster("version", "--json", "--features").stdout)["warehouses"]


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        (("",), "validate"),
        (("re",), "rejects"),
        (("rejects", "re"), "replay"),
        (("run", "hir"), "hired_employees"),
        (("report", "hires"), "hires_by_quarter"),
        (("report", "hires_by_quarter", "--y"), "--year"),
        (("run", "--f"), "--force"),
        (("query", "x", "--output", ""), "json"),
        (("rejects", "list", "--table", "j"), "jobs"),
    ],
)
def test_completion_candidates(sample, typed, wanted):
    assert wanted in sample("__complete", "--", *typed).stdout.splitlines()


def test_completion_in_bash(sample, tmp_path):
    script = tmp_path / "muster.bash"
    script.write_text(sample("completion", "bash").stdout)
    shell = (
        f"source {script}; muster() {{ :; }}; COMP_WORDS=(muster runs ''); COMP_CWORD=2; "
        'declare -F _muster >/dev/null && complete -p muster'
    )
    result = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True)
    assert "_muster" in result.stdout
    for name in ("zsh", "fish"):
        assert "__complete" in sample("completion", name).stdout
    sample("completion", "tcsh", check=2)
