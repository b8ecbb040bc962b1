"""The definitions of columns: types as Redshift means them, lengths in bytes, keys not enforced."""

import re

from redshift.tokens import NUMBER, Refused, closing, items, joined, name_value, syntax_error

VARCHAR_BYTES_MAX, CHAR_BYTES_MAX = 65535, 4096
SCALE_MAX = 37  # digits behind the point
COLUMNS_MAX = 1600
SIMPLE = {
    "SMALLINT": "smallint", "INT2": "smallint", "INTEGER": "integer", "INT": "integer",
    "INT4": "integer", "BIGINT": "bigint", "INT8": "bigint", "REAL": "real", "FLOAT4": "real",
    "FLOAT": "double precision", "FLOAT8": "double precision", "BOOLEAN": "boolean",
    "BOOL": "boolean", "DATE": "date", "TIMESTAMPTZ": "timestamptz", "TIMETZ": "timetz",
    "TIMESTAMP": "timestamp", "TIME": "time",
}  # fmt: skip
TEXTS = {"VARCHAR": 256, "NVARCHAR": 256, "TEXT": 256, "BPCHAR": 256, "CHAR": 1, "CHARACTER": 1,
         "NCHAR": 1}  # fmt: skip
FIXED = {"CHAR", "CHARACTER", "NCHAR", "BPCHAR"}
UNKNOWN_TO_THE_STAND_IN = {"SUPER", "VARBYTE", "VARBINARY", "GEOMETRY", "GEOGRAPHY", "HLLSKETCH"}
# The name of the constraint that counts bytes; the error of PostgreSQL is translated by it.
BYTES = "bytes_of_"


class Reader:
    """Walks over tokens."""

    def __init__(self, parts):
        self.parts, self.at = parts, 0

    @property
    def key(self):
        return self.parts[self.at].key if self.at < len(self.parts) else None

    @property
    def done(self):
        return self.at >= len(self.parts)

    def next(self):
        if self.done:
            raise syntax_error(None)
        self.at += 1
        return self.parts[self.at - 1]

    def skip(self, *keys):
        """Whether these keys came next; then they are behind."""
        found = [t.key for t in self.parts[self.at : self.at + len(keys)]]
        if found != list(keys):
            return False
        self.at += len(keys)
        return True

    def want(self, *keys):
        if not self.skip(*keys):
            raise syntax_error(None if self.done else self.parts[self.at])

    def brackets(self):
        """What stands in the brackets that come next."""
        if self.key != "(":
            raise syntax_error(None if self.done else self.parts[self.at])
        end = closing(self.parts, self.at)
        inner = self.parts[self.at + 1 : end]
        self.at = end + 1
        return inner

    def name(self):
        """A name with or without its schema, as it is written for PostgreSQL."""
        names = [name_value(self.next())]
        while self.skip("."):
            names.append(name_value(self.next()))
        return ".".join(quoted(name) for name in names)


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def constraint_name(column):
    return BYTES + column


def length(reader, default, most):
    if reader.key != "(":
        return default
    inner = reader.brackets()
    if [t.key for t in inner] == ["MAX"]:
        return most
    if len(inner) != 1 or inner[0].kind != NUMBER:
        raise syntax_error(inner[0] if inner else None)
    if not 1 <= int(inner[0].text) <= most:
        raise Refused(f"length for type must be between 1 and {most}", "22023")
    return int(inner[0].text)


def text_type(word, reader, column):
    varying = reader.skip("VARYING")
    fixed = word in FIXED and not varying
    most = CHAR_BYTES_MAX if fixed else VARCHAR_BYTES_MAX
    size = length(reader, 256 if varying else TEXTS[word], most)
    kind = "char" if fixed else "varchar"
    constraint = quoted(constraint_name(column))
    test = f"octet_length({quoted(column)}) <= {size}"
    if fixed:
        test += f" AND octet_length({quoted(column)}) = char_length({quoted(column)})"
    return f"{kind}({size})", f"CONSTRAINT {constraint} CHECK ({test})"


