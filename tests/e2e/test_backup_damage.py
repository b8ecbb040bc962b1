"""Whatever is changed in a backup: `verify` names it, `restore` refuses, the table stays."""

import json
import random
import re
import shutil

import pytest
from backup import FILES, Backups, facts_of, sealed
from program import generate

REGIONS = 16
MANIFEST = "manifest.json"


class Damage:
    """What is done to the folder of a backup, and what `verify` must say of it."""

    def __init__(self, what, do, says):
        self.what, self.do, self.says = what, do, says


def flip(file, region):
    def do(folder, _):
        data = bytearray((folder / file).read_bytes())
        rng = random.Random(f"{file} {region}")
        start, stop = (len(data) * part // REGIONS for part in (region, region + 1))
        data[rng.randrange(start, stop)] ^= 1 << rng.randrange(8)
        (folder / file).write_bytes(data)

    return do


def cut(file, keep):
    """Leaves that part of the file; of 1.0 all but the last byte."""

    def do(folder, _):
        data = (folder / file).read_bytes()
        (folder / file).write_bytes(data[: min(int(len(data) * keep), len(data) - 1)])

    return do


def grow(file):
    def do(folder, _):
        with open(folder / file, "ab") as out:
            out.write(b"\0")

    return do


def remove(file):
    return lambda folder, _: (folder / file).unlink()


def add(file):
    def do(folder, _):
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_bytes(b"more")

    return do


def swap(file):
    return lambda folder, other: shutil.copyfile(other / file, folder / file)


def edit(change, seal=True):
    """Changes the facts of the manifest, with the digest that then belongs to it or without."""

    def do(folder, _):
        facts = facts_of(folder)
        old = json.loads((folder / MANIFEST).read_text())["manifest_sha256"]
        change(facts)
        text = sealed(facts)
        if not seal:
            text = re.sub(r'[0-9a-f]{64}("}\n)$', old + r"\1", text)
        (folder / MANIFEST).write_text(text)

    return do


def set_fact(*path_and_value):
    *path, last, value = path_and_value

    def change(facts):
        for step in path:
            facts = facts[step]
        facts[last] = value(facts[last]) if callable(value) else value

    return change


def more(number):
    return number + 1


def other_digits(text):
    return text[::-1]


def damages():
    for file in FILES:
        for region in range(REGIONS):
            yield Damage(f"{file}: flip {region}", flip(file, region), file)
        yield Damage(f"{file}: half", cut(file, 0.5), file)
        yield Damage(f"{file}: without its last byte", cut(file, 1.0), file)
        yield Damage(f"{file}: empty", cut(file, 0.0), file)
        yield Damage(f"{file}: longer", grow(file), file)
        yield Damage(f"{file}: gone", remove(file), file)
        yield Damage(f"{file}: another's", swap(file), file)
    for file in ("data-0001.parquet", "readme.txt", "sub/data-0000.avro"):
        yield Damage(f"{file}: added", add(file), file)
    for region in range(REGIONS):
        yield Damage(f"manifest: flip {region}", flip(MANIFEST, region), "manifest")
    yield Damage("manifest: half", cut(MANIFEST, 0.5), "manifest")
    yield Damage("manifest: without its line end", cut(MANIFEST, 1.0), "manifest")
    yield Damage("manifest: empty", cut(MANIFEST, 0.0), "manifest")
    yield Damage("manifest: another's", swap(MANIFEST), "manifest")
    facts = [
        ("rows", set_fact("rows", more), "rows"),
        ("content checksum", set_fact("content_checksum", other_digits), "checksum"),
        ("rows of a file", set_fact("files", 0, "rows", more), "rows"),
        ("bytes of a file", set_fact("files", 0, "bytes", more), FILES[0]),
        ("SHA-256 of a file", set_fact("files", 1, "sha256", other_digits), FILES[1]),
        ("format", set_fact("format", 2), "format"),
        ("name", set_fact("name", lambda name: name[:-1] + "g"), "manifest"),
        ("type of a column", set_fact("columns", 0, "type", "string"), ""),
        ("unknown type", set_fact("columns", 1, "type", "text"), "type"),
        ("name of a column", set_fact("columns", 1, "name", "nome"), ""),
        ("file outside", set_fact("files", 0, "name", "../" + FILES[0]), "name"),
        ("number below zero", set_fact("files", 0, "bytes", -1), ""),
        ("files gone", set_fact("files", []), ""),
        ("rows as text", set_fact("rows", "17"), "rows"),
    ]
    for what, change, says in facts:
        yield Damage(f"manifest: {what}, sealed", edit(change), says)
        yield Damage(f"manifest: {what}, not sealed", edit(change, seal=False), "digest")


DAMAGES = list(damages())
# With a digest that fits these are manifests of another table, as far as a restore looks.
OF_ANOTHER_TABLE = ("manifest: type of a column, sealed", "manifest: name of a column, sealed")


@pytest.fixture(scope="module")
def wrecks(tmp_path_factory):
    """One damaged backup for each damage, a whole one, and what `verify` says of all."""
    folder = tmp_path_factory.mktemp("damage")
    generate(folder / "source", 400)
    muster = Backups(folder / "muster", folder / "source")
    muster.load()
    first = muster.name("hired_employees")
    generate(folder / "source", 500, "--changed", "0.3")
    muster.load()
    other = muster.name("hired_employees")
    table = muster.rows("hired_employees")
    base = int(first[-4:], 16)
    names = [muster.clone(first, (base + 1 + i) % 65_536) for i in range(len(DAMAGES) + 1)]
    *damaged, whole = names
    for name, damage in zip(damaged, DAMAGES, strict=True):
        damage.do(muster.folder_of(name), muster.folder_of(other))
    problems = muster.verify(*names, code=7)
    by_damage = dict(zip((d.what for d in DAMAGES), damaged, strict=True))
    return muster, table, by_damage, whole, problems


def test_the_clones_are_whole(wrecks):
    """What the damages below change was in order before."""
    muster, _, _, whole, problems = wrecks
    assert problems[whole] == []
    assert muster.verify(whole) == {whole: []}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.what)
