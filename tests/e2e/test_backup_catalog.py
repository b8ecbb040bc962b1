"""A backup whose table has changed since: what can be mapped is, every misfit is named."""

import pytest
from backup import Backups

HEAD = '[muster]\nname = "changed"\n\n[[table]]\nname = "parts"\nfiles = "parts*.csv"\n'
ROWS = [
    "1,7,Bolt,2021-01-02,12.50",
    "2,7,Nut,,",
    "3,2147483647,Scheibe ø,1999-12-31,0.01",
    "4,-2147483648,,2021-01-02,",
]
COLUMNS = {
    "id": 'type = "int64"',
    "weight": 'type = "int32"',
    "label": 'type = "string"\nnullable = true',
    "since": 'type = "date"\nnullable = true',
    "price": 'type = "decimal(10,2)"\nnullable = true',
}


def catalog(columns, key="id"):
    keys = ", ".join(f'"{name}"' for name in key.split())
    text = HEAD + f"key = [{keys}]\n"
    for name, rules in columns.items():
        text += f'\n[[table.column]]\nname = "{name}"\n{rules}\n'
    return text


class Parts(Backups):
    """One table whose catalog is exchanged between a backup and its restore."""

    def __init__(self, folder):
        super().__init__(folder, config=folder / "muster.toml")
        self.source.mkdir()
        self.config.write_text(catalog(COLUMNS))
        (self.source / "parts.csv").write_text("\n".join(ROWS))
        self.load()
        self.saved = self.rows()
        self.backup = self.name("parts")

    def change(self, columns, key="id", rows=None):
        """The other catalog, and a table of it in a data directory of its own; the same backups."""
        self.config.write_text(catalog(columns, key))
        backups = self.root
        self.data = self.folder / "later"
        self.data.mkdir()
        backups.rename(self.root)
        if rows is not None:
            (self.source / "parts.csv").write_text("\n".join(rows))
            self.load()
        else:
            (self.source / "parts.csv").unlink()
            self("run", code=None)

    def rows(self, table="parts"):
        return [tuple(row.values()) for row in self.query(f"SELECT * FROM {table} ORDER BY id")]


@pytest.fixture
def parts(tmp_path):
    return Parts(tmp_path)


def check_refused(parts, says):
    """By command line and over HTTP, from both formats; every misfit is named; nothing changes."""
    before = parts.rows()
    for source in ("parquet", "avro"):
        said = parts.restore(parts.backup, "--from", source, code=1)
        assert said["code"] == "conflict", said
        for text in says:
            assert text in said["message"], said
    with parts.server() as server:
        answer = server.user().post(f"/parts/restore/{parts.backup}", None, 409)
        assert answer.json["code"] == "backup.conflict"
        for text in says:
            assert text in answer.json["detail"], answer
    assert parts.rows() == before
    assert parts.asides() == []
    assert parts.verify(parts.backup) == {parts.backup: []}


@pytest.mark.parametrize("source", ["parquet", "avro"])
def test_a_column_that_was_added_is_null(parts, source):
    added = {"colour": 'type = "string"\nnullable = true'}
    parts.change({"id": COLUMNS["id"]} | added | COLUMNS)
    parts.restore(parts.backup, "--from", source)
    assert parts.rows() == [(row[0], None, *row[1:]) for row in parts.saved]


@pytest.mark.parametrize("source", ["parquet", "avro"])
def test_a_column_that_was_removed_is_left_out(parts, source):
    parts.change({name: rules for name, rules in COLUMNS.items() if name != "label"})
    parts.restore(parts.backup, "--from", source)
    assert parts.rows() == [(*row[:2], *row[3:]) for row in parts.saved]


@pytest.mark.parametrize("source", ["parquet", "avro"])
def test_a_column_that_was_widened(parts, source):
    parts.change(COLUMNS | {"weight": 'type = "int64"'})
    parts.restore(parts.backup, "--from", source)
    assert parts.rows() == parts.saved
    (made,) = parts.create("parts")
    listed = parts.list()
    assert made["content_checksum"] == listed[parts.backup]["content_checksum"]


@pytest.mark.parametrize("source", ["parquet", "avro"])
def test_columns_in_another_order(parts, source):
    parts.change(dict(reversed(COLUMNS.items())))
    parts.restore(parts.backup, "--from", source)
    assert parts.rows() == [tuple(reversed(row)) for row in parts.saved]


def test_the_safety_backup_has_the_columns_of_its_time(parts):
    """What is replaced is saved as it is, although the backup has other columns."""
    columns = {"id": COLUMNS["id"], "colour": 'type = "string"\nnullable = true'}
    parts.change(columns, rows=["8,red", "9,"])
    done = parts.restore(parts.backup)
    assert parts.rows() == [(row[0], None) for row in parts.saved]
    parts.restore(done["safety_backup"])
    assert parts.rows() == [(8, "red"), (9, None)]


MISFITS = [
    ({"weight": 'type = "string"'}, ["weight"]),
    ({"label": 'type = "int64"\nnullable = true'}, ["label"]),
    ({"weight": 'type = "date"', "price": 'type = "bool"\nnullable = true'}, ["weight", "price"]),
    ({"price": 'type = "decimal(9,2)"\nnullable = true'}, ["price"]),
    ({"price": 'type = "double"\nnullable = true'}, ["price"]),
    ({"since": 'type = "timestamp"\nnullable = true'}, ["since"]),
    ({"colour": 'type = "string"'}, ["colour"]),
    ({"colour": 'type = "string"', "weight": 'type = "string"'}, ["colour", "weight"]),
]


@pytest.mark.parametrize(("changes", "says"), MISFITS)
def test_what_does_not_fit_is_named(parts, changes, says):
    columns = COLUMNS | changes
    row = {"string": "x", "int64": "5", "date": "2020-01-01", "bool": "true", "double": "1.5"}
    row |= {"timestamp": "2020-01-01T00:00:00Z", "int32": "5"}
    fields = [row.get(rules.split('"')[1], "5.5") for rules in columns.values()]
    parts.change(columns, rows=[",".join(fields)])
    assert len(parts.rows()) == 1
    check_refused(parts, says)


def test_null_where_the_table_has_none(parts):
    columns = COLUMNS | {"label": 'type = "string"', "since": 'type = "date"'}
    parts.change(columns, rows=["5,5,x,2020-01-01,5.5"])
    check_refused(parts, ["label", "1 row", "since"])


def test_not_nullable_without_null_fits(parts):
    """weight had a value in every row, and had to; a rule that is stricter than the rows is not."""
    parts.change(COLUMNS)
    parts.restore(parts.backup)
    assert parts.rows() == parts.saved


def test_another_key_with_duplicates(parts):
    parts.change(COLUMNS, key="weight", rows=["5,5,x,2020-01-01,5.5"])
    check_refused(parts, ["weight"])


def test_another_key_without_duplicates(parts):
    parts.change(COLUMNS, key="weight id")
    parts.restore(parts.backup)
    assert parts.rows() == parts.saved


def test_a_table_that_is_gone(parts):
    parts.config.write_text(catalog(COLUMNS).replace('name = "parts"', 'name = "pieces"'))
    parts.data.rename(parts.folder / "then")
    parts.data.mkdir()
    (parts.folder / "then" / "backups").rename(parts.root)
    parts("run", code=None)
    assert parts.backup in parts.list()
    assert parts.verify(parts.backup) == {parts.backup: []}
    assert parts.restore(parts.backup, code=1)["code"] == "conflict"
