"""What Redshift refuses of PostgreSQL's SQL, and what it does that a test should never lean on."""

from redshift import functions
from redshift.tokens import (
    DOLLAR,
    ESCAPED,
    PARAMETER,
    QUOTED,
    STRING,
    WORD,
    Refused,
    closing,
    items,
    syntax_error,
)

PARAMETERS_MAX = 32767
NAME_BYTES_MAX = 127

# Where a statement starts so, it is not one of Redshift's.
STARTS = [
    ("CREATE", "INDEX"), ("CREATE", "UNIQUE"), ("CREATE", "SEQUENCE"), ("CREATE", "TRIGGER"),
    ("CREATE", "CONSTRAINT"), ("CREATE", "DOMAIN"), ("CREATE", "TYPE"), ("CREATE", "EXTENSION"),
    ("CREATE", "RULE"), ("CREATE", "UNLOGGED"), ("CREATE", "TABLESPACE"), ("CREATE", "OPERATOR"),
    ("CREATE", "AGGREGATE"), ("CREATE", "CAST"), ("DROP", "INDEX"), ("DROP", "SEQUENCE"),
    ("ALTER", "SEQUENCE"), ("ALTER", "INDEX"), ("SAVEPOINT",), ("RELEASE",), ("ROLLBACK", "TO"),
    ("ROLLBACK", "TRANSACTION", "TO"), ("ROLLBACK", "WORK", "TO"), ("LISTEN",), ("UNLISTEN",),
    ("NOTIFY",), ("DEALLOCATE", "ALL"), ("DEALLOCATE", "PREPARE", "ALL"), ("VALUES",),
    ("REINDEX",), ("CLUSTER",), ("DO",), ("DISCARD",), ("TABLE",),
    ("EXPLAIN", "ANALYZE"), ("PREPARE", "TRANSACTION"), ("COMMIT", "PREPARED"), ("LOAD",),
]  # fmt: skip
# Wherever these words stand, Redshift knows no such thing.
ANYWHERE = [
    ("ON", "CONFLICT"), ("RETURNING",), ("FOR", "UPDATE"), ("FOR", "SHARE"), ("SKIP", "LOCKED"),
    ("NOWAIT",), ("FOR", "NO", "KEY"), ("FOR", "KEY", "SHARE"), ("FILTER", "("), ("(", "VALUES"),
    ("LATERAL",), ("ARRAY", "["), ("[", "]"), ("FETCH", "FIRST"), ("FETCH", "NEXT"),
    ("TABLESAMPLE",), ("AS", "MATERIALIZED"), ("AS", "NOT", "MATERIALIZED"), ("SET", "("),
    ("ON", "COMMIT"), ("WITH", "ORDINALITY"), ("CONCURRENTLY",), ("ANY", "(", "ARRAY"),
    ("OVERRIDING",), ("NULLS", "NOT", "DISTINCT"),
]  # fmt: skip
OPERATORS = {"->", "->>", "#>", "#>>", "@>", "<@", "&&"}
CAST_TYPES = set(
    """
    SMALLINT INT2 INTEGER INT INT4 BIGINT INT8 DECIMAL NUMERIC REAL FLOAT4 DOUBLE FLOAT8 FLOAT
    BOOLEAN BOOL CHAR CHARACTER NCHAR BPCHAR VARCHAR NVARCHAR TEXT DATE TIME TIMETZ TIMESTAMP
    TIMESTAMPTZ REGCLASS OID NAME INTERVAL SUPER
    """.split()
)
SETTINGS = set(
    """
    SEARCH_PATH STATEMENT_TIMEOUT CLIENT_ENCODING DATESTYLE TIMEZONE TIME QUERY_GROUP
    APPLICATION_NAME ENABLE_RESULT_CACHE_FOR_SESSION EXTRA_FLOAT_DIGITS SESSION TRANSACTION
    ANALYZE_THRESHOLD_PERCENT WLM_QUERY_SLOT_COUNT ENABLE_CASE_SENSITIVE_IDENTIFIER
    ENABLE_NUMERIC_ROUNDING MAX_CURSOR_RESULT_SET_SIZE DOWNCASE_DELIMITED_IDENTIFIER SEED
    """.split()
)
# Settings of Redshift that PostgreSQL lacks; they are kept under a prefix.
FOREIGN_SETTINGS = SETTINGS & set(
    """
    QUERY_GROUP ENABLE_RESULT_CACHE_FOR_SESSION ANALYZE_THRESHOLD_PERCENT WLM_QUERY_SLOT_COUNT
    ENABLE_CASE_SENSITIVE_IDENTIFIER ENABLE_NUMERIC_ROUNDING MAX_CURSOR_RESULT_SET_SIZE
    DOWNCASE_DELIMITED_IDENTIFIER
    """.split()
)
# boolean, integers, texts, floats, dates and times, decimal, oid, name: what a parameter may be.
PARAMETER_TYPES = {
    0, 16, 18, 19, 20, 21, 23, 25, 26, 700, 701, 705, 1042, 1043, 1082, 1083, 1114, 1184, 1266,
    1700,
}  # fmt: skip