def type_of(reader, table, column):
    """The type for PostgreSQL, and the constraint that a length in bytes needs."""
    token = reader.next()
    word = token.key
    if word in TEXTS:
        return text_type(word, reader, column)
    if word in ("DECIMAL", "NUMERIC"):
        inner = joined(reader.brackets()) if reader.key == "(" else "18, 0"
        digits = int(re.match(r"\d+", inner)[0])
        if digits > 38:
            raise Refused(f"DECIMAL precision {digits} must be between 1 and 38", "22023")
        scale = int(inner.partition(",")[2] or 0)
        if not 0 <= scale <= min(digits, SCALE_MAX):
            raise Refused(f"DECIMAL scale {scale} must be between 0 and {SCALE_MAX}", "22023")
        return f"numeric({inner})", ""
    if word == "DOUBLE":
        reader.want("PRECISION")
        return "double precision", ""
    if word in UNKNOWN_TO_THE_STAND_IN:
        raise Refused(f"the stand-in has no columns of type {word}")
    if word not in SIMPLE:
        raise Refused(f'Column "{table}.{column}" has unsupported type "{token.text.lower()}".')
    kind = SIMPLE[word]
    if reader.key in ("(", "["):
        raise syntax_error(reader.parts[reader.at])
    if word in ("TIMESTAMP", "TIME"):
        if reader.skip("WITH", "TIME", "ZONE"):
            kind += " with time zone"
        else:
            reader.skip("WITHOUT", "TIME", "ZONE")
    return kind, ""


ATTRIBUTES = {
    "DEFAULT", "IDENTITY", "GENERATED", "ENCODE", "DISTKEY", "SORTKEY", "NOT", "NULL", "UNIQUE",
    "PRIMARY", "REFERENCES", "COLLATE", "CHECK", "CONSTRAINT",
}  # fmt: skip


def default_of(reader):
    """The expression after DEFAULT: up to the next attribute outside brackets."""
    found, depth = [], 0
    while not reader.done:
        key = reader.key
        if depth == 0 and found and key in ATTRIBUTES:
            break
        depth += {"(": 1, ")": -1}.get(key, 0)
        found.append(reader.next())
    if not found:
        raise syntax_error(None)
    return found


def identity(reader, always):
    found = items(reader.brackets())
    if len(found) != 2:
        raise Refused("IDENTITY takes a seed and a step", "42601")
    seed, step = map(joined, found)
    words = "ALWAYS" if always else "BY DEFAULT"
    return f"GENERATED {words} AS IDENTITY (START WITH {seed} INCREMENT BY {step})"


def attributes(reader, expression):
    """What follows the type. `expression` rewrites the tokens of a default."""
    kept = []
    while not reader.done:
        token = reader.next()
        key = token.key
        if key == "DEFAULT":
            kept.append("DEFAULT " + expression(default_of(reader)))
        elif key == "IDENTITY":
            kept.append(identity(reader, always=True))
        elif key == "GENERATED":
            reader.want("BY", "DEFAULT", "AS", "IDENTITY")
            kept.append(identity(reader, always=False))
        elif key in ("ENCODE", "COLLATE"):
            reader.next()
        elif key == "NOT":
            reader.want("NULL")
            kept.append("NOT NULL")
        elif key == "PRIMARY":
            reader.want("KEY")
            kept.append("NOT NULL")
        elif key == "REFERENCES":
            reader.name()
            if reader.key == "(":
                reader.brackets()
        elif key not in ("DISTKEY", "SORTKEY", "NULL", "UNIQUE"):
            raise syntax_error(token)
    return " ".join(dict.fromkeys(kept))


def column(parts, table, expression, keys=()):
    """One definition for PostgreSQL. `keys`, the columns of the primary key, are NOT NULL."""
    reader = Reader(parts)
    name = name_value(reader.next())
    kind, constraint = type_of(reader, table, name)
    rest = attributes(reader, expression)
    if name in keys and "NOT NULL" not in rest:
        rest += " NOT NULL"
    return " ".join(filter(None, [quoted(name), kind, rest, constraint]))


def too_many(count):
    return Refused(f"a table has at most {COLUMNS_MAX} columns, not {count}", "54011")
