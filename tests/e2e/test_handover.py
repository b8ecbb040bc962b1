"""Many processes, one data directory: all are served, none shows a lock; signals and deaths."""

import json
import signal
import time

import pytest

SLOW = "SELECT count(*) AS n FROM range(30000000000) t(i) WHERE i % 7 = 3"


def wait_for(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


@pytest.fixture
def owner(loaded, tmp_path):
    """A process that owns the database: a query that takes long."""
    process = loaded.popen("query", SLOW)
    wait_for((tmp_path / "muster-data/muster.sock").exists)
    yield process
    process.kill()
    process.communicate()


def test_many_at_once(loaded):
    verbs = [
        ("query", "SELECT count(*) AS n FROM jobs", "--json"),
        ("report", "hires_by_quarter", "--json"),
        ("runs", "list", "--json"),
        ("rejects", "list", "--limit", "3", "--json"),
    ]
    started = [loaded.popen(*verbs[i % len(verbs)]) for i in range(24)]
    outputs = []
    for process in started:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
        outputs.append(out)
    for i in range(len(verbs)):
        assert len(set(outputs[i :: len(verbs)])) == 1


def test_many_at_once_on_a_new_directory(sample):
    started = [sample.popen("query", "SELECT count(*) FROM jobs", "-o", "csv") for _ in range(12)]
    for process in started:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out.splitlines()[-1], err) == (0, "0", "")


def test_runs_at_once_load_once(sample):
    started = [sample.popen("run", "--json") for _ in range(4)]
    codes = []
    for process in started:
        out, err = process.communicate(timeout=60)
        assert process.returncode in (0, 5), err
        # The other run is named; the database's own lock never shows.
        assert err == "" or (process.returncode == 5 and "holds the lease 'run'" in err), err
        assert "lock" not in err.lower() and "conflicting" not in err.lower(), err
        codes.append(process.returncode)
    assert 0 in codes
    count = json.loads(sample("query", "SELECT count(*) AS n FROM departments", "--json").stdout)
    unique = json.loads(
        sample("query", "SELECT count(DISTINCT id) AS n FROM departments", "--json").stdout
    )
    assert count == unique


def test_a_guest_keeps_its_own_world(loaded, owner, tmp_path):
    """Working directory, input and environment are the guest's, not the owner's."""
    other = tmp_path / "other"
    other.mkdir()
    options = ("--config", "../muster.toml")
    result = loaded(
        "query",
        "-",
        *options,
        cwd=other,
        input="SELECT 1 AS one",
        env={"MUSTER_OUTPUT": "csv"},
    )
    assert result.stdout == "one\n1\n"
    export = ("rejects", "export", "--table", "hired_employees", "--out", "mine.csv")
    loaded(*export, *options, cwd=other)
    assert (other / "mine.csv").exists()
    assert loaded("query", "SELECT", *options, cwd=other, check=2).stderr.startswith("muster: ")
    assert owner.poll() is None


def test_another_catalog_is_refused(loaded, owner, tmp_path):
    text = (tmp_path / "muster.toml").read_text().replace('name = "hiring"', 'name = "firing"')
    (tmp_path / "other.toml").write_text(text)
    result = loaded("query", "SELECT 1", "--config", "other.toml", check=1)
    assert "firing" in result.stderr and "hiring" in result.stderr


def test_another_source_is_no_other_catalog(loaded, owner, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    loaded("run", "--source", "elsewhere")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_a_guest_alone(loaded, owner, number, code):
    guest = loaded.popen("query", "-o", "csv", "SELECT i FROM range(10000000000) t(i)")
    guest.stdout.readline()
    guest.stdout.readline()
    guest.send_signal(number)
    guest.communicate(timeout=30)
    assert guest.returncode == code
    assert owner.poll() is None


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_an_owner(loaded, number, code):
    process = loaded.popen("query", "-o", "csv", "SELECT i FROM range(10000000000) t(i)")
    process.stdout.readline()
    process.stdout.readline()
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == code


def test_the_second_signal_ends_at_once(loaded, owner):
    owner.send_signal(signal.SIGINT)
    time.sleep(0.2)
    owner.send_signal(signal.SIGINT)
    assert owner.wait(timeout=20) == 130


def test_an_owner_waits_for_its_guests(loaded, tmp_path):
    first = loaded.popen("query", "-o", "csv", "SELECT i FROM range(10000000000) t(i)")
    first.stdout.readline()
    guest = loaded.popen("query", "-o", "csv", "SELECT i FROM range(3000000) t(i)")
    assert guest.stdout.readline() == "i\n"
    first.send_signal(signal.SIGINT)
    # Its output ends although the process stays for the guest.
    first.stdout.read()
    out, err = guest.communicate(timeout=60)
    assert (guest.returncode, err) == (0, "")
    assert out.splitlines()[-1] == "2999999"
    first.communicate(timeout=30)
    assert first.returncode == 130


def test_a_killed_owner_leaves_no_trouble(loaded, owner):
    guest = loaded.popen("query", "-o", "csv", "SELECT i FROM range(10000000000) t(i)")
    guest.stdout.readline()
    owner.kill()
    owner.wait()
    _, err = guest.communicate(timeout=30)
    assert guest.returncode == 1
    assert "ended before it was done" in err
    assert loaded("query", "SELECT 1 AS one", "-o", "csv").stdout == "one\n1\n"


def test_a_long_path(sample, tmp_path):
    deep = tmp_path / ("d" * 120) / ("e" * 120)
    started = [sample.popen("query", "SELECT 1", "--data-dir", deep) for _ in range(4)]
    for process in started:
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