def not_supported(what, why=""):
    return Refused(f"{what} is not supported", "0A000", why)


def check_literals(statement):
    for token in statement.parts:
        if token.kind == ESCAPED:
            raise Refused('type "e" does not exist', "42704", "Redshift knows no E'' literals")
        if token.kind == STRING and "\\" in token.text:
            raise Refused(
                "a backslash in a literal", "42601",
                "Redshift takes it for an escape where PostgreSQL does not: pass it as a parameter",
            )  # fmt: skip
        if token.kind == DOLLAR and not (statement.has("FUNCTION") or statement.has("PROCEDURE")):
            raise syntax_error(token)
        if token.kind == PARAMETER and int(token.text[1:]) > PARAMETERS_MAX:
            raise too_many_parameters()
        if token.kind in (WORD, QUOTED) and len(token.text.strip('"').encode()) > NAME_BYTES_MAX:
            raise Refused(f"name {token.text[:32]}.. is longer than 127 bytes", "42622")


def too_many_parameters():
    return Refused(f"a statement takes at most {PARAMETERS_MAX} parameters", "54000")


def check_words(statement):
    for keys in STARTS:
        if statement.starts(*keys):
            raise not_supported(f'SQL command "{" ".join(keys)}"')
    if statement.has("DISTINCT", "ON"):
        raise Refused("SELECT DISTINCT ON is not supported")
    if statement.has("IS", "DISTINCT", "FROM") or statement.has("IS", "NOT", "DISTINCT", "FROM"):
        raise Refused("Not implemented", "0A000", "IS DISTINCT FROM: compare, and test for NULL")
    for keys in ANYWHERE:
        if keys[0] == "FETCH" and statement.starts("FETCH"):
            continue
        for at in statement.places(*keys):
            raise syntax_error(statement.parts[at + len(keys) - 1])
    for at, token in enumerate(statement.parts):
        if token.key in OPERATORS:
            raise Refused(f"operator does not exist: {token.text}", "42883")
        if token.key == "::":
            check_cast(statement.parts, at + 1)
        if token.key == "ANY" and [t.kind for t in statement.parts[at + 2 : at + 3]] == [PARAMETER]:
            raise syntax_error(token)
    for at in statement.places("AS", "("):
        inner = statement.keys[at + 2 : at + 3]
        if statement.starts("WITH") and inner in (["INSERT"], ["UPDATE"], ["DELETE"], ["MERGE"]):
            raise syntax_error(statement.parts[at + 2])


def check_cast(parts, at):
    kind = parts[at] if at < len(parts) else None
    if kind is None or kind.key not in CAST_TYPES:
        raise Refused(f'type "{kind.text if kind else ""}" does not exist', "42704")


