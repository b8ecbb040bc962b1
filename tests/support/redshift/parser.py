"""An independent parser of Redshift's SQL: sqlfluff. It misses what the stand-in's rules know, and
knows what they do not look at: both are asked."""

import functools

from redshift.rewrite import rewrite
from redshift.rules import check
from redshift.tokens import Refused, statements


@functools.cache
def linter():
    from sqlfluff.core import FluffConfig, Linter  # slow to import

    return Linter(config=FluffConfig(overrides={"dialect": "redshift"}))


@functools.cache
def unparsable(sql):
    """What the parser says of a statement, without its ';'. Nothing if it is well."""
    found = linter().parse_string(sql + "\n;\n")
    return [f"{v.desc()} ({v.line_no}:{v.line_pos})" for v in found.violations]


def objections(sql, in_block=False):
    """What the parser or the stand-in has against a text of one statement."""
    found = list(unparsable(sql))
    try:
        for statement in statements(sql):
            check(statement, in_block)
            if statement.keys[0] not in ("COPY", "UNLOAD"):
                rewrite(statement)
    except Refused as refusal:
        found.append(f"{refusal.message} {refusal.detail}".strip())
    return found
