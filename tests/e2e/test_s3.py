"""muster on S3: source, clean objects, backups and exports in buckets of a real server."""

import gzip
import json
import re
import subprocess
import sys

import pytest
from api import Server
from postgres import Postgres
from program import MUSTER, REAL, ROOT, need_real
from s3_lake import Lake

ABOVE_MEAN = [221, 208, 204, 204, 187, 151, 143]


@pytest.fixture
def lake(gateway, tmp_path):
    return Lake(gateway, tmp_path, "lake")


@pytest.mark.parametrize("warehouse", ["duckdb", "postgresql"])
def test_a_whole_run_gives_the_reference_results(lake, warehouse, request):
    need_real()
    if warehouse == "postgresql":
        server = Postgres().start()
        request.addfinalizer(server.end)
        lake.env["MUSTER_WAREHOUSE"] = server.database()
    lake.server.put_folder(lake.bucket, "incoming/", REAL)
    tables, _ = lake.load()
    assert {name: table["read"] for name, table in tables.items()} == {
        "departments": 12, "jobs": 183, "hired_employees": 1999,
    }  # fmt: skip
    rows = lake.report("departments_above_mean", 2021)
    assert [row["hired"] for row in rows] == ABOVE_MEAN
    assert sum(sum(row[f"q{n}"] for n in (1, 2, 3, 4)) for row in
               lake.report("hires_by_quarter", 2021)) == 1659  # fmt: skip
    clean = lake.server.keys(lake.bucket, "clean/")
    assert {key.rsplit("/", 1)[1] for key in clean} >= {"part-0000.parquet", "scan.json"}
    assert not list((lake.folder / "muster-data" / "tmp").glob("s3-spool-*"))


def test_unchanged_objects_are_known_without_reading(lake):
    need_real()
    lake.server.put_folder(lake.bucket, "incoming/", REAL)
    lake.load()
    again, _ = lake.load()
    assert all(table["read"] == 0 and table["files_skipped"] == 1 for table in again.values())
    # The same bytes written once more have the same ETag, others do not.
    jobs = (REAL / "jobs.csv").read_bytes()
    lake.server.put(lake.bucket, "incoming/jobs.csv", jobs)
    assert lake.load()[0]["jobs"]["read"] == 0
    lake.server.put(lake.bucket, "incoming/jobs.csv", b"184,Astronaut\n" + jobs)
    assert lake.load()[0]["jobs"]["inserted"] == 1


def zstd(body):
    return subprocess.run(["zstd", "-c"], input=body, capture_output=True, check=True).stdout


@pytest.mark.parametrize(("ending", "compress"), [("gz", gzip.compress), ("zst", zstd)])
def test_compressed_objects_and_keys_that_need_encoding(lake, ending, compress):
    need_real()
    for name in ("departments", "jobs", "hired_employees"):
        body = (REAL / f"{name}.csv").read_bytes()
        lake.server.put(lake.bucket, f"incoming/{name} a+b %41=é.csv.{ending}", compress(body))
    tables, _ = lake.load()
    assert {name: table["read"] for name, table in tables.items()} == {
        "departments": 12, "jobs": 183, "hired_employees": 1999,
    }  # fmt: skip


def test_validate_reads_a_source_and_an_object(lake):
    need_real()
    lake.server.put_folder(lake.bucket, "elsewhere/deep/", REAL)
    url = f"s3://{lake.bucket}/elsewhere/deep"
    assert "1999" in lake("validate", "--source", url).stdout
    one = lake("validate", f"{url}/jobs.csv")
    assert "183" in one.stdout
    gone = lake("validate", f"{url}/jobs2.csv", code=1)
    assert f"{url}/jobs2.csv" in gone.stderr


