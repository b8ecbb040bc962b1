"""Names that are none, and links in the folder of backups: refused, and nothing outside is read or
written."""

import shutil
import unicodedata

import pytest
from backup import FILES, Backups
from program import generate

STAMP = "20261122T101530Z-7f3a"
NAMES = [
    "", ".", "..", "../..", "/", "/etc/passwd", "../outside/" + STAMP, "jobs",
    f"../jobs-{STAMP}", f"jobs-{STAMP}/..", f"jobs-{STAMP}/", f"./jobs-{STAMP}",
    f"jobs/jobs-{STAMP}", f"JOBS-{STAMP}", f"jobs-{STAMP}x", f"jobs-{STAMP[:-1]}",
    f"jobs-{STAMP.lower()}", f"jobs-{STAMP.upper()}", f" jobs-{STAMP}", f"jobs-{STAMP}\n",
    f"-{STAMP}", f"..-{STAMP}", f"jóbs-{STAMP}", f"jobs\u2215-{STAMP}", f"jobs\u202e-{STAMP}",
    f"j\\obs-{STAMP}", f"jobs*-{STAMP}", f"{'j' * 64}-{STAMP}", f"{'j' * 5000}-{STAMP}",
    f"jobs-{STAMP}%00", "%2e%2e", "%2F", f"manifest.json-{STAMP}", f"jobs-{STAMP}", "'; DROP TABLE",
]  # fmt: skip
# As a path of HTTP, with what an attacker would encode.
PATHS = [
    "..", "%2e%2e", "%2E%2E%2F%2E%2E", "..%2f..", "%2F", "%2Fetc%2Fpasswd", "%00", "%5c..%5c",
    f"jobs-{STAMP}%00", f"jobs-{STAMP}%2F", f"jobs-{STAMP}%2F..", f"jobs%2Fjobs-{STAMP}",
    f"..%2fjobs-{STAMP}", f"%2e%2e%2fjobs%2fjobs-{STAMP}", f"j%C3%B3bs-{STAMP}",
    f"jobs-{STAMP}%0a", f"jobs-{STAMP}%20", f"%252e%252e%252fjobs-{STAMP}", "%ff%fe", "%zz", "*",
    "j" * 3000, f"{'j' * 64}-{STAMP}", f"departments-{STAMP}", f"jobs-{STAMP}",
]  # fmt: skip


@pytest.fixture(scope="module")
def muster(tmp_path_factory):
    folder = tmp_path_factory.mktemp("names")
    generate(folder / "source", 50)
    muster = Backups(folder / "muster", folder / "source")
    muster.load()
    muster.backup = muster.name("jobs")
    return muster


def snapshot(folder):
    """All that is in a folder, to the byte; links as what they are."""
    return {
        path.relative_to(folder): path.readlink() if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:40])
def test_no_such_name(muster, name):
    before = snapshot(muster.root)
    for verb in ("verify", "restore"):
        said = muster("backup", verb, "--", name, code=1)
        assert "there is no backup" in said.stderr, said
        assert len(said.stderr) < 1000
        raw = [c for c in said.stderr if unicodedata.category(c) == "Cc" and c != "\n"]
        assert raw == [], "a name reaches the terminal as it is"
    assert snapshot(muster.root) == before


def test_no_such_path(muster):
    before, rows = snapshot(muster.root), muster.rows("jobs")
    with muster.server() as server:
        client = server.user()
        for path in PATHS:
            for method in ("GET", "POST"):
                answer = client(method, f"/jobs/restore/{path}")
                assert answer.status in (400, 404), f"{path}: {answer}"
                assert answer.headers["content-type"] == "application/problem+json"
        # A backup of another table is none of this one.
        answer = client.post(f"/departments/restore/{muster.backup}", None, 404)
        assert answer.json["code"] == "backup.not_found"
        client.post(f"/jobs/restore/{muster.backup}?dry_run=true", None, 200)
        assert server.stop() == 0, server.log()
    assert snapshot(muster.root) == before
    assert muster.rows("jobs") == rows


def test_tables_are_those_of_the_catalog(muster):
    for table in ("..", "../jobs", "muster.runs", "Jobs", "x" * 300, ""):
        muster("backup", "create", "--", table, code=2)
        muster("backup", "expire", "--keep", "1", "--", table, code=2)
    assert muster.verify(muster.backup) == {muster.backup: []}


def linked(muster, where, outside):
    """Moves a part of the backups outside and leaves a link; returns the part."""
    folder = muster.folder_of(muster.backup)
    part = {
        "file": folder / FILES[0],
        "avro": folder / FILES[1],
        "manifest": folder / "manifest.json",
        "backup": folder,
        "table": folder.parent,
    }[where]
    shutil.move(part, outside / part.name)
    part.symlink_to(outside / part.name)
    return part


@pytest.mark.parametrize("where", ["file", "avro", "manifest", "backup", "table"])
def test_links_are_refused(tmp_path, where):
    generate(tmp_path / "source", 50)
    muster = Backups(tmp_path / "muster", tmp_path / "source")
    muster.load()
    muster.backup = muster.name("jobs")
    rows, outside = muster.rows("jobs"), tmp_path / "outside"
    outside.mkdir()
    part = linked(muster, where, outside)
    before = snapshot(outside)
    for verb in ("verify", "restore"):
        said = muster("backup", verb, muster.backup, code=None)
        assert said.returncode in (1, 7), said
        assert f"{part} is a symbolic link" in said.stdout + said.stderr
    with muster.server() as server:
        answer = server.user().post(f"/jobs/restore/{muster.backup}")
        assert answer.status in (404, 409, 422), answer
    # What makes and what removes does not follow it either.
    muster("backup", "create", "jobs", code=None)
    muster("backup", "expire", "jobs", "--keep", "1", code=None)
    assert part.is_symlink()
    assert snapshot(outside) == before
    assert muster.rows("jobs") == rows
    assert muster.asides() == []


def test_a_link_to_a_secret_is_not_shown(tmp_path, muster):
    """A link beside the backups of a table: what it names is neither read nor removed."""
    secret = tmp_path / "secret"
    secret.write_text("do not read me")
    (muster.root / "jobs" / f"jobs-{STAMP}").mkdir()
    link = muster.root / "jobs" / f"jobs-{STAMP}" / "manifest.json"
    link.symlink_to(secret)
    try:
        for words in (["list"], ["verify", f"jobs-{STAMP}"], ["restore", f"jobs-{STAMP}"]):
            said = muster("backup", *words, code=None)
            assert said.returncode in (1, 7), said
            assert "do not read me" not in said.stdout + said.stderr
            assert "is a symbolic link" in said.stdout + said.stderr
    finally:
        shutil.rmtree(link.parent)
    assert secret.read_text() == "do not read me"
    assert muster.backup in muster.list("jobs")
