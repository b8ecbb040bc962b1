"""Finds the functions of a C++ file and their lines, without a parser.

1. Comments and literals are blanked, so that braces in them do not count.
2. At each `{` outside a function, the text since the last `;`, `{` or `}` is its head. A head with
   a `(` that is no control statement, type or initializer opens a function.
3. Braces of member initializers (`: a_{1}, b_{2} {`) are skipped within the head.
It errs towards finding nothing; clang-tidy's readability-function-size looks more closely.
"""

import re

BLANK = re.compile(
    r'R"(?P<d>[^(\s]*)\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|//[^\n]*|/\*.*?\*/',
    re.DOTALL,
)
NO_FUNCTION = re.compile(
    r"^(namespace|class|struct|enum|union|extern|if|for|while|switch|do|else)\b"
)
MEMBER_INITIALIZERS = re.compile(r"\)\s*(noexcept\s*)?:[^:]")
# What may stand before a head without belonging to it.
BEFORE = re.compile(r"\s*(#[^\n]*\n\s*|(public|protected|private)\s*:\s*)*")
NAME = re.compile(r"([\w:~]+|operator\s*\S+)\s*\(")


def blanked(text):
    """The text with comments and literals as spaces; digit separators (1'000) stay."""
    text = re.sub(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])", "_", text)
    return BLANK.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def is_function(head):
    head = re.sub(r"^\s*(template\s*<[^{}]*?>\s*|\[\[\w+\]\]\s*)*", "", head)
    if "(" not in head or NO_FUNCTION.match(head.strip()):
        return False
    before = head[: head.index("(")]
    return "=" not in before or "operator" in before


def matching(text, position):
    depth = 0
    for index in range(position, len(text)):
        if text[index] == "{":
            depth += 1
        elif text[index] == "}":
            depth -= 1
            if depth == 0:
                return index
    return len(text) - 1


def functions(source):
    """Yields (name, first line, last line)."""
    text = blanked(source)
    start = position = 0
    while position < len(text):
        letter = text[position]
        if letter in ";}":
            start = position + 1
        elif letter == "{":
            start = BEFORE.match(text, start, position).end()
            head = text[start:position]
            last = head.rstrip()[-1:]
            if MEMBER_INITIALIZERS.search(head) and (last.isalnum() or last in "_>"):
                position = matching(text, position)
            elif is_function(head):
                end = matching(text, position)
                name = NAME.search(head)
                yield (
                    name[1] if name else "?",
                    text.count("\n", 0, start) + 1,
                    text.count("\n", 0, end) + 1,
                )
                position = end
                start = end + 1
            else:
                start = position + 1
        position += 1
