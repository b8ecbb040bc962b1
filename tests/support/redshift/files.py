"""The readers of COPY: Parquet, Avro and CSV, with the rules and the complaints of Redshift."""

import csv
import datetime
import decimal
import gzip
import io
import json
import re

import fastavro
import pyarrow
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet
from redshift.tokens import Refused

AVRO_CODECS = {"null", "deflate", "snappy"}
AVRO_BLOCK_BYTES_MAX = 4 * 1024 * 1024
ROW_BYTES_MAX = 4 * 1024 * 1024
INTEGERS = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}


class LoadError(Exception):
    """A row or an object that Redshift does not take. `words` are for SYS_LOAD_ERROR_DETAIL."""

    def __init__(self, code, words, column=None, line=0, spectrum=None, position=0):
        super().__init__(words)
        self.code, self.words, self.column, self.line = code, words, column, line
        self.spectrum, self.position = spectrum, position
        self.file = ""


def spectrum(code, context, column=None, line=0):
    return LoadError(code, context, column, line, spectrum=code)


def noncharacters(column, given):
    """What COPY was seen to say of a text with code points that are no characters."""
    for character in given if isinstance(given, str) else "":
        if 0xFDD0 <= ord(character) <= 0xFDEF or ord(character) & 0xFFFE == 0xFFFE:
            sequence = character.encode().hex(" ")
            return 1220, (
                "String contains invalid or unsupported UTF8 codepoints. "
                f"Bad UTF8 hex sequence: {sequence} (error 6)"
            )
    return None


# --- Parquet -------------------------------------------------------------------------------------


def fits(column, kind):
    """Whether a column of the table takes this type of Arrow."""
    types = pyarrow.types
    small = types.is_int8(kind) or types.is_int16(kind) or types.is_int32(kind)
    tests = {
        "smallint": small,
        "integer": small,
        "bigint": small or types.is_int64(kind),
        "real": types.is_float32(kind),
        "double precision": types.is_float64(kind),
        "boolean": types.is_boolean(kind),
        "date": types.is_date32(kind),
        "timestamp without time zone": types.is_timestamp(kind),
        "timestamp with time zone": types.is_timestamp(kind),
        "character varying": types.is_string(kind) or types.is_large_string(kind),
        "character": types.is_string(kind) or types.is_large_string(kind),
        "numeric": types.is_decimal(kind) and kind.scale == column.scale,
    }
    return tests.get(column.kind, False)


def line_of(flags):
    """The row of the first that is true, from 1."""
    return pyarrow.compute.index(flags, True).as_py() + 1


def check_values(column, values, refuses):
    for line, given in enumerate(values.to_pylist(), 1):
        refused = refuses(column.name, given)
        if refused:
            raise spectrum(*refused, column, line)


def parquet_column(column, values, refuses):
    if not fits(column, values.type):
        raise spectrum(
            15001,
            f"File has an incompatible Parquet schema for column '{column.name}'. Column type: "
            f"{column.type.upper()}, Parquet schema: {values.type}",
            column,
        )
    if column.notnull and values.null_count:
        line = line_of(values.is_null())
        raise spectrum(1213, "Missing data for not-null field", column, line)
    if column.length:
        sizes = pyarrow.compute.binary_length(values)
        largest = pyarrow.compute.max(sizes).as_py() or 0
        if largest > column.length:
            raise spectrum(
                15001,
                f"The length of the data column {column.name} is longer than the length defined in "
                f"the table. Table: {column.length}, Data: {largest}",
                column,
                line_of(pyarrow.compute.greater(sizes, column.length)),
            )
    if refuses:
        check_values(column, values, refuses)
    if pyarrow.types.is_timestamp(values.type):
        values = values.cast(pyarrow.timestamp("us"), safe=False)
    return values


def check_sizes(columns):
    """A row has at most 4 MB; the texts are what can make it so long."""
    texts = [c for c in columns if pyarrow.types.is_string(c.type)]
    if sum(column.nbytes for column in texts) <= ROW_BYTES_MAX:
        return
    sizes = [pyarrow.compute.fill_null(pyarrow.compute.binary_length(c), 0) for c in texts]
    for line, parts in enumerate(zip(*(s.to_pylist() for s in sizes)), 1):
        if sum(parts) > ROW_BYTES_MAX:
            words = f"The row size {sum(parts)} exceeds the limit of {ROW_BYTES_MAX} bytes"
            raise spectrum(15001, words, line=line)


