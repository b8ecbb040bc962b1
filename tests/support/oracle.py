"""What muster must make of hiring files: an implementation of its own, slow and plain.

It knows files whose records stand on one line each (LF), without a BOM.
"""

import collections
import datetime
import re

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))"
)


class Refused(Exception):
    """The codes of a record that is refused."""


def split(line):
    """The fields of one line: RFC 4180."""
    fields, position = [], 0
    while True:
        if line[position : position + 1] == b'"':
            value = b""
            position += 1
            while True:
                end = line.find(b'"', position)
                if end < 0:
                    raise Refused(["record.unterminated_quote"])
                value += line[position:end]
                position = end + 1
                if line[position : position + 1] != b'"':
                    break
                value += b'"'
                position += 1
            if line[position : position + 1] not in (b"", b","):
                raise Refused(["record.stray_quote"])
        else:
            end = line.find(b",", position)
            end = len(line) if end < 0 else end
            value = line[position:end]
            if b'"' in value:
                raise Refused(["record.stray_quote"])
            position = end
        fields.append(value)
        if position >= len(line):
            return fields
        position += 1


def shape(line, columns):
    fields = split(line)
    codes = []
    if b"\0" in line:
        codes.append("record.nul_byte")
    try:
        line.decode()
    except UnicodeDecodeError:
        codes.append("record.invalid_utf8")
    if len(fields) < columns:
        codes.append("record.too_few_fields")
    if len(fields) > columns:
        codes.append("record.too_many_fields")
    if codes:
        raise Refused(codes)
    return [field.decode().strip(" \t") or None for field in fields]


def integer(text):
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise Refused(["value.not_integer"])
    if not -(2**63) <= int(text) < 2**63:
        raise Refused(["value.out_of_range"])
    return int(text)


def timestamp(text):
    """Microseconds since 1970, UTC."""
    found = TIMESTAMP.fullmatch(text)
    fraction = (found and found[7]) or ""
    if not found or not text.isascii() or fraction[6:].strip("0"):
        raise Refused(["value.not_timestamp"])
    try:
        moment = datetime.datetime(*(int(found[n]) for n in range(1, 7)), tzinfo=datetime.UTC)
        if found[10] and (int(found[10]) > 23 or int(found[11]) > 59):
            raise ValueError
    except ValueError:
        raise Refused(["value.not_timestamp"]) from None
    us = (moment - EPOCH) // datetime.timedelta(microseconds=1) + int(fraction.ljust(6, "0")[:6])
    if found[10]:
        offset = (int(found[10]) * 3600 + int(found[11]) * 60) * 1_000_000
        us += offset if found[9] == "-" else -offset
    return us


def text(value):
    return value


def values(fields, decoders, nullable):
    """The values of a record; every violated rule is listed."""
    row, codes = [], []
    for field, decode, may_be_null in zip(fields, decoders, nullable, strict=True):
        if field is None:
            row.append(None)
            if not may_be_null:
                codes.append("value.missing")
            continue
        try:
            row.append(decode(field))
        except Refused as refused:
            codes += refused.args[0]
    if codes:
        raise Refused(codes)
    return row


class Hiring:
    """The three tables and what runs do to them."""

    DECODERS = (integer, text, timestamp, integer, integer)
    NULLABLE = (False, True, True, True, True)

    def __init__(self):
        self.departments = {}
        self.jobs = {}
        self.employees = {}

    def load_names(self, data, table):
        """departments or jobs: clean files only."""
        for line in data.splitlines():
            key, name = values(shape(line, 2), (integer, text), (False, False))
            table[key] = name

    def load_employees(self, files):
        """One run over files in the order of their names; returns counts and codes."""
        counts, codes = collections.Counter(), collections.Counter()
        staged = {}
        for data in files:
            for line in data.split(b"\n"):
                if not line:
                    continue
                counts["read"] += 1
                try:
                    key, *row = values(shape(line, 5), self.DECODERS, self.NULLABLE)
                except Refused as refused:
                    counts["rejected"] += 1
                    codes.update(refused.args[0])
                    continue
                counts["deduplicated"] += key in staged
                staged[key] = tuple(row)
        for key, row in staged.items():
            missing = (row[2] not in {None, *self.departments}) + (row[3] not in {None, *self.jobs})
            if missing:
                counts["rejected"] += 1
                codes["reference.missing"] += missing
                continue
            old = self.employees.get(key)
            counts["inserted" if old is None else "unchanged" if old == row else "updated"] += 1
            self.employees[key] = row
        return counts, codes