def test_a_backup_is_made_verified_and_restored(lake):
    need_real()
    lake.server.put_folder(lake.bucket, "incoming/", REAL)
    lake.load()
    lake("backup", "create", "jobs")
    name = lake.backups()[0]["backup_name"]
    keys = lake.server.keys(lake.bucket, "backups/")
    assert {key.rsplit("/", 1)[1] for key in keys} == {
        "data-0000.parquet", "data-0000.avro", "manifest.json",
    }  # fmt: skip
    lake("backup", "verify", name)
    lake.server.put(lake.bucket, "incoming/jobs.csv", b"1,Other\n")
    lake.load()
    lake("backup", "restore", name, "--from", "parquet")
    count = lake("query", "select count(*) as n from jobs where job <> 'Other'", "--output", "json")
    assert json.loads(count.stdout)[0]["n"] == 183
    # A damaged object is found, not restored.
    avro = next(key for key in keys if key.endswith(".avro"))
    body = bytearray(lake.server.get(lake.bucket, avro))
    body[len(body) // 2] ^= 1
    lake.server.put(lake.bucket, avro, bytes(body))
    assert "SHA-256" in lake("backup", "verify", name, code=7).stdout


def test_rejects_go_to_a_bucket_and_come_back_mended(lake):
    need_real()
    lake.server.put_folder(lake.bucket, "incoming/", REAL)
    lake.server.put(lake.bucket, "incoming/jobs.csv", b"1,One\nx,Two\n")
    lake.load("jobs", code=None)
    url = f"s3://{lake.bucket}/mend/jobs.csv"
    lake("rejects", "export", "--table", "jobs", "--out", url)
    text = lake.server.get(lake.bucket, "mend/jobs.csv").decode()
    assert "_reject_id" in text and ",x,Two," in text
    lake.server.put(lake.bucket, "mend/jobs.csv", text.replace(",x,Two,", ",2,Two,").encode())
    assert "1 replayed" in lake("rejects", "replay", url).stderr
    lake("rejects", "export", "--dir", f"s3://{lake.bucket}/all", code=0)


def test_a_list_has_more_than_one_page(lake):
    for number in range(1203):
        lake.server.put(lake.bucket, f"incoming/jobs-{number:04}.csv", b"%d,Job\n" % (number + 1))
    lines = lake("validate", "jobs", "--json").stdout.splitlines()
    (table,) = json.loads(lines[-1])["tables"]
    assert (table["files_loaded"], table["read"]) == (1203, 1203)
    # A backup of many parts below one prefix is removed by several requests as well.
    for number in range(1003):
        lake.server.put(lake.bucket, f"backups/jobs/jobs-20260101T000000Z-0000/{number}", b"x")
    lake.server.put(lake.bucket, "backups/jobs/other", b"x")
    lake("backup", "create", "jobs")
    left = [key for key in lake.server.keys(lake.bucket, "backups/jobs/") if "0000Z-0000" in key]
    assert left == [] and lake.server.get(lake.bucket, "backups/jobs/other") == b"x"


def test_two_installations_back_up_into_one_bucket_at_once(lake):
    lake.server.put(lake.bucket, "incoming/jobs.csv", b"1,One\n2,Two\n")
    homes = [["--data-dir", lake.folder / name] for name in ("one", "two")]
    for home in homes:
        lake(*home, "run", "jobs")
    made = [
        subprocess.Popen(
            [MUSTER, *home, "backup", "create", "jobs", "--json"], cwd=lake.folder, env=lake.env,
            stdout=subprocess.PIPE, text=True,
        )
        for home in homes * 3
    ]  # fmt: skip
    answers = [(process.communicate()[0], process.returncode) for process in made]
    names = {json.loads(out)[0]["backup_name"] for out, code in answers if code == 0}
    # Of one installation only one backup of a table goes on at a time: the others are told so.
    assert {code for _, code in answers} <= {0, 5} and len(names) >= 2
    listed = json.loads(lake(*homes[0], "backup", "list", "--json").stdout)
    assert {backup["backup_name"] for backup in listed} == names
    for name in names:
        lake(*homes[1], "backup", "verify", name)


def test_large_objects_are_read_and_written_in_parts(lake):
    rows = 600_000
    body = "".join(f"{n},Job number {n} with a long enough name\n" for n in range(1, rows + 1))
    lake.server.put(lake.bucket, "incoming/jobs.csv", body.encode())
    tables, _ = lake.load("jobs")
    assert tables["jobs"]["inserted"] == rows
    lake("backup", "create", "jobs")
    name = lake.backups()[0]["backup_name"]
    lake("backup", "verify", name)
    assert lake.server.uploads(lake.bucket) == []


def test_memory_is_bounded(lake):
    line = b"1,Job number 1 with a long enough name\n"
    copies = (200 << 20) // len(line)
    lake.server.put(lake.bucket, "incoming/jobs.csv", line * copies)
    # The kernel counts what the parent held before exec, so the parent is a small one.
    parent = "import os, subprocess, sys; p = subprocess.Popen(sys.argv[1:]);"
    parent += "print(os.wait4(p.pid, 0)[2].ru_maxrss)"
    done = subprocess.run(
        [sys.executable, "-c", parent, MUSTER, "validate", "jobs", "--json"], cwd=lake.folder,
        env=lake.env, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    *_, summary, peak_kib = done.stdout.splitlines()
    assert json.loads(summary)["tables"][0]["read"] == copies
    assert int(peak_kib) < 120 << 10  # 48 MiB of them are read ahead


def test_doctor_tries_every_right(lake):
    need_real()
    lake.server.put_folder(lake.bucket, "incoming/", REAL)
    lines = lake("doctor").stdout.splitlines()
    for check in (
        "source: list", "source: get", "source: clock", "clean: list", "clean: put", "clean: get",
        "clean: delete", "backups: put", "backups: delete", "backups: clock",
    ):  # fmt: skip
        assert any(re.match(rf"ok +{check} ", line) for line in lines), (check, lines)
    assert not [key for key in lake.server.keys(lake.bucket) if "doctor" in key]
    wrong = lake("doctor", env={"AWS_SECRET_ACCESS_KEY": "wrong"}, code=1).stdout
    assert "SignatureDoesNotMatch" in wrong and "-> check the secret access key" in wrong
    assert "wrong" not in wrong.replace("wrong region", "")


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "hidden"}, ["SignatureDoesNotMatch", "the environment"]),
        ({"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE"}, ["InvalidAccessKeyId", "access key"]),
        ({"AWS_REGION": "eu-west-1"}, ["us-east-1", "region"]),
        ({"AWS_ACCESS_KEY_ID": ""}, ["no credentials of AWS"]),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, ["http://127.0.0.1:1", "ListObjectsV2"]),
        ({"AWS_PROFILE": "absent"}, ["no profile 'absent'"]),
    ],
)
def test_errors_name_their_cause(lake, change, parts):
    done = lake("run", env=change | {"AWS_MAX_ATTEMPTS": "2"}, code=None)
    assert done.returncode != 0
    for part in parts:
        assert part in done.stderr, done.stderr
    assert "hidden" not in done.stderr


