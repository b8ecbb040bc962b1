"""A bad world: what cannot be read or written ends in a clear error, and a later run works."""

import ctypes
import gzip
import json
import os
import subprocess

import pytest
from program import Program, generate

ROWS = b"1,Ada Kim,2021-01-02T03:04:05Z,1,1\n2,Omar Kaya,2021-05-06T07:08:09Z,2,2\n"


@pytest.fixture
def muster(tmp_path):
    program = Program(tmp_path)
    generate(program.source, 10)
    (program.source / "hired_employees.csv").unlink()
    (program.source / "hired_employees-1.csv").write_bytes(ROWS)
    return program


def errors(result):
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return [line for line in lines if line["type"] == "error"]


def check_one_refused(muster, name, code, **options):
    """The object is refused whole, by name and code; the other one is loaded."""
    result = muster("run", "--json", code=None, **options)
    assert result.returncode == 1, result.stdout + result.stderr
    assert [(e["code"], e["object"]) for e in errors(result)] == [(code, name)]
    summary = json.loads(result.stdout.splitlines()[-1])
    assert summary["status"] == "partial"
    table = {t["table"]: t for t in summary["tables"]}["hired_employees"]
    assert (table["files_failed"], table["inserted"]) == (1, 2)
    assert sorted(muster.employees()) == [1, 2]
    return result


def check_validate(muster, name, **options):
    """The verb that loads nothing says the same of the object."""
    result = muster("validate", "--json", code=1, **options)
    assert [(e["code"], e["object"]) for e in errors(result)] == [("file.unreadable", name)]
    assert json.loads(result.stdout.splitlines()[-1])["status"] == "partial"


def check_mended(muster, name):
    """With the object in order, a later run loads it and is content."""
    (muster.source / name).write_bytes(b"3,Mei Sato,2021-02-03T04:05:06Z,1,1\n")
    muster.load()
    assert sorted(muster.employees()) == [1, 2, 3]


def cut(data):
    return gzip.compress(data, mtime=0)[:-9]


def corrupt(data):
    packed = bytearray(gzip.compress(data * 100, mtime=0))
    packed[len(packed) // 2] ^= 0xFF
    return bytes(packed)


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("hired_employees-2.csv", b"", "file.empty"),
        ("hired_employees-2.csv", b"\xef\xbb\xbf", "file.empty"),
        ("hired_employees-2.csv", b"\xff\xfe1\0,\0", "file.encoding"),
        ("hired_employees-2.csv", b"\xfe\xff\0001\0,", "file.encoding"),
        ("hired_employees-2.csv.gz", cut(ROWS), "file.compressed_data"),
        ("hired_employees-2.csv.gz", corrupt(ROWS), "file.compressed_data"),
        ("hired_employees-2.csv.gz", ROWS, "file.compressed_data"),
        ("hired_employees-2.csv.zst", ROWS, "file.compressed_data"),
    ],
)
def test_a_bad_object_does_not_stop_the_others(muster, name, data, code):
    (muster.source / name).write_bytes(data)
    check_one_refused(muster, name, code)
    (muster.source / name).unlink()
    check_mended(muster, "hired_employees-2.csv")


def test_several_bad_objects_each_have_their_code(muster):
    (muster.source / "hired_employees-2.csv").write_bytes(b"")
    (muster.source / "hired_employees-3.csv").mkdir()
    (muster.source / "hired_employees-4.csv.gz").write_bytes(cut(ROWS))
    assert [e["code"] for e in errors(muster("run", "--json", code=1))] == [
        "file.empty",
        "file.unreadable",
        "file.compressed_data",
    ]


def test_a_good_gzip_is_loaded(muster):
    data = b"3,Mei Sato,2021-02-03T04:05:06Z,1,1\n"
    (muster.source / "hired_employees-2.csv.gz").write_bytes(gzip.compress(data, mtime=0))
    muster.load()
    assert sorted(muster.employees()) == [1, 2, 3]