def parquet(data, columns, command):
    """The rows as CSV for PostgreSQL, and their number."""
    try:
        table = pyarrow.parquet.read_table(io.BytesIO(data))
        table.validate(full=True)
    except pyarrow.ArrowInvalid as failure:
        raise spectrum(15001, f"not a valid Parquet file: {failure}"[:200]) from failure
    expected, given = len(columns), table.num_columns
    if given != expected and not (given < expected and "FILLRECORD" in command.options):
        raise spectrum(
            15007,
            "Unmatched number of columns between table and file. "
            f"Table columns: {expected}, Data columns: {given}",
        )
    found = []
    for at, column in enumerate(columns):
        if at >= given:
            found.append(pyarrow.nulls(table.num_rows, pyarrow.string()))
            continue
        found.append(parquet_column(column, table.column(at), command.refuses))
    check_sizes(found)
    names = [f"c{at}" for at in range(expected)]
    out = io.BytesIO()
    pyarrow.csv.write_csv(
        pyarrow.table(found, names=names),
        out,
        pyarrow.csv.WriteOptions(include_header=False, quoting_style="all_valid"),
    )
    return out.getvalue(), table.num_rows


# --- one value at a time -------------------------------------------------------------------------

DEFAULT_TIME = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d{1,6})?)?")
ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?)?")
EPOCHS = {"epochsecs": 1, "epochmillisecs": 1000}


def time_value(text, column, options):
    form = options.get("TIMEFORMAT", "")
    if form in EPOCHS:
        if not re.fullmatch(r"-?\d+(\.\d+)?", text):
            raise LoadError(1206, "Invalid timestamp format or value", column)
        return f"{decimal.Decimal(text) / EPOCHS[form]}", True
    if not (ISO_TIME if form == "auto" else DEFAULT_TIME).fullmatch(text):
        raise LoadError(1206, f"Invalid timestamp format or value [{form or 'default'}]", column)
    return text, False


def epoch_text(seconds):
    microseconds = int(decimal.Decimal(seconds) * 1_000_000)
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=microseconds)
    return moment.isoformat(sep=" ")


def number_value(text, column, options):
    limit = INTEGERS.get(column.kind)
    if limit:
        if not re.fullmatch(r"\s*[+-]?\d+\s*", text):
            words = f"Invalid digit, Value '{text[:1]}', Pos 0, Type: Integer"
            raise LoadError(1207, words, column)
        if not -limit <= int(text) < limit:
            raise LoadError(1216, f"Overflow for {column.kind}", column)
        return text.strip()
    try:
        value = decimal.Decimal(text)
    except decimal.InvalidOperation:
        raise LoadError(1207, f"Invalid digit, Value '{text[:1]}', Pos 0, Type: Decimal",
                        column) from None  # fmt: skip
    if column.kind == "numeric":
        way = decimal.ROUND_HALF_UP if "ROUNDEC" in options else decimal.ROUND_DOWN
        value = value.quantize(decimal.Decimal(1).scaleb(-column.scale), rounding=way)
    return str(value)


def value(text, column, options):
    """A field as COPY understands it, or None for NULL."""
    textual = column.kind in ("character varying", "character")
    if text is not None and not textual and not text.strip():
        text = None
    if textual and text == "" and "EMPTYASNULL" in options:
        text = None
    if text is not None and text == options.get("NULL"):
        text = None
    if text is None:
        if column.notnull:
            raise LoadError(1213, "Missing data for not-null field", column)
        return None
    if textual:
        return text_value(text, column, options)
    if column.kind.startswith("timestamp"):
        found, epoch = time_value(text, column, options)
        return epoch_text(found) if epoch else found
    if column.kind == "date":
        if not re.fullmatch(r"\d{4}-\d\d-\d\d.*", text):
            raise LoadError(1206, "Invalid Date Format", column)
        return text[:10]
    if column.kind == "boolean":
        if text.lower() not in ("t", "f", "true", "false", "1", "0", "y", "n", "yes", "no"):
            raise LoadError(1210, "Invalid Boolean value", column)
        return text
    return number_value(text, column, options)


