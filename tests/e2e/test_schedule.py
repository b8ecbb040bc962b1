"""`muster schedule`, and a server that runs the pipeline by its schedule.

What fires when is held against cronsim, another implementation of the rules of Debian's cron. The
server's clock is shifted by a preloaded library (tests/support/shifted_clock.c), so that an
occurrence comes within seconds.
"""

import itertools
import json
import random
import re
import signal
import subprocess
import time
import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest
from api import Server
from cronsim import CronSim
from program import ROOT

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]
# Shortly before the changes of the clock in these zones, within hours that come twice, a leap day,
# the end of a year, a plain day.
INSTANTS = [
    "2026-03-28T22:17:00Z", "2026-10-24T20:43:00Z",  # Europe/Berlin
    "2026-03-08T04:01:00Z", "2026-11-01T03:30:00Z",  # America/New_York
    "2026-04-04T12:00:00Z", "2026-10-03T13:20:30Z",  # Australia/Lord_Howe
    "2026-10-25T01:10:00Z", "2026-11-01T06:20:00Z",
    "2028-02-28T23:59:59Z", "2026-12-31T23:00:00Z", "2026-07-15T12:34:56Z",
]  # fmt: skip
COUNT = 8
COMBINATIONS = 600


def catalog(schedule):
    sample = (ROOT / "catalogs" / "hiring" / "muster.toml").read_text()
    return sample + "\n[schedule]\n" + schedule


def schedule(folder, text):
    (folder / "muster.toml").write_text(catalog(text))


# --- which instants
# --------------------------------------------------------------------------------


def random_field(rng, low, high, wide):
    """One field. `wide` ones do not begin with '*' more often than others do."""
    kind = rng.randrange(6)
    if kind == 0 or (wide and kind == 1):
        return "*"
    if kind == 1:
        return f"*/{rng.randint(1, max(1, (high - low) // 2))}"
    if kind == 2:
        first = rng.randint(low, high - 1)
        last = rng.randint(first + 1, high)
        return f"{first}-{last}"
    if kind == 3:
        first = rng.randint(low, high - 1)
        last = rng.randint(first + 1, high)
        return f"{first}-{last}/{rng.randint(1, max(1, last - first))}"
    return ",".join(str(rng.randint(low, high)) for _ in range(rng.randint(1, 3)))


def random_expression(rng):
    minute = random_field(rng, 0, 59, wide=False)
    # The hours of the changes come more often than by chance.
    hour = rng.choice(["1", "2", "3", "1-3", "*", "*/2", random_field(rng, 0, 23, wide=False)])
    day = rng.choice(["*", "*", random_field(rng, 1, 28, wide=True)])
    month = rng.choice(["*", "*", random_field(rng, 1, 12, wide=True)])
    weekday = rng.choice(["*", "*", "7", "SUN", "1-5", random_field(rng, 0, 6, wide=True)])
    return f"{minute} {hour} {day} {month} {weekday}"


