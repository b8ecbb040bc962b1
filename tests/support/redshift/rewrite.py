"""Redshift's statements as PostgreSQL understands them. Only what passed the rules comes here."""

from redshift.columns import (
    COLUMNS_MAX,
    Reader,
    column,
    constraint_name,
    quoted,
    too_many,
    type_of,
)
from redshift.rules import FOREIGN_SETTINGS
from redshift.tokens import (
    COMMENT,
    QUOTED,
    WORD,
    Refused,
    Token,
    items,
    joined,
    name_value,
    syntax_error,
)

RENAMED = {"NVL": "coalesce", "ISNULL": "coalesce", "LEN": "length", "SYSDATE": "getdate()",
           "AVG": "standin.avg"}  # fmt: skip
DATE_FUNCTIONS = {"DATE_PART", "DATEDIFF", "DATEADD"}


def expression(parts):
    """The tokens of a query or an expression, as text; works on all tokens or the parts alone."""
    found, before = [], []
    for token in parts:
        text = token.text
        if token.kind == QUOTED:
            text = quoted(name_value(token))
        elif token.kind == WORD and before[-1:] != ["."]:
            if token.key in RENAMED:
                text = RENAMED[token.key]
            elif len(before) > 1 and before[-1] == "(" and before[-2] in DATE_FUNCTIONS:
                text = f"'{token.text.lower()}'"
        if token.kind not in ("space", COMMENT):
            before.append(token.key)
        found.append(text)
    return found


def expression_text(parts):
    return " ".join(expression(parts))


def table_attributes(reader, columns):
    """What may follow the brackets of CREATE TABLE; all of it is for the planner of Redshift."""
    while not reader.done:
        token = reader.next()
        key = token.key
        if key == "BACKUP":
            if not (reader.skip("YES") or reader.skip("NO")):
                raise syntax_error(token)
        elif key == "DISTSTYLE":
            if reader.next().key not in ("AUTO", "EVEN", "KEY", "ALL"):
                raise syntax_error(token)
        elif key == "ENCODE":
            reader.want("AUTO")
        elif key in ("COMPOUND", "INTERLEAVED"):
            if reader.key != "SORTKEY":
                raise syntax_error(token)
        elif key in ("DISTKEY", "SORTKEY"):
            if key == "SORTKEY" and reader.skip("AUTO"):
                continue
            for part in items(reader.brackets()):
                if columns and name_value(part[0]) not in columns:
                    raise Refused(f'column "{name_value(part[0])}" named in key does not exist',
                                  "42703")  # fmt: skip
        elif key == "AS":
            return reader.parts[reader.at :]
        else:
            raise syntax_error(token)
    return None


