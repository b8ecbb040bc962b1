"""UNLOAD: the rows of a query into Parquet objects of S3, with a manifest."""

import datetime
import decimal
import io
import json

import pyarrow
import pyarrow.parquet
from redshift.copy import check_role
from redshift.options import unload_of
from redshift.rewrite import rewrite
from redshift.rules import check
from redshift.tokens import Refused, statements

EMPTY = "the stand-in cannot unload a column of this type"
PLAIN = {
    16: (pyarrow.bool_(), "boolean", lambda text: text == "t"),
    21: (pyarrow.int16(), "smallint", int),
    23: (pyarrow.int32(), "integer", int),
    20: (pyarrow.int64(), "bigint", int),
    700: (pyarrow.float32(), "real", float),
    701: (pyarrow.float64(), "double precision", float),
    25: (pyarrow.string(), "character varying", str),
    1043: (pyarrow.string(), "character varying", str),
    1042: (pyarrow.string(), "character", str),
    1082: (pyarrow.date32(), "date", datetime.date.fromisoformat),
    1114: (pyarrow.timestamp("us"), "timestamp without time zone", None),
    1184: (pyarrow.timestamp("us"), "timestamp with time zone", None),
}


def moment(text):
    found = datetime.datetime.fromisoformat(text)
    if found.tzinfo:
        found = found.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return found


def type_of(kind, modifier, texts):
    """The type for Arrow, its name in a manifest, and what makes a value of a text."""
    if kind == 1700:
        if modifier > 4:
            precision, scale = (modifier - 4) >> 16, (modifier - 4) & 0xFFFF
        else:
            places = [len(text.partition(".")[2]) for text in texts if text is not None]
            precision, scale = 38, max(places, default=0)
        return pyarrow.decimal128(precision, scale), "numeric", decimal.Decimal
    if kind not in PLAIN:
        raise Refused(f"{EMPTY}: {kind}")
    found, name, make = PLAIN[kind]
    return found, name, make or moment


def inner_query(text):
    """The query of an UNLOAD, checked by the same rules."""
    found = statements(text)
    if len(found) != 1 or not (found[0].starts("SELECT") or found[0].starts("WITH")):
        raise Refused("UNLOAD takes one SELECT", "42601")
    depth = 0
    for token in found[0].parts:
        depth += {"(": 1, ")": -1}.get(token.key, 0)
        if token.key == "LIMIT" and depth == 0:
            why = "UNLOAD: put it into a subquery"
            raise Refused("Limit clause is not supported", "0A000", why)
    check(found[0], True)
    return rewrite(found[0])


def table_of(answer):
    columns, elements = [], []
    for at, (name, kind, modifier) in enumerate(answer.columns):
        texts = [row[at] for row in answer.rows]
        found, words, make = type_of(kind, modifier, texts)
        columns.append(
            pyarrow.array([None if t is None else make(t) for t in texts], type=found)
        )
        element = {"name": name, "type": {"base": words}}
        if kind in (1042, 1043) and modifier > 4:
            element["max_length"] = modifier - 4
        elements.append(element)
    schema = pyarrow.schema(
        [pyarrow.field(n, c.type) for (n, _, _), c in zip(answer.columns, columns)]
    )
    return pyarrow.Table.from_arrays(columns, schema=schema), elements


def names(command, slices):
    if not command.parallel:
        return [f"{command.url}000.parquet"]
    return [f"{command.url}{number:04}_part_00.parquet" for number in range(slices)]


def write(standin, command, table):
    """The objects; returns the entries of the manifest."""
    rows = table.num_rows
    targets = names(command, standin.slices)
    share = -(-rows // len(targets))
    entries = []
    for number, url in enumerate(targets):
        part = table.slice(number * share, share)
        if part.num_rows == 0 and not (rows == 0 and number == 0 and standin.empty_unload_file):
            continue
        out = io.BytesIO()
        pyarrow.parquet.write_table(
            part, out, version="1.0", compression="snappy",
            use_deprecated_int96_timestamps=standin.unload_int96,
        )  # fmt: skip
        standin.lake.put(url, out.getvalue())
        size = len(out.getvalue())
        meta = {"content_length": size, "record_count": part.num_rows}
        entries.append({"url": url, "meta": meta})
    return entries


def manifest_of(command, entries, elements):
    if not command.verbose:
        return {"entries": [{"url": e["url"], "meta": {
            "content_length": e["meta"]["content_length"]}} for e in entries]}  # fmt: skip
    total = {
        name: sum(e["meta"][name] for e in entries) for name in ("content_length", "record_count")
    }
    return {
        "entries": entries,
        "schema": {"elements": elements},
        "meta": total,
        "author": {"name": "Amazon Redshift", "version": "1.0.0"},
    }


def run(session, statement):
    """Runs UNLOAD; returns the tag and the notices."""
    command = unload_of(statement)
    standin = session.standin
    sql = inner_query(command.query)
    check_role(standin, command.role)
    there = standin.lake.urls(command.url)
    if there and "CLEANPATH" in command.options:
        for url in there:
            standin.lake.delete(url)
    elif there and "ALLOWOVERWRITE" not in command.options:
        raise Refused(
            "Specified unload destination on S3 is not empty. Consider using a different bucket / "
            "prefix, manually removing the target files in S3, or using the ALLOWOVERWRITE option.",
            "XX000",
        )
    answer = session.ask(sql)
    if answer.error:
        raise Refused(answer.error["M"], answer.error["C"])
    table, elements = table_of(answer)
    entries = write(standin, command, table)
    if command.manifest:
        body = json.dumps(manifest_of(command, entries, elements)).encode()
        standin.lake.put(command.url + "manifest", body)
    session.now(unload_count=table.num_rows)
    return "UNLOAD", [f"UNLOAD completed, {table.num_rows} record(s) unloaded successfully."]
