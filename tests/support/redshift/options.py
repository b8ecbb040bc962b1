"""The clauses of COPY and UNLOAD."""

import dataclasses

from redshift.columns import Reader
from redshift.tokens import NUMBER, Refused, items, name_value, string_value, syntax_error


@dataclasses.dataclass
class Copy:
    """COPY table [(columns)] FROM url IAM_ROLE role options."""

    table: str
    columns: list
    url: str
    role: str = ""
    format: str = "TEXT"
    manifest: bool = False
    options: dict = dataclasses.field(default_factory=dict)
    refuses: object = None  # of a reader of Parquet, see Standin


@dataclasses.dataclass
class Unload:
    """UNLOAD ('query') TO prefix IAM_ROLE role options."""

    query: str
    url: str
    role: str = ""
    format: str = "TEXT"
    manifest: bool = False
    verbose: bool = False
    parallel: bool = True
    options: dict = dataclasses.field(default_factory=dict)


def literal(reader):
    token = reader.next()
    value = string_value(token)
    if value is None:
        raise syntax_error(token)
    return value


def number(reader):
    reader.skip("AS")
    token = reader.next()
    if token.kind != NUMBER:
        raise syntax_error(token)
    return int(token.text)


def role_of(reader):
    if reader.skip("DEFAULT"):
        return "default"
    return literal(reader)


def switch(reader):
    """ON, OFF, TRUE or FALSE, which may be left out."""
    return not any(reader.skip(word) for word in ("OFF", "FALSE")) and (
        any(reader.skip(word) for word in ("ON", "TRUE", "PRESET")) or True
    )


FLAGS = {
    "EMPTYASNULL", "BLANKSASNULL", "FILLRECORD", "TRUNCATECOLUMNS", "TRIMBLANKS", "ACCEPTANYDATE",
    "ROUNDEC", "EXPLICIT_IDS", "NOLOAD", "GZIP", "BZIP2", "ZSTD", "IGNOREBLANKLINES", "ESCAPE",
}  # fmt: skip
SWITCHES = {"STATUPDATE", "COMPUPDATE"}
LITERALS = {"REGION", "DELIMITER", "TIMEFORMAT", "DATEFORMAT", "QUOTE", "ACCEPTINVCHARS"}
NUMBERS = {"IGNOREHEADER", "MAXERROR"}
FORMATS = {"PARQUET", "AVRO", "CSV"}
WITH_PARQUET = {"ACCEPTINVCHARS", "FILLRECORD", "STATUPDATE", "EXPLICIT_IDS", "REGION"}


def copy_option(found, reader):
    token = reader.next()
    key = token.key
    if key == "IAM_ROLE":
        found.role = role_of(reader)
    elif key == "FORMAT":
        reader.skip("AS")
        name = reader.next()
        if name.key not in FORMATS:
            raise syntax_error(name)
        copy_format(found, name.key, reader)
    elif key == "CSV":
        copy_format(found, key, reader)
    elif key == "MANIFEST":
        found.manifest = True
    elif key in FLAGS:
        found.options[key] = True
    elif key in SWITCHES:
        found.options[key] = switch(reader)
    elif key in LITERALS:
        reader.skip("AS")
        found.options[key] = literal(reader)
    elif key in NUMBERS:
        found.options[key] = number(reader)
    elif key == "NULL":
        reader.want("AS")
        found.options[key] = literal(reader)
    else:
        # PARQUET and AVRO need the word FORMAT before them.
        raise syntax_error(token)


def copy_format(found, name, reader):
    found.format = name
    if name == "AVRO" and not reader.done and string_value(reader.parts[reader.at]) is not None:
        found.options["AVRO"] = literal(reader)


def copy_of(statement):
    reader = Reader(statement.parts)
    reader.want("COPY")
    table = reader.name()
    columns = []
    if reader.key == "(":
        columns = [name_value(part[0]) for part in items(reader.brackets())]
    reader.want("FROM")
    found = Copy(table, columns, literal(reader))
    while not reader.done:
        copy_option(found, reader)
    if not found.url.startswith("s3://"):
        raise Refused(f"COPY reads s3:// alone in the stand-in, not {found.url}")
    if not found.role:
        raise Refused("COPY needs IAM_ROLE", "42601")
    if found.format == "PARQUET":
        for name in set(found.options) - WITH_PARQUET:
            raise Refused(f"{name} argument is not supported for PARQUET based COPY")
    if found.options.get("MAXERROR", 0) > 1 or "NOLOAD" in found.options:
        raise Refused("the stand-in has no MAXERROR above 1 and no NOLOAD")
    return found


UNLOAD_FLAGS = {"ALLOWOVERWRITE", "CLEANPATH", "HEADER", "ADDQUOTES", "ESCAPE", "GZIP", "ZSTD",
                "BZIP2"}  # fmt: skip
NOT_WITH_PARQUET = UNLOAD_FLAGS - {"ALLOWOVERWRITE", "CLEANPATH"} | {"DELIMITER", "NULL"}


def unload_option(found, reader):
    token = reader.next()
    key = token.key
    if key == "IAM_ROLE":
        found.role = role_of(reader)
    elif key == "FORMAT":
        reader.skip("AS")
        found.format = reader.next().key
    elif key in ("PARQUET", "CSV"):
        found.format = key
    elif key == "MANIFEST":
        found.manifest = True
        found.verbose = reader.skip("VERBOSE")
    elif key == "PARALLEL":
        found.parallel = switch(reader)
    elif key == "MAXFILESIZE":
        reader.skip("AS")
        size = reader.next()
        unit = reader.next().key if reader.key in ("MB", "GB") else "MB"
        found.options[key] = float(size.text) * (1024 if unit == "GB" else 1)
        if not 5 <= found.options[key] <= 6.2 * 1024:
            raise Refused("MAXFILESIZE must be between 5 MB and 6.2 GB", "22023")
    elif key == "ROWGROUPSIZE":
        raise Refused("ROWGROUPSIZE is for some node types alone")
    elif key in UNLOAD_FLAGS:
        found.options[key] = True
    elif key == "REGION":
        reader.skip("AS")
        found.options[key] = literal(reader)
    else:
        raise syntax_error(token)


def unload_of(statement):
    reader = Reader(statement.parts)
    reader.want("UNLOAD")
    inner = reader.brackets()
    if len(inner) != 1 or string_value(inner[0]) is None:
        raise syntax_error(inner[0] if inner else None)
    reader.want("TO")
    found = Unload(string_value(inner[0]), literal(reader))
    while not reader.done:
        unload_option(found, reader)
    if not found.url.startswith("s3://"):
        raise Refused("UNLOAD destination must be an S3 path")
    if not found.role:
        raise Refused("UNLOAD needs IAM_ROLE", "42601")
    if found.format != "PARQUET":
        raise Refused("the stand-in unloads FORMAT PARQUET alone")
    for name in set(found.options) & NOT_WITH_PARQUET:
        raise Refused(f"{name} is not supported for UNLOAD to PARQUET")
    if {"ALLOWOVERWRITE", "CLEANPATH"} <= set(found.options):
        raise Refused("ALLOWOVERWRITE and CLEANPATH exclude each other", "42601")
    return found