def obey_permissions():
    """Takes from root, before exec, the right to read and write whatever it likes."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            if libc.prctl(24, capability, 0, 0, 0) != 0:  # PR_CAPBSET_DROP
                raise OSError(ctypes.get_errno(), "prctl")


def test_unreadable_file(muster):
    (muster.source / "hired_employees-2.csv").write_bytes(ROWS)
    (muster.source / "hired_employees-2.csv").chmod(0)
    result = check_one_refused(
        muster, "hired_employees-2.csv", "file.unreadable", preexec_fn=obey_permissions
    )
    (error,) = errors(result)
    assert "hired_employees-2.csv: Permission denied" in error["message"]
    check_validate(muster, "hired_employees-2.csv", preexec_fn=obey_permissions)
    (muster.source / "hired_employees-2.csv").chmod(0o644)
    muster("run", preexec_fn=obey_permissions)
    assert sorted(muster.employees()) == [1, 2]


def test_directory_instead_of_a_file(muster):
    (muster.source / "hired_employees-2.csv").mkdir()
    result = check_one_refused(muster, "hired_employees-2.csv", "file.unreadable")
    (error,) = errors(result)
    assert "hired_employees-2.csv: it is not a regular file" in error["message"]
    check_validate(muster, "hired_employees-2.csv")
    (muster.source / "hired_employees-2.csv").rmdir()
    check_mended(muster, "hired_employees-2.csv")


def test_no_source(muster):
    muster.source = muster.folder / "gone"
    result = muster("run", code=None)
    assert result.returncode in (1, 2)
    assert "gone" in result.stderr


def test_read_only_data_directory(muster):
    muster.data.mkdir(mode=0o555)
    result = muster("run", code=1, preexec_fn=obey_permissions)
    assert "muster-data" in result.stderr
    muster.data.chmod(0o755)
    muster.load()
    assert sorted(muster.employees()) == [1, 2]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 128 MiB. Mounting needs root; without it the test fails, loudly."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128m", "none", folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("room_mib", [1, 3, 6])
def test_disk_full(tmp_path, small_disk, room_mib):
    """With too little room a run fails and says so; with room the next one loads everything."""
    source = tmp_path / "source"
    generate(source, 300_000)
    muster = Program(small_disk, source)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes((128 - room_mib) << 20))
    result = muster("run", code=1)
    assert "No space left on device" in result.stderr, result.stderr
    assert str(small_disk) in result.stderr, result.stderr

    ballast.unlink()
    failed = {row["run_id"] for row in muster.query("SELECT run_id FROM muster.runs")}
    muster.load()
    # What the failed run had written went first: the next one needs the room.
    clean = muster.data / "clean" / "hired_employees"
    kept = {path.parent.name for path in clean.rglob("*") if path.is_file()}
    assert len(kept) == 1 and not kept & failed
    assert len(muster.employees()) == 300_000


def test_names_are_no_patterns(tmp_path):
    """Each object's rows come from itself, whatever another one's name would match."""
    program = Program(tmp_path / "data [12]*")
    generate(program.source, 10)
    (program.source / "hired_employees.csv").unlink()
    for number, name in enumerate(["[ab]", "a", "b", "?", "*"], 1):
        row = f"{number},Ada Kim,2021-01-02T03:04:05Z,1,1\n"
        (program.source / f"hired_employees-{name}.csv").write_text(row)
    tables, _ = program.load()
    assert tables["hired_employees"]["inserted"] == 5
    assert sorted(program.employees()) == [1, 2, 3, 4, 5]


def test_many_small_files_need_no_more_memory_than_few(muster):
    files = 300
    for number in range(files):
        rows = f"{number + 10},Ada,2021-01-02T03:04:05Z,1,1\nx,Omar,2021-01-02T03:04:05Z,1,1\n"
        (muster.source / f"hired_employees-{number + 10}.csv").write_text(rows)
    tables, summary = muster.load("--memory-limit", "64MiB")
    assert summary["status"] == "succeeded"
    assert (tables["hired_employees"]["inserted"], tables["hired_employees"]["rejected"]) == (
        files + 2, files
    )  # fmt: skip
