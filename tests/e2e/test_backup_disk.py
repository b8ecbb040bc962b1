"""A full disk during a backup or a restore: a clear error, nothing half done, and with room the
next one works."""

import subprocess

import pytest
from backup import FILES, Backups
from program import generate

ROWS = 60_000
DISK_MIB = 48
TABLE = "hired_employees"


class Disk:
    """A small file system of its own at a folder. Mounting needs root; without it the test fails,
    loudly."""

    def __init__(self, folder):
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        size = f"size={DISK_MIB}m"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "none", folder], check=True)

    def fill(self, room_bytes):
        """Leaves that much room."""
        state = subprocess.run(
            ["df", "--output=avail", "--block-size=1", self.folder],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        free = int(state.stdout.split()[1])
        (self.folder / "ballast").write_bytes(bytes(max(free - room_bytes, 0)))

    def clear(self):
        (self.folder / "ballast").unlink(missing_ok=True)

    def remove(self):
        subprocess.run(["umount", "-l", self.folder], check=True)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Two versions of the files: loading the second changes rows and adds some."""
    folder = tmp_path_factory.mktemp("disk")
    generate(folder / "first", ROWS)
    generate(folder / "second", ROWS + 100, "--changed", "0.1")
    return folder


def prepare(folder, source):
    """The first version is saved, the second is in the table; muster, the name, and both."""
    muster = Backups(folder, source / "first")
    muster.load()
    first = muster.employees()
    name = muster.name(TABLE)
    muster.source = source / "second"
    muster.load()
    second = muster.employees()
    assert first != second
    return muster, name, first, second


@pytest.fixture
def small_backups(tmp_path, source):
    """Only the backups are on the small disk."""
    disk = Disk(tmp_path / "muster-data" / "backups")
    yield disk, *prepare(tmp_path, source)
    disk.remove()


@pytest.fixture
def small_data(tmp_path, source):
    """The whole data directory is on the small disk."""
    disk = Disk(tmp_path / "muster-data")
    yield disk, *prepare(tmp_path, source)
    disk.remove()


def test_no_room_for_a_backup(small_backups):
    disk, muster, name, _, second = small_backups
    parquet, avro = (
        (muster.folder_of(name) / file).stat().st_size for file in FILES
    )  # fmt: skip
    # None at all, in the middle of the Parquet file, and in the middle of the Avro file.
    for room in (0, parquet // 2, parquet + avro // 2):
        disk.fill(room)
        said = muster("backup", "create", TABLE, code=1)
        assert "No space left on device" in said.stderr, said.stderr
        assert list(muster.list()) == [name]
        assert muster.folders()[1] == [], f"{room}: {said.stderr}"
        disk.clear()
    assert muster.employees() == second
    made = muster.name(TABLE)
    assert muster.verify(made, name) == {made: [], name: []}


def test_no_room_for_the_safety_backup(small_backups):
    """The restored table is in use; the rows it replaced wait for room, and are saved then."""
    disk, muster, name, first, second = small_backups
    disk.fill(0)
    said = muster("backup", "restore", name, code=1)
    assert "the table is restored" in said.stderr and "could not be saved" in said.stderr
    assert "No space left on device" in said.stderr, said.stderr
    assert muster.employees() == first
    assert list(muster.list()) == [name]
    assert muster.folders()[1] == []

    disk.clear()
    muster.name("jobs")  # any backup ends what was left
    (safety,) = [n for n, entry in muster.list().items() if entry["reason"] == "safety"]
    assert muster.asides() == []
    assert muster.employees() == first
    muster.restore(safety)
    assert muster.employees() == second


@pytest.mark.parametrize("room_kib", [0, 300, 1000, 3000, 6000])
def test_no_room_for_the_restored_table(small_data, room_kib):
    disk, muster, name, first, second = small_data
    disk.fill(room_kib << 10)
    said = muster("backup", "restore", name, code=None)
    disk.clear()
    if said.returncode == 0:
        assert room_kib > 1000, "there was no room for it"
    else:
        assert said.returncode == 1 and "No space left" in said.stderr, said
    restored = said.returncode == 0 or "the table is restored" in said.stderr
    assert muster.employees() == (first if restored else second)
    muster.name(TABLE)
    assert muster.folders()[1] == [] and muster.asides() == []
    reasons = [entry["reason"] for entry in muster.list().values()]
    assert reasons.count("safety") == restored
    muster.restore(name)
    assert muster.employees() == first


def test_no_room_for_a_backup_beside_the_database(small_data):
    """A full disk during a backup harms neither the database nor what is loaded later."""
    disk, muster, name, _, second = small_data
    disk.fill(0)
    said = muster("backup", "create", TABLE, code=1)
    assert "No space left on device" in said.stderr, said.stderr
    disk.clear()
    assert list(muster.list()) == [name] and muster.folders()[1] == []
    assert muster.employees() == second
    muster.verify(muster.name(TABLE))
    assert muster.load()[0][TABLE]["files_skipped"] == 1