def test_verify_says_what_is_wrong(wrecks, damage):
    _, _, names, _, problems = wrecks
    said = problems[names[damage.what]]
    assert said, "the damage is not seen"
    assert damage.says in "\n".join(said)


@pytest.mark.parametrize("source", ["parquet", "avro"])
def test_restore_refuses_over_http(wrecks, tmp_path, source):
    shared, table, names, _, _ = wrecks
    shutil.copytree(shared.folder, tmp_path / "muster")
    muster = Backups(tmp_path / "muster", shared.source)
    accepted = []
    with muster.server() as server:
        client = server.user()
        for what, name in names.items():
            path = f"/hiredemployees/restore/{name}?from={source}"
            try:
                answer = client.post(path)
            except OSError as gone:
                pytest.fail(f"{what}: {gone!r}\n{server.log()[-1000:]}")
            refusals = [(422, "backup.damaged")]
            if what in OF_ANOTHER_TABLE:
                refusals.append((409, "backup.conflict"))
            if (answer.status, answer.json.get("code")) not in refusals:
                accepted.append(f"{what}: {answer}")
        entries = {e["backup_name"]: e for e in client.get("/hiredemployees/backups").json}
        assert entries[names["manifest: empty"]]["problem"]
        assert server.stop() == 0, server.log()
    assert accepted == []
    assert muster.rows("hired_employees") == table
    assert muster.asides() == []
    assert "safety" not in {entry.get("reason") for entry in muster.list().values()}


RESTORED = [
    "data-0000.parquet: flip 5", "data-0000.avro: flip 9", "data-0000.parquet: gone",
    "data-0000.avro: another's", "readme.txt: added", "manifest: rows, sealed",
    "manifest: content checksum, sealed", "manifest: name, not sealed", "manifest: half",
]  # fmt: skip


@pytest.mark.parametrize("what", RESTORED)
def test_restore_refuses(wrecks, what):
    muster, table, names, _, _ = wrecks
    for options in ((), ("--force",), ("--dry-run",)):
        said = muster.restore(names[what], *options, code=7)
        assert (said["type"], said["code"]) == ("error", "verification"), said
    assert muster.rows("hired_employees") == table
    assert muster.asides() == []


@pytest.mark.parametrize("gone", ["manifest", "folder"])
def test_what_is_not_there_is_not_found(wrecks, gone):
    muster, table, _, whole, _ = wrecks
    name = muster.clone(whole, (int(whole[-4:], 16) + 100 + len(gone)) % 65_536)
    if gone == "manifest":
        (muster.folder_of(name) / MANIFEST).unlink()
    else:
        shutil.rmtree(muster.folder_of(name))
    assert name not in muster.list()
    for verb in ("verify", "restore"):
        said = muster("backup", verb, name, code=1)
        assert name in said.stderr
    assert muster.rows("hired_employees") == table
    with muster.server() as server:
        answer = server.user().post(f"/hiredemployees/restore/{name}", None, 404)
        assert answer.json["code"] == "backup.not_found"
