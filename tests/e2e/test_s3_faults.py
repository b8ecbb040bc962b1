"""muster behind a network that cuts, delays, refuses and lies: the right rows, or a clear error."""

import signal
import subprocess
import time

import pytest
from faults import Faults
from program import MUSTER, REAL, need_real
from s3_lake import Lake

READ = {"departments": 12, "jobs": 183, "hired_employees": 1999}


@pytest.fixture
def lake(gateway, tmp_path):
    need_real()
    made = Lake(gateway, tmp_path, "faults")
    gateway.put_folder(made.bucket, "incoming/", REAL)
    return made


def behind(faults):
    return {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{faults.port}"}


@pytest.mark.parametrize(
    "fault",
    ["reset", "lost", "status:500:InternalError", "status:503:SlowDown", "cut:100", "short:7",
     "shift:3", "status:429:x"],
)  # fmt: skip
def test_every_second_request_fails_and_the_rows_are_right(lake, fault):
    def plan(method, path, number):
        return fault if number % 2 else None

    with Faults(lake.server.port, plan) as faults:
        tables, _ = lake.load(env=behind(faults))
        assert {name: table["inserted"] for name, table in tables.items()} == READ
        lake("backup", "create", "jobs", env=behind(faults))
        assert any(what != "pass" for _, _, what in faults.seen)
    # Without the faults everything is as it should be.
    assert all(table["files_skipped"] == 1 for table in lake.load()[0].values())
    name = lake.backups()[0]["backup_name"]
    lake("backup", "verify", name)


@pytest.mark.parametrize("fault", ["reset", "status:503:SlowDown", "cut:40", "short:3"])
def test_what_never_passes_is_an_error_and_changes_nothing(lake, fault):
    def plan(method, path, number):
        return fault if method == "GET" and "incoming" in path and "list-type" not in path else None

    with Faults(lake.server.port, plan) as faults:
        done = lake("run", env=behind(faults) | {"AWS_MAX_ATTEMPTS": "3"}, code=1)
        assert f"s3://{lake.bucket}/incoming/" in done.stderr and "GetObject" in done.stderr
    tables, _ = lake.load()
    assert {name: table["inserted"] for name, table in tables.items()} == READ


def test_a_list_that_is_cut_is_not_a_short_list(lake):
    plan = lambda m, p, n: "cut:300" if "list-type" in p else None  # noqa: E731
    with Faults(lake.server.port, plan) as faults:
        done = lake("run", env=behind(faults) | {"AWS_MAX_ATTEMPTS": "2"}, code=1)
        assert "ListObjectsV2" in done.stderr


def test_a_server_that_does_not_answer_is_given_up(lake):
    plan = lambda m, p, n: "hang:2" if n == 3 else None  # noqa: E731
    with Faults(lake.server.port, plan) as faults:
        tables, _ = lake.load(env=behind(faults))
        assert {name: table["inserted"] for name, table in tables.items()} == READ


def test_what_a_killed_run_left_is_removed_and_the_next_one_loads_all(lake):
    """Killed while its requests hang, with copies of objects on disk."""
    spools = lake.folder / "muster-data" / "tmp"
    plan = lambda m, p, n: "hang:60" if m == "PUT" and "part-" in p else None  # noqa: E731
    with Faults(lake.server.port, plan) as faults:
        process = subprocess.Popen([MUSTER, "run"], cwd=lake.folder, env=lake.env | behind(faults))
        deadline = time.monotonic() + 60
        while not any(what.startswith("hang") for _, _, what in faults.seen):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        assert list(spools.glob("s3-spool-*"))
        process.kill()
        process.wait()
    tables, _ = lake.load()
    assert {name: table["inserted"] for name, table in tables.items()} == READ
    assert not list(spools.glob("s3-spool-*"))


def test_a_request_to_stop_ends_a_run_that_waits(lake):
    plan = lambda m, p, n: "hang:60" if m == "PUT" and "part-" in p else None  # noqa: E731
    with Faults(lake.server.port, plan) as faults:
        process = subprocess.Popen([MUSTER, "run"], cwd=lake.folder, env=lake.env | behind(faults))
        deadline = time.monotonic() + 60
        while not any(what.startswith("hang") for _, _, what in faults.seen):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        asked = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
        assert time.monotonic() - asked < 20
    assert {name: table["inserted"] for name, table in lake.load()[0].items()} == READ


def test_https_is_verified_and_takes_an_authority_of_ones_own(lake):
    paths = [str(lake.folder / name) for name in ("cert.pem", "key.pem")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
         "-out", paths[0], "-keyout", paths[1]],
        check=True, capture_output=True,
    )  # fmt: skip
    with Faults(lake.server.port, certificate=paths) as proxy:
        env = {"AWS_ENDPOINT_URL": f"https://127.0.0.1:{proxy.port}"}
        refused = lake("run", env=env, code=1)
        assert "certificate" in refused.stderr and "AWS_CA_BUNDLE" in refused.stderr
        assert proxy.seen == []
        tables, _ = lake.load(env=env | {"AWS_CA_BUNDLE": paths[0]})
        assert {name: table["inserted"] for name, table in tables.items()} == READ
        missing = lake("run", env=env | {"AWS_CA_BUNDLE": "/nonexistent.pem"}, code=None)
        assert missing.returncode == 1 and "/nonexistent.pem" in missing.stderr


def test_an_object_that_is_replaced_while_it_is_read_is_not_mixed(lake):
    line = b"%d,Job number %d with a long enough name\n"
    old = b"".join(line % (n, n) for n in range(1, 100_001))
    new = b"".join(line % (n, n + 1) for n in range(1, 100_001))
    lake.server.put(lake.bucket, "incoming/jobs.csv", old)
    done = []

    def plan(method, path, number):
        if method == "GET" and path.endswith("/incoming/jobs.csv") and len(done) < 2:
            done.append(number)
            if len(done) == 2:
                lake.server.put(lake.bucket, "incoming/jobs.csv", new)

    with Faults(lake.server.port, plan) as faults:
        refused = lake("run", "jobs", env=behind(faults), code=None)
    assert refused.returncode != 0
    assert "it is not the object that was seen before" in refused.stderr + refused.stdout
    assert "(GetObject)" in refused.stderr + refused.stdout
    assert lake.load("jobs")[0]["jobs"]["inserted"] == 100_000
    count = lake("query", "select count(*) as n from jobs where job = 'Job number ' || (id + 1) ||"
                 " ' with a long enough name'", "--json")  # fmt: skip
    assert '"n":100000' in count.stdout.replace(" ", "")