def text_value(text, column, options):
    data = text.encode()
    if len(data) > (column.length or len(data)):
        if "TRUNCATECOLUMNS" not in options:
            raise LoadError(1204, "String length exceeds DDL length", column)
        text = data[: column.length].decode("utf-8", "ignore")
    if "\0" in text:
        raise LoadError(1220, "String contains invalid or unsupported UTF8 codepoints", column)
    return text


def csv_line(values):
    quoted = ("" if v is None else '"' + v.replace('"', '""') + '"' for v in values)
    return (",".join(quoted) + "\n").encode()


# --- CSV and Avro --------------------------------------------------------------------------------


def comma_separated(data, columns, command):
    options = command.options
    if "GZIP" in options:
        data = gzip.decompress(data)
    try:
        text = data.decode()
    except UnicodeDecodeError as failure:
        line = data[: failure.start].count(b"\n") + 1
        raise LoadError(1220, "String contains invalid or unsupported UTF8 codepoints",
                        line=line) from failure  # fmt: skip
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=options.get("DELIMITER", ","))
    out, count = [], 0
    for number, record in enumerate(reader):
        if number < options.get("IGNOREHEADER", 0):
            continue
        try:
            if len(record) > len(columns):
                raise LoadError(1202, "Extra column(s) found")
            if len(record) < len(columns):
                if "FILLRECORD" not in options:
                    raise LoadError(1203, "Delimiter not found")
                record += [None] * (len(columns) - len(record))
            out.append(csv_line([value(f, c, options) for f, c in zip(record, columns)]))
        except LoadError as failure:
            failure.line = reader.line_num
            raise
        count += 1
    return b"".join(out), count


def plain_schema(schema):
    """The schema without logical types, which COPY does not interpret."""
    if isinstance(schema, list):
        return [plain_schema(part) for part in schema]
    if isinstance(schema, dict):
        return {
            name: plain_schema(part) if name in ("type", "items", "values", "fields") else part
            for name, part in schema.items()
            if name != "logicalType"
        }
    return schema


def avro_text(given):
    if given is None or isinstance(given, str):
        return given
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, (bytes, list, dict)):
        return json.dumps(given, default=lambda raw: raw.decode("latin-1"))
    return str(given)


def avro_fields(schema, columns, command):
    """The columns of the table that the file has fields for."""
    if not isinstance(schema, dict) or schema.get("type") != "record":
        raise LoadError(1224, "Avro: the top-level schema must be a record")
    mode = command.options.get("AVRO", "auto")
    if mode not in ("auto", "auto ignorecase"):
        raise Refused("the stand-in reads AVRO 'auto' and 'auto ignorecase' alone")
    ignore = mode == "auto ignorecase"
    return {(f["name"].lower() if ignore else f["name"]): f["name"] for f in schema["fields"]}


def avro(data, columns, command):
    try:
        blocks = fastavro.block_reader(io.BytesIO(data))
        schema = plain_schema(blocks.writer_schema)
    except (ValueError, EOFError) as failure:
        raise LoadError(1224, f"Cannot init avro reader from s3 file: {failure}") from failure
    if blocks.codec not in AVRO_CODECS:
        raise LoadError(1224, f"Avro: unsupported codec {blocks.codec}")
    names = avro_fields(schema, columns, command)
    parsed = fastavro.parse_schema(schema)
    out, count = [], 0
    for block in blocks:
        if block.size > AVRO_BLOCK_BYTES_MAX:
            raise LoadError(1224, "Avro: a block is larger than 4 MB")
        for _ in range(block.num_records):
            count += 1
            record = fastavro.schemaless_reader(block.bytes_, parsed)
            try:
                out.append(
                    csv_line(
                        [
                            value(avro_text(record.get(names.get(c.name))), c, command.options)
                            for c in columns
                        ]
                    )
                )
            except LoadError as failure:
                failure.line = count
                raise
    return b"".join(out), count


READERS = {"PARQUET": parquet, "CSV": comma_separated, "AVRO": avro}
