"""COPY: objects of S3 into a table, in the transaction of the client."""

import dataclasses
import io
import re

import fastavro
from redshift import lake as lakes
from redshift.files import READERS, LoadError
from redshift.options import copy_of
from redshift.tokens import Refused

COLUMNS = """
    SELECT a.attname, format_type(a.atttypid, NULL), format_type(a.atttypid, a.atttypmod),
        a.attnotnull, a.atttypmod, a.attidentity <> '', a.attrelid
    FROM pg_attribute a
    WHERE a.attrelid = '{table}'::regclass AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum
"""


@dataclasses.dataclass
class Column:
    name: str
    kind: str
    type: str
    notnull: bool
    length: int  # in bytes, 0 where there is none
    scale: int
    identity: bool
    table_id: int


def columns_of(session, table):
    answer = session.ask(COLUMNS.format(table=table.replace("'", "''")))
    if answer.error:
        raise Refused(answer.error["M"], answer.error["C"])
    found = []
    for name, kind, full, notnull, modifier, identity, table_id in answer.rows:
        textual = kind in ("character varying", "character")
        size = int(modifier) - 4 if textual and int(modifier) > 4 else 0
        scale = (int(modifier) - 4) & 0xFFFF if kind == "numeric" and int(modifier) > 4 else 0
        found.append(
            Column(name, kind, full, notnull == "t", size, scale, identity == "t", int(table_id))
        )
    return found


def chosen(columns, names):
    if not names:
        return columns
    by_name = {column.name: column for column in columns}
    for name in names:
        if name not in by_name:
            raise Refused(f'column "{name}" of relation does not exist', "42703")
    return [by_name[name] for name in names]


def check_role(standin, role):
    if role not in standin.roles:
        raise Refused(
            f"Not authorized to get credentials of role {role}", "XX000",
            lakes.block("Not authorized to assume role", 30000, role),
        )  # fmt: skip


def failure_words(table, failure):
    """What the client is told."""
    if failure.spectrum:
        context = f"{failure.words}, File name: {failure.file}"
        return Refused(
            "Spectrum Scan Error", "XX000",
            lakes.block("Spectrum Scan Error", failure.spectrum, context),
        )  # fmt: skip
    return Refused(
        f"Load into table '{table}' failed.  Check 'sys_load_error_detail' system table for"
        " details.",
        "XX000",
    )


def note(session, copy_id, failure):
    """The row of SYS_LOAD_ERROR_DETAIL, which outlives the transaction."""
    column = failure.column
    session.standin.admin(
        session.database,
        """
        INSERT INTO standin.load_errors VALUES (100, %s, 0, %s, %s, %s, now() AT TIME ZONE 'UTC',
            %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [copy_id, session.pid, session.database, column.table_id if column else 0, failure.file,
         failure.line if session.standin.names_rows else 0, column.name if column else "",
         column.kind if column else "",
         str(column.length) if column else "", failure.position, failure.code, failure.words],
    )  # fmt: skip


def history(session, copy_id, command, table, status, sizes, rows, words=""):
    session.standin.admin(
        session.database,
        """
        INSERT INTO standin.load_history VALUES (100, %s, 0, %s, %s, %s, %s,
            now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', 0, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [copy_id, session.pid, session.database, status, table, command.url, command.format, rows,
         sum(sizes), len(sizes), sum(sizes), 1 if words else 0, words],
    )  # fmt: skip


def load(session, command, columns, objects):
    """Puts the rows into the table; returns their number."""
    rows = 0
    names = ", ".join('"' + column.name + '"' for column in columns)
    for url, body in objects:
        try:
            data, count = READERS[command.format](body, columns, command)
            parts = (data[at : at + 65536] for at in range(0, len(data), 65536))
            answer = session.ask(f"COPY {command.table} ({names}) FROM STDIN (FORMAT csv)", parts)
            if answer.error:
                line = re.search(r"line (\d+)", answer.error.get("W", ""))
                raise LoadError(1216, answer.error["M"], line=int(line[1]) if line else 0)
        except LoadError as failure:
            failure.file = url
            raise
        rows += count
    return rows


def present(command, columns, objects):
    """Fields that an Avro file lacks take the default of the column."""
    if command.format != "AVRO" or not objects:
        return columns
    names = set()
    for _, body in objects:
        try:
            schema = fastavro.reader(io.BytesIO(body)).writer_schema
            names |= {field["name"] for field in schema.get("fields", [])}
        except (ValueError, EOFError, AttributeError):
            return columns  # the reader says what is wrong
    if command.options.get("AVRO") == "auto ignorecase":
        names = {name.lower() for name in names}
    return [column for column in columns if column.name in names] or columns


def run(session, statement):
    """Runs COPY; the transaction is open. Returns the tag and the notices."""
    command = copy_of(statement)
    standin = session.standin
    table = command.table.split(".")[-1].strip('"')
    columns = chosen(columns_of(session, command.table), command.columns)
    if any(column.identity for column in columns):
        raise Refused("the stand-in does not COPY into IDENTITY columns: name the others")
    check_role(standin, command.role)
    command.refuses = standin.refuses
    objects = lakes.entries(standin.lake, command)
    if objects and standin.take_damage(table):
        objects[0] = (objects[0][0], objects[0][1][:-8])
    copy_id = standin.next_query_id()
    sizes = [len(body) for _, body in objects]
    try:
        rows = load(session, command, present(command, columns, objects), objects)
    except LoadError as failure:
        note(session, copy_id, failure)
        history(session, copy_id, command, table, "aborted", sizes, 0, failure.words)
        session.later(copy_id=copy_id)
        raise failure_words(table, failure) from failure
    history(session, copy_id, command, table, "completed", sizes, rows)
    session.now(copy_id=copy_id, copy_count=rows)
    return "COPY", [
        f"Load into table '{table}' completed, {rows} record(s) loaded successfully.",
    ]