def test_a_bucket_that_is_not_there(lake):
    done = lake("validate", "--source", "s3://no-such-bucket/x", code=1)
    assert "there is no bucket 'no-such-bucket'" in done.stderr
    done = lake("validate", "--source", "s3://NO/x", code=2)
    assert "no name of a bucket" in done.stderr


def test_a_right_that_is_missing_is_named(lake):
    need_real()
    lake.server.put_folder(lake.bucket, "incoming/", REAL)
    lake.server.add_user(lake.bucket, "lister", [("s3:ListBucket", "")])
    keys = {"AWS_ACCESS_KEY_ID": "lister", "AWS_SECRET_ACCESS_KEY": "lister-secret"}
    done = lake("validate", "--source", f"s3://{lake.bucket}/incoming", env=keys, code=None)
    assert done.returncode != 0
    assert "access denied" in done.stderr and "GetObject" in done.stderr, done.stderr
    found = lake("doctor", env=keys, code=1).stdout
    assert "ok    clean: list" in found and "fail  clean: put" in found, found
    assert f"s3:PutObject on arn:aws:s3:::{lake.bucket}/clean/doctor-" in found
    lake.server.add_user(lake.bucket, "stranger", [("s3:ListBucket", ""), ("s3:GetObject", "/*")])
    keys = {"AWS_ACCESS_KEY_ID": "stranger", "AWS_SECRET_ACCESS_KEY": "stranger-secret"}
    lake("validate", "--source", f"s3://{lake.bucket}/incoming", env=keys)
    assert "s3:PutObject" in lake("run", env=keys, code=1).stderr


def test_a_clock_that_is_wrong_is_named(lake):
    library = lake.folder / "shifted_clock.so"
    source = ROOT / "tests" / "support" / "shifted_clock.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    ahead = {"LD_PRELOAD": str(library), "CLOCK_SHIFT_S": "3600"}
    done = lake("run", env=ahead, code=1)
    assert re.search(r"36\d\d s ahead of that of the server", done.stderr), done.stderr
    found = lake("doctor", env=ahead, code=1).stdout
    assert re.search(r"fail +clean: clock +the server's clock is 3\d\d\d s behind ours", found)
    assert "-> set the machine's clock (NTP)" in found


def test_a_server_runs_and_backs_up_and_takes_runs_of_others(lake):
    need_real()
    lake.server.put_folder(lake.bucket, "incoming/", REAL)
    with Server(lake.folder, env=lake.env) as server:
        done = lake("run")  # is handed to the server, with the environment of this process
        assert "1999" in done.stdout
        user = server.user()
        made = user.post("/jobs/backup")
        assert made.status in (200, 201), made
        wrong = lake("run", "--force", env={"AWS_SECRET_ACCESS_KEY": "hidden"}, code=1)
        assert "SignatureDoesNotMatch" in wrong.stderr
        assert server.stop() == 0
    assert [entry["table"] for entry in lake.backups()] == ["jobs"]
