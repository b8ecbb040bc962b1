"""The tokens of SQL. Nothing here looks into strings, names in quotes or comments."""

import dataclasses
import re

SPACE, COMMENT, WORD, QUOTED, STRING, ESCAPED, DOLLAR, PARAMETER, NUMBER, SIGN = (
    "space", "comment", "word", "quoted", "string", "escaped", "dollar", "parameter", "number",
    "sign",
)  # fmt: skip

PIECES = [
    (SPACE, r"\s+"),
    (COMMENT, r"--[^\n]*"),
    (ESCAPED, r"[eE]'(?:[^'\\]|\\.|'')*'"),
    (STRING, r"'(?:[^']|'')*'"),
    (QUOTED, r'"(?:[^"]|"")*"'),
    (DOLLAR, r"\$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?\$(?P=tag)\$"),
    (PARAMETER, r"\$\d+"),
    (NUMBER, r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"),
    (WORD, r"[^\W\d][\w$]*"),
    (SIGN, r"::|<=|>=|<>|!=|\|\||->>|->|#>>|#>|@>|<@|&&|~\*|!~\*?|."),
]
PATTERN = re.compile("|".join(f"(?P<{kind}>{text})" for kind, text in PIECES), re.DOTALL)


STATEMENT_BYTES_MAX = 16 * 1024 * 1024


@dataclasses.dataclass
class Token:
    kind: str
    text: str

    @property
    def key(self):
        """What rules compare: words in capitals, signs as they are, nothing else."""
        return self.text.upper() if self.kind in (WORD, SIGN) else None


class Refused(Exception):
    """What the stand-in answers instead of running a statement."""

    def __init__(self, message, code="0A000", detail=""):
        super().__init__(message)
        self.message, self.code, self.detail = message, code, detail


def syntax_error(token):
    near = f'at or near "{token.text}"' if token else "at end of input"
    return Refused(f"syntax error {near}", "42601")


def block_comment(sql, start):
    """Where the comment ends; they nest."""
    depth, at = 0, start
    for found in re.finditer(r"/\*|\*/", sql[start:]):
        depth += 1 if found[0] == "/*" else -1
        at = start + found.end()
        if depth == 0:
            return at
    raise Refused("unterminated /* comment", "42601")


def tokens(sql):
    at = 0
    while at < len(sql):
        if sql.startswith("/*", at):
            end = block_comment(sql, at)
            yield Token(COMMENT, sql[at:end])
        else:
            found = PATTERN.match(sql, at)
            end = found.end()
            if found[0] in ("'", '"'):
                raise Refused("unterminated quoted string", "42601")
            yield Token(found.lastgroup if found.lastgroup != "tag" else DOLLAR, found[0])
        at = end


class Statement:
    """One statement: `all` are its tokens, `parts` those that matter to the grammar."""

    def __init__(self, found):
        self.all = list(found)
        self.parts = [t for t in self.all if t.kind not in (SPACE, COMMENT)]
        self.keys = [t.key for t in self.parts]

    @property
    def text(self):
        return "".join(t.text for t in self.all).strip()

    def starts(self, *keys):
        return self.keys[: len(keys)] == list(keys)

    def places(self, *keys):
        """The positions in `parts` where these keys stand one after another."""
        size = len(keys)
        wanted = list(keys)
        return [n for n in range(len(self.keys) - size + 1) if self.keys[n : n + size] == wanted]

    def has(self, *keys):
        return bool(self.places(*keys))


def too_large():
    return Refused("Statement is too large: a statement has at most 16 MB", "54000")


def statements(sql):
    """The statements of a text that separates them by ';'."""
    if len(sql.encode()) > STATEMENT_BYTES_MAX:
        raise too_large()
    found, current = [], []
    for token in tokens(sql):
        if token.kind == SIGN and token.text == ";":
            found.append(Statement(current))
            current = []
        else:
            current.append(token)
    found.append(Statement(current))
    return [s for s in found if s.parts]


def closing(parts, start):
    """The position of the bracket that closes the one at `start`."""
    depth = 0
    for at in range(start, len(parts)):
        depth += {"(": 1, ")": -1}.get(parts[at].key, 0)
        if depth == 0:
            return at
    raise syntax_error(None)


def items(parts):
    """The parts between commas that stand in no brackets."""
    found, current, depth = [], [], 0
    for token in parts:
        depth += {"(": 1, ")": -1}.get(token.key, 0)
        if token.key == "," and depth == 0:
            found.append(current)
            current = []
        else:
            current.append(token)
    return [*found, current]


def joined(parts):
    return " ".join(t.text for t in parts)


def string_value(token):
    """The value of a literal, or None if the token is none."""
    if token is None or token.kind != STRING:
        return None
    return token.text[1:-1].replace("''", "'")


def name_value(token):
    """A name as Redshift folds it: in small letters, quoted or not."""
    if token.kind == QUOTED:
        return token.text[1:-1].replace('""', '"').lower()
    if token.kind == WORD:
        return token.text.lower()
    raise syntax_error(token)