def check_casts(statement):
    for at in statement.places("CAST", "("):
        end = closing(statement.parts, at + 1)
        depth = 0
        for place in range(at + 1, end):
            depth += {"(": 1, ")": -1}.get(statement.keys[place], 0)
            if statement.keys[place] == "AS" and depth == 1:
                check_cast(statement.parts, place + 1)


def check_functions(statement):
    parts = statement.parts
    for at, token in enumerate(parts[:-1]):
        if token.kind != WORD or parts[at + 1].key != "(":
            continue
        before = parts[at - 1].key if at else None
        schema = parts[at - 2].key if before == "." else None
        if before == "." and schema != "PG_CATALOG":
            continue
        if token.key in functions.KEYWORDS | functions.TYPES or before in functions.BEFORE_RELATION:
            continue
        if token.key == "CONCAT" and len(items(parts[at + 2 : closing(parts, at + 1)])) != 2:
            raise Refused("function concat() takes two arguments", "42883")
        if token.key not in functions.KNOWN:
            raise Refused(
                f"function {token.text.lower()}() does not exist", "42883",
                "it is none of the functions that Redshift documents",
            )  # fmt: skip


def check_place(statement, in_block):
    """What depends on whether a transaction is open."""
    if not in_block:
        return
    if statement.starts("TRUNCATE"):
        raise Refused(
            "TRUNCATE in a transaction block", "25001",
            "Redshift commits the transaction at this place: delete the rows instead",
        )  # fmt: skip
    if statement.starts("VACUUM"):
        raise Refused("VACUUM cannot run inside a transaction block", "25001")
    if statement.starts("ALTER", "TABLE") and (
        statement.has("ALTER", "COLUMN")
        or statement.has("APPEND", "FROM")
        or any(statement.has("ALTER", k) for k in ("DISTKEY", "SORTKEY", "DISTSTYLE", "ENCODE"))
    ):
        raise Refused("ALTER TABLE ALTER COLUMN cannot run inside a transaction block", "25001")


def check_merge(statement):
    if not statement.starts("MERGE"):
        return
    using = statement.places("USING")
    if not using:
        raise syntax_error(None)
    source = statement.parts[using[0] + 1]
    if source.key == "(":
        raise syntax_error(source)
    if statement.has("REMOVE", "DUPLICATES"):
        raise Refused("the stand-in has no MERGE .. REMOVE DUPLICATES")
    if not (statement.has("WHEN", "MATCHED") and statement.has("WHEN", "NOT", "MATCHED")):
        raise Refused("MERGE needs one WHEN MATCHED and one WHEN NOT MATCHED", "42601")


def check_setting(statement):
    if not statement.starts("SET"):
        return
    rest = [key for key in statement.keys[1:] if key not in ("SESSION", "LOCAL")] or [None]
    if rest[0] not in SETTINGS:
        name = statement.parts[1].text if len(statement.parts) > 1 else ""
        raise Refused(f'unrecognized configuration parameter "{name}"', "42704")


def check_copy(statement):
    """COPY knows S3 alone; the stand-in runs that itself."""
    if statement.starts("COPY") and (statement.has("STDIN") or statement.has("STDOUT")):
        raise Refused("COPY FROM STDIN and TO STDOUT are not supported")
    if statement.starts("COPY") and not statement.has("FROM"):
        raise syntax_error(statement.parts[-1])
    if statement.starts("LOCK") and statement.has("MODE"):
        raise syntax_error(statement.parts[statement.places("MODE")[0]])


def check(statement, in_block):
    """Raises Refused if Redshift would not run the statement."""
    check_literals(statement)
    check_copy(statement)
    if statement.starts("COPY") or statement.starts("UNLOAD"):
        return
    check_words(statement)
    check_casts(statement)
    check_merge(statement)
    check_setting(statement)
    check_place(statement, in_block)
    check_functions(statement)