def primary_key(found):
    """The columns that a PRIMARY KEY of the table names, and the items that are no constraints."""
    keys, kept = set(), []
    for part in found:
        reader = Reader(part)
        if reader.skip("CONSTRAINT"):
            reader.next()
        if reader.key not in ("PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "EXCLUDE"):
            kept.append(part)
            continue
        if reader.key in ("CHECK", "EXCLUDE"):
            raise syntax_error(reader.next())
        if reader.skip("PRIMARY", "KEY"):
            keys |= {name_value(name[0]) for name in items(reader.brackets())}
    return keys, kept


def like(part):
    reader = Reader(part)
    reader.want("LIKE")
    text = f"LIKE {reader.name()} INCLUDING CONSTRAINTS"
    if reader.skip("INCLUDING", "DEFAULTS"):
        text += " INCLUDING DEFAULTS"
    else:
        reader.skip("EXCLUDING", "DEFAULTS")
    if not reader.done:
        raise syntax_error(reader.next())
    return text


def create_table(statement):
    reader = Reader(statement.parts)
    reader.want("CREATE")
    reader.skip("LOCAL")
    temporary = reader.skip("TEMP") or reader.skip("TEMPORARY")
    reader.want("TABLE")
    head = "CREATE TEMP TABLE " if temporary else "CREATE TABLE "
    if reader.skip("IF", "NOT", "EXISTS"):
        head += "IF NOT EXISTS "
    raw = statement.parts[reader.at]
    if raw.key and raw.key.startswith("#"):
        raise Refused("the stand-in has no tables whose names start with #")
    name = reader.name()
    if reader.key != "(":
        query = table_attributes(reader, ())
        if query is None:
            raise syntax_error(None)
        return f"{head}{name} AS {expression_text(query)}"
    found = items(reader.brackets())
    if len(found) > COLUMNS_MAX:
        raise too_many(len(found))
    if all(len(part) == 1 for part in found):
        query = table_attributes(reader, ())
        if query is None:
            raise syntax_error(None)
        names = ", ".join(quoted(name_value(part[0])) for part in found)
        return f"{head}{name} ({names}) AS {expression_text(query)}"
    keys, kept = primary_key(found)
    columns = {name_value(part[0]) for part in kept if part[0].key != "LIKE"}
    definitions = [
        like(part) if part[0].key == "LIKE" else column(part, name, expression_text, keys)
        for part in kept
    ]
    likes = any(part[0].key == "LIKE" for part in kept)
    if table_attributes(reader, () if likes else columns) is not None:
        raise syntax_error(None)
    return f"{head}{name} ({', '.join(definitions)})"


def nothing(name):
    """An ALTER TABLE that changes nothing, but fails if there is no such table."""
    return f"ALTER TABLE {name} SET (autovacuum_enabled = true)"


def add_column(reader, name):
    reader.skip("COLUMN")
    if reader.key == "IF":
        raise syntax_error(reader.next())
    parts = reader.parts[reader.at :]
    if len(items(parts)) > 1:
        raise syntax_error(Token("sign", ","))
    text = column(parts, name, expression_text)
    if "NOT NULL" in text and "DEFAULT " not in text:
        raise Refused(
            "ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression"
        )
    return f"ALTER TABLE {name} ADD COLUMN {text}"


def alter_column(reader, name):
    reader.skip("COLUMN")
    column_token = reader.next()
    if reader.skip("ENCODE"):
        return nothing(name)
    if not reader.skip("TYPE") or reader.key not in ("VARCHAR", "CHARACTER", "NVARCHAR", "TEXT"):
        raise Refused("ALTER COLUMN can change the length of VARCHAR alone")
    plain = name_value(column_token)
    kind, constraint = type_of(reader, name, plain)
    if not reader.done:
        raise syntax_error(reader.next())
    return (
        f"ALTER TABLE {name} DROP CONSTRAINT IF EXISTS {quoted(constraint_name(plain))}, "
        f"ALTER COLUMN {quoted(plain)} TYPE {kind}, ADD {constraint}"
    )


def alter_table(statement):
    reader = Reader(statement.parts)
    reader.want("ALTER", "TABLE")
    name = reader.name()
    if reader.skip("ADD"):
        if reader.skip("CONSTRAINT"):
            reader.next()
        if reader.key in ("CHECK", "EXCLUDE"):
            raise syntax_error(reader.next())
        if reader.key in ("PRIMARY", "UNIQUE", "FOREIGN"):
            return nothing(name)
        return add_column(reader, name)
    if reader.skip("ALTER"):
        if reader.key in ("DISTKEY", "SORTKEY", "DISTSTYLE", "COMPOUND", "ENCODE"):
            return nothing(name)
        return alter_column(reader, name)
    if reader.key == "APPEND":
        raise Refused("the stand-in has no ALTER TABLE .. APPEND")
    if reader.key in ("SET", "ENABLE", "DISABLE", "INHERIT", "CLUSTER", "VALIDATE", "ATTACH"):
        raise syntax_error(reader.next())
    return None


def setting(statement):
    """Settings that PostgreSQL lacks are kept under a prefix of their own."""
    parts = list(statement.parts)
    for at, token in enumerate(parts[1:4], 1):
        if token.key in FOREIGN_SETTINGS:
            parts[at] = Token(WORD, "standin." + token.text.lower())
    return joined(parts)


def rewrite(statement):
    """The text for PostgreSQL."""
    if statement.has("QUALIFY"):
        raise Refused("the stand-in has no QUALIFY: use a subquery with ROW_NUMBER()")
    if statement.starts("CREATE") and "TABLE" in statement.keys[1:4]:
        return create_table(statement)
    if statement.starts("ALTER", "TABLE"):
        changed = alter_table(statement)
        if changed:
            return changed
    if statement.starts("SET") or statement.starts("SHOW") or statement.starts("RESET"):
        return setting(statement)
    if statement.starts("ANALYZE") or statement.starts("VACUUM"):
        # Options and columns are Redshift's own; the table must be there.
        names = [t for t in statement.parts[1:] if t.key not in ("FULL", "VERBOSE")]
        return "ANALYZE " + (Reader(names).name() if names else "")
    return "".join(expression(statement.all))