def minute_by_minute(expression, zone, start):
    """Every minute after `start` that matches, by the sets of cronsim's parser.

    All offsets of the zones here are multiples of half an hour, so that it decides by half hours
    whether to look at their minutes.
    """
    sets = CronSim(expression, start)
    half = start.replace(minute=start.minute // 30 * 30, second=0)
    while True:
        local = half.astimezone(zone)
        if local.month in sets.months and sets.match_day(local) and local.hour in sets.hours:
            for minute in range(30):
                at = half + timedelta(minutes=minute)
                if local.minute + minute in sets.minutes and at > start:
                    yield at
        half += timedelta(minutes=30)


def expected(expression, zone, after, count=COUNT):
    """The firings in UTC: cronsim's, or minute by minute where it is wrong.

    cronsim goes through the hours from the full hour of the first one, also where the clock changes
    by half an hour (Australia/Lord_Howe): expressions with wildcards lose minutes there. Asked
    within an hour that comes twice, it names fixed times that are over.
    """
    start = datetime.fromisoformat(after)
    info = UTC if zone == "UTC" else zoneinfo.ZoneInfo(zone)
    minute, hour = expression.split()[:2]
    wildcard = minute.startswith("*") or hour.startswith("*")
    firings = (
        minute_by_minute(expression, info, start)
        if wildcard and zone == "Australia/Lord_Howe"
        else CronSim(expression, start.astimezone(info))
    )
    later = (at for at in firings if at.astimezone(UTC) > start)
    found = [at.astimezone(UTC) for at in itertools.islice(later, count)]
    return [at.strftime("%Y-%m-%dT%H:%M:%SZ") for at in found]


def firings(muster, expression, zone, after, count=COUNT):
    schedule(muster.folder, f'run = "{expression}"\nzone = "{zone}"\n')
    result = muster("schedule", "next", "run", "--after", after, "--count", count, "--json")
    return json.loads(result.stdout)


@pytest.mark.parametrize("seed", range(4))
def test_random_expressions_fire_as_another_implementation_says(muster, seed):
    (muster.folder / "reports").symlink_to(ROOT / "catalogs" / "hiring" / "reports")
    rng = random.Random(seed)
    for _ in range(COMBINATIONS // 4):
        expression, zone = random_expression(rng), rng.choice(ZONES)
        after = rng.choice(INSTANTS)
        got = firings(muster, expression, zone, after)
        want = expected(expression, zone, after)
        assert [row["utc"] for row in got] == want, f"{expression!r} {zone} after {after}"
        for row in got:
            local = datetime.fromisoformat(row["local"])
            instant = datetime.fromisoformat(row["utc"])
            assert local == instant
            name = zoneinfo.ZoneInfo(zone)
            assert local.utcoffset() == instant.astimezone(name).utcoffset(), row


# --- the verbs
# -------------------------------------------------------------------------------------


def test_faults_of_the_command_line(sample):
    for words, part in (
        (["schedule", "next", "--count", "0"], "--count"),
        (["schedule", "next", "--count", "10001"], "--count"),
        (["schedule", "next", "--count", "x"], "--count"),
        (["schedule", "next", "--after", "tomorrow"], "2026-03-29T01:00:00Z"),
        (["schedule", "next", "nonesuch"], "no job 'nonesuch'"),
        (["schedule", "list", "nonesuch"], "nonesuch"),
        (["schedule"], "list"),
    ):
        assert part in sample(*words, check=2).stderr, words
    with open(sample.folder / "muster.toml", "a") as file:
        file.write('[schedule]\nrun = "0 3 31 2 *"\nzone = "Mars/Olympus"\n')
    said = sample("schedule", "next", check=2).stderr
    line = (sample.folder / "muster.toml").read_text().count("\n")
    assert f"muster.toml:{line - 1}:7: 'run': '0 3 31 2 *' never fires" in said
    assert f"muster.toml:{line}:8: 'zone': there is no time zone 'Mars/Olympus'" in said


def test_without_a_time_zone_database_the_remedy_is_named(sample, tmp_path):
    with open(sample.folder / "muster.toml", "a") as file:
        file.write('[schedule]\nrun = "@daily"\nzone = "Europe/Berlin"\n')
    (tmp_path / "empty").mkdir()
    failed = sample("schedule", "next", check=2, env={"TZDIR": str(tmp_path / "empty")})
    assert "time zone database" in failed.stderr
    assert "tzdata" in failed.stderr


def test_nothing_scheduled(sample):
    for verb in ("list", "next"):
        result = sample("schedule", verb, "--json")
        assert json.loads(result.stdout) == []
        assert "nothing is scheduled" in result.stderr


def test_next_in_every_format(sample):
    with open(sample.folder / "muster.toml", "a") as file:
        file.write('[schedule]\nrun = "30 2 * * *"\nzone = "Europe/Berlin"\n')
    words = ["schedule", "next", "--count", "2", "--after", "2026-03-28T12:00:00Z"]
    rows = json.loads(sample(*words, "--json").stdout)
    assert rows == [
        {"job": "run", "utc": "2026-03-29T01:00:00Z", "local": "2026-03-29T03:00:00+02:00",
         "zone": "Europe/Berlin"},
        {"job": "run", "utc": "2026-03-30T00:30:00Z", "local": "2026-03-30T02:30:00+02:00",
         "zone": "Europe/Berlin"},
    ]  # fmt: skip
    assert sample(*words, "-o", "csv").stdout.splitlines() == [
        "job,utc,local,zone",
        "run,2026-03-29T01:00:00Z,2026-03-29T03:00:00+02:00,Europe/Berlin",
        "run,2026-03-30T00:30:00Z,2026-03-30T02:30:00+02:00,Europe/Berlin",
    ]
    assert "2026-03-29T01:00:00Z" in sample(*words).stdout
    listed = json.loads(sample("schedule", "list", "--json").stdout)
    assert [row["last_planned_at"] for row in listed] == [None]
    assert listed[0]["cron"] == "30 2 * * *"
    assert (listed[0]["overlap"], listed[0]["misfire"]) == ("skip", "skip")
    assert datetime.fromisoformat(listed[0]["next_at"]) > datetime.now(UTC)


# --- a server
# --------------------------------------------------------------------------------------

WAIT_S = 75


@pytest.fixture(scope="session")
def shifted_clock(tmp_path_factory):
    library = tmp_path_factory.mktemp("clock") / "shifted_clock.so"
    source = ROOT / "tests" / "support" / "shifted_clock.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


def serve(sample, library, text, shift):
    """A server with a schedule whose clock is `shift` ahead."""
    file = sample.folder / "muster.toml"
    if text not in file.read_text():
        file.write_text(file.read_text() + "\n" + text)
    env = {"LD_PRELOAD": str(library), "CLOCK_SHIFT_S": str(int(shift.total_seconds()))}
    return Server(sample.folder, env=env)


def to_second(second, plus=timedelta()):
    """The shift after which a clock stands at this second of a minute, `plus` later."""
    now = datetime.now(UTC)
    return timedelta(seconds=(second - now.second) % 60) + plus


def wait_until(condition, server):
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"in vain\n{server.log()}")


def scheduled_runs(sample):
    runs = json.loads(sample("runs", "list", "--json").stdout)
    return [run for run in runs if run["trigger"] == "schedule"]


def listed(sample, server=None):
    """The job; without a server in its time."""
    env = server and server.env
    return json.loads(sample("schedule", "list", "--json", env=env).stdout)[0]


def test_a_server_runs_by_its_schedule(sample, shifted_clock):
    with serve(sample, shifted_clock, '[schedule]\nrun = "* * * * *"\n', to_second(57)) as server:
        assert "next at" in server.log()
        row = wait_until(
            lambda: (row := listed(sample))["last_outcome"] == "succeeded" and row, server
        )
        assert re.fullmatch(r"run \S+ succeeded", row["last_detail"])
        assert row["last_planned_at"].endswith(":00Z")
        assert row["next_at"] > row["last_planned_at"]
        (run,) = scheduled_runs(sample)
        assert run["run_id"] == row["last_detail"].split()[1]
        shown = server.user().get(f"/runs/{run['run_id']}").json
        assert (shown["trigger"], shown["status"]) == ("schedule", "succeeded")
        metrics = server.user().get("/metrics").body.decode()
        assert 'muster_schedule_events_total{job="run",event="succeeded"} 1' in metrics
        assert f"schedule run: started, planned for {row['last_planned_at']}" in server.log()
        assert server.stop() == 0
    assert listed(sample, server)["last_outcome"] == "succeeded", "without a server too"


def test_a_server_makes_backups_by_its_schedule(sample, shifted_clock):
    sample("run")
    text = '[backups]\nschedule = "* * * * *"\n'
    with serve(sample, shifted_clock, text, to_second(57)) as server:
        row = wait_until(
            lambda: (row := listed(sample))["last_outcome"] == "succeeded" and row, server
        )
        assert row["job"] == "backup"
        assert row["last_detail"].startswith("3 tables backed up")
        assert server.stop() == 0
    made = sorted(path.parts[-3] for path in sample.folder.glob("**/manifest.json"))
    assert made == ["departments", "hired_employees", "jobs"]


@pytest.mark.parametrize("misfire", ["latest", "skip"])
def test_what_was_missed_without_a_server(sample, shifted_clock, misfire):
    text = f'[schedule]\nrun = "0 * * * *"\nmisfire = "{misfire}"\n'
    with serve(sample, shifted_clock, text, to_second(5, timedelta(days=-1))) as server:
        assert server.stop() == 0
    assert listed(sample)["last_planned_at"] is None, "nothing was missed before the first start"
    shift = to_second(5)
    with serve(sample, shifted_clock, text, shift) as server:
        wanted = "succeeded" if misfire == "latest" else "missed"
        row = wait_until(lambda: (row := listed(sample))["last_outcome"] == wanted and row, server)
        planned = datetime.fromisoformat(row["last_planned_at"])
        late = datetime.fromisoformat(row["next_at"]) - planned
        assert late == timedelta(hours=1), "the latest of them"
        missed = int(re.search(r"schedule run: missed (\d+) times", server.log())[1])
        assert missed in (23, 24, 25)
        assert server.stop() == 0
    with serve(sample, shifted_clock, text, shift) as server:
        assert server.stop() == 0
    assert len(scheduled_runs(sample)) == (1 if misfire == "latest" else 0), "not once more"


def test_a_killed_server_fires_nothing_twice(sample, shifted_clock):
    text = '[schedule]\nrun = "* * * * *"\nmisfire = "latest"\n'
    shift = to_second(58)
    with serve(sample, shifted_clock, text, shift) as server:
        wait_until(lambda: "schedule run: started" in server.log(), server)
        server.stop(signal.SIGKILL)
        planned = re.search(r"started, planned for (\S+)", server.log())[1]
    with serve(sample, shifted_clock, text, shift + timedelta(seconds=5)) as server:
        row = wait_until(lambda: listed(sample), server)
        assert row["last_outcome"] in ("interrupted", "succeeded", "started")
        server.stop()
        assert server.log().count(f"started, planned for {planned}") == 1
