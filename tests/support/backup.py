"""Backups as they lie on disk, and the verbs that make and restore them."""

import hashlib
import json
import shutil

import pyarrow.parquet
import warehouse
from api import Server
from program import Program

DIGEST = ',"manifest_sha256":"'
FILES = ("data-0000.parquet", "data-0000.avro")


def sealed(facts):
    """The manifest of these facts with the digest that belongs to it."""
    text = json.dumps(facts, separators=(",", ":"), ensure_ascii=False)[:-1]
    return text + DIGEST + hashlib.sha256(text.encode()).hexdigest() + '"}\n'


def facts_of(folder):
    """What the manifest in the folder says, without its digest."""
    facts = json.loads((folder / "manifest.json").read_text())
    del facts["manifest_sha256"]
    return facts


def table_of(name):
    return name.rsplit("-", 2)[0]


class Backups(Program):
    """muster with the verbs of backups; rows are lists of tuples by key."""

    @property
    def root(self):
        return warehouse.backups(self.folder, self.data / "backups")

    def folder_of(self, name):
        return self.root / table_of(name) / name

    def create(self, *words):
        """The backups that were made, as the verb describes them."""
        return json.loads(self("backup", "create", "--json", *words).stdout)

    def name(self, table, *options):
        (made,) = self.create(table, *options)
        return made["backup_name"]

    def list(self, *table):
        """Those that are listed, by name."""
        found = json.loads(self("backup", "list", "--json", *table).stdout)
        return {entry["backup_name"]: entry for entry in found}

    def verify(self, *names, code=0):
        """The problems of each."""
        lines = self("backup", "verify", "--json", *names, code=code).stdout.splitlines()
        return {r["backup_name"]: r["problems"] for r in map(json.loads, lines)}

    def restore(self, name, *options, code=0):
        """The last thing the verb says: its report, or its error."""
        result = self("backup", "restore", "--json", name, *options, code=code)
        return json.loads(result.stdout.splitlines()[-1])

    def rows(self, table):
        rows = [tuple(row.values()) for row in self.query(f"SELECT * FROM {table} ORDER BY 1")]
        assert len({row[0] for row in rows}) == len(rows), "a key stands twice"
        return rows

    def asides(self):
        """The tables of muster's own that no restore is using any more, and what it knows of."""
        tables = self.query("SELECT table_name AS name FROM information_schema.tables")
        known = self.query("SELECT * FROM muster.asides")
        return [row["name"] for row in tables if row["name"].startswith("_muster_")] + known

    def folders(self):
        """All folders of backups, and those among them without a manifest."""
        found = [path for path in self.root.glob("*/*") if path.is_dir()]
        return found, [path for path in found if not (path / "manifest.json").exists()]

    def clone(self, name, number):
        """The backup once more under another name, as whole as the first; the name."""
        other = f"{name[:-4]}{number:04x}"
        shutil.copytree(self.folder_of(name), self.folder_of(other))
        facts = facts_of(self.folder_of(name)) | {"name": other}
        (self.folder_of(other) / "manifest.json").write_text(sealed(facts))
        return other

    def server(self, *options, **settings):
        self.folder.mkdir(exist_ok=True)
        places = ["--data-dir", str(self.data), "--source", str(self.source)]
        return Server(self.folder, *places, *options, config=self.config, **settings)


def parquet_rows(folder, columns=None):
    """The rows of a backup as pyarrow reads them, by key."""
    table = pyarrow.parquet.read_table(folder / FILES[0], columns=columns)
    return sorted(zip(*(column.to_pylist() for column in table.columns), strict=True))
