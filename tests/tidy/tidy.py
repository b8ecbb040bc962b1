#!/usr/bin/env python3
"""The repository lints itself: the rules of STYLE.md that a compiler cannot check.

Usage: tests/tidy/tidy.py [ROOT]. Prints one line per finding and exits 1 if there is any.
Each check is a function of a Tree that yields findings; test_tidy.py tries each on small bad trees.
"""

import ast
import functools
import pathlib
import re
import subprocess
import sys

import cpp_functions

LINE_CHARS_MAX = 100
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 500
README_LINES_MAX = 80
MODULE_README_LINES_MAX = 20
FILE_BYTES_MAX = 256 * 1024

# Files that may be longer, each with its reason.
LONG_FILES = {}

# Who may include the headers of a library that is to stay behind an adapter.
GUARDED_INCLUDES = {
    "absl/": ("src/scheduler/", "tests/unit/scheduler/"),
    "duckdb.h": ("src/engine/", "src/warehouse/duckdb/"),
    "boost/": ("src/api/http/", "tests/unit/api/"),
    "sodium.h": ("src/accounts/",),
    "libpq-fe.h": ("src/warehouse/postgres/", "src/warehouse/redshift/"),
}
# Private headers that another folder may include: both sides are adapters of one library, whose
# types no public header may show.
FRIENDS = {"engine/detail/": ("src/warehouse/duckdb/", "src/warehouse/postgres/")}
# Libraries whose types a public header may show; the rest is POSIX.
PUBLIC_LIBRARIES = ("fmt/", "sys/", "unistd.h", "fcntl.h")

CODE_SUFFIXES = {".cpp", ".h", ".py", ".sh", ".cmake", ".sql", ".toml"}
CODE_NAMES = {"CMakeLists.txt", "Makefile", "run"}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^">]+)[">]')

# Composed, so that this file does not find itself.
MARKS = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) + r")\b")
HOSTS = re.compile(
    "|".join(
        a + re.escape(b)
        for a, b in [
            ("py", "pi.org"), ("python", "hosted"), ("proxy", ".golang"), ("sum", ".golang"),
            ("deb", ".debian.org"), ("registry", ".npmjs"), ("index", ".crates.io"),
            ("static", ".crates.io"), ("repo1?", ".maven"),
        ]
    )
)  # fmt: skip
MACHINE_PATHS = re.compile(
    r"(?<![\w.])/(" + "|".join(["ro" + "ot", "wo" + "rk", "ho" + "me"]) + ")/"
)


class Tree:
    """The files of a repository: those git knows or would add; all of them without git."""

    def __init__(self, root):
        self.root = pathlib.Path(root)

    @functools.cached_property
    def paths(self):
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        if (self.root / ".git").exists():
            names = subprocess.check_output(command, cwd=self.root, text=True).splitlines()
        else:
            names = [str(p.relative_to(self.root)) for p in self.root.rglob("*")]
        return sorted(n for n in set(names) if (self.root / n).is_file())

    @functools.cache
    def text(self, path):
        """The text of a file, or None if it is not UTF-8 text."""
        data = (self.root / path).read_bytes()
        if b"\0" in data:
            return None
        try:
            return data.decode()
        except UnicodeDecodeError:
            return None

    def lines(self, path):
        return (self.text(path) or "").splitlines()

    def code(self):
        for path in self.paths:
            name = pathlib.Path(path)
            if name.suffix in CODE_SUFFIXES or name.name in CODE_NAMES:
                yield path

    def cpp(self, *folders):
        return (p for p in self.paths if p.endswith((".cpp", ".h")) and p.startswith(folders or ""))

    @functools.cached_property
    def modules(self):
        return sorted({p.split("/")[1] for p in self.paths if re.match(r"src/[^/]+/", p)})

    @functools.cached_property
    def module_table(self):
        """Module -> what it may use itself, from the table of ARCHITECTURE.md."""
        table = {}
        for line in self.lines("ARCHITECTURE.md") if "ARCHITECTURE.md" in self.paths else []:
            row = re.match(r"\| `(\w+)` \|.*\|([^|]*)\|$", line)
            if row:
                table[row[1]] = re.findall(r"\w+", row[2])
        return table


def includes(tree, path):
    for number, line in enumerate(tree.lines(path), 1):
        found = INCLUDE.match(line)
        if found:
            yield number, found[1], found[2]


def closure(table, module):
    """Everything a module may include: what it may use, and what that may use."""
    allowed, open_names = {module}, [module]
    while open_names:
        for name in table.get(open_names.pop(), []):
            for used in table if name == "all" else [name]:
                if used not in allowed:
                    allowed.add(used)
                    open_names.append(used)
    return allowed


def check_layering(tree):
    for path in tree.cpp("src/"):
        module = path.split("/")[1]
        allowed = closure(tree.module_table, module)
        for number, _, name in includes(tree, path):
            target = name.split("/")[0]
            if target in tree.modules and target not in allowed:
                yield f"{path}:{number}: module {module} must not use {target}"
            friend = FRIENDS.get(name[: name.rfind("/") + 1], ())
            private = target in tree.modules and target != module and "/detail/" in name
            if private and not path.startswith(friend):
                yield f"{path}:{number}: {name} is private to module {target}"


def check_guarded_includes(tree):
    for path in tree.cpp("src/"):
        public = path.endswith(".h") and "/detail/" not in path
        for number, bracket, name in includes(tree, path):
            folders = GUARDED_INCLUDES.get(name)
            if folders and not path.startswith(folders):
                yield f"{path}:{number}: only {', '.join(folders)} may include {name}"
            foreign = name.endswith(".h") or "/" in name
            if public and bracket == "<" and foreign and not name.startswith(PUBLIC_LIBRARIES):
                yield f"{path}:{number}: a public header must not show the types of {name}"


def check_function_length(tree):
    for path in tree.cpp():
        for name, first, last in cpp_functions.functions(tree.text(path) or ""):
            if last - first + 1 > FUNCTION_LINES_MAX:
                yield f"{path}:{first}: function {name} has {last - first + 1} lines"
    for path in tree.paths:
        if path.endswith(".py"):
            for node in ast.walk(ast.parse(tree.text(path))):
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    length = node.end_lineno - node.lineno + 1
                    if length > FUNCTION_LINES_MAX:
                        yield f"{path}:{node.lineno}: function {node.name} has {length} lines"


def check_lines(tree):
    for path in tree.code():
        if path.startswith("tests/cases/"):
            continue  # data: what a program printed is as wide as it is
        lines = tree.lines(path)
        for number, line in enumerate(lines, 1):
            if len(line) > LINE_CHARS_MAX:
                yield f"{path}:{number}: line has {len(line)} characters"
        if len(lines) > FILE_LINES_MAX and path not in LONG_FILES:
            yield f"{path}: {len(lines)} lines; split it, or give a reason in LONG_FILES"


def check_text(tree):
    for path in tree.paths:
        for number, line in enumerate(tree.lines(path), 1):
            for pattern, what in (
                (MARKS, "a mark left behind"),
                (HOSTS, "the name of a package host"),
                (MACHINE_PATHS, "a path of one machine"),
            ):
                found = pattern.search(line)
                if found:
                    yield f"{path}:{number}: {what}: {found[0]}"
            if "NOLINT" in line and path.endswith((".cpp", ".h")) and "NOLINTEND" not in line:
                if not re.search(r"NOLINT\w*\([^)]+\): \w", line):
                    yield f"{path}:{number}: NOLINT needs (check): and a reason"


def named_in(text, folder, path):
    """Whether a CMakeLists.txt of the folder names the file."""
    whole = [re.escape("${CMAKE_SOURCE_DIR}/" + path)]
    if pathlib.Path(path).is_relative_to(folder):
        whole.append(re.escape(str(pathlib.Path(path).relative_to(folder))))
        whole.append(rf"muster_fuzz\({re.escape(pathlib.Path(path).stem)}(?= )")
    return any(re.search(rf"(?<![\w./-]){name}(?![\w./-])", text) for name in whole)


def check_stray_sources(tree):
    """Sources, and the headers on top of a module, are named in a CMakeLists.txt."""
    lists = [
        (tree.text(path), pathlib.Path(path).parent)
        for path in tree.paths
        if pathlib.Path(path).name == "CMakeLists.txt"
    ]
    for path in tree.cpp():
        if path.endswith(".cpp") or re.fullmatch(r"src/\w+/\w+\.h", path):
            if not any(named_in(text, folder, path) for text, folder in lists):
                yield f"{path}: no CMakeLists.txt names it"


def check_modules(tree):
    if not tree.module_table:
        yield "ARCHITECTURE.md: no table of modules"
        return
    for name in sorted(set(tree.module_table) - set(tree.modules)):
        yield f"ARCHITECTURE.md: module {name} has no folder in src"
    for name in tree.modules:
        if name not in tree.module_table:
            yield f"src/{name}: not in the table of ARCHITECTURE.md"
        readme = f"src/{name}/README.md"
        if readme not in tree.paths:
            yield f"{readme}: missing; say why the module exists, what belongs there, what not"
        elif len(tree.lines(readme)) > MODULE_README_LINES_MAX:
            yield f"{readme}: {len(tree.lines(readme))} lines, at most {MODULE_README_LINES_MAX}"


def check_readme(tree):
    if "README.md" not in tree.paths:
        yield "README.md: missing"
        return
    if len(tree.lines("README.md")) > README_LINES_MAX:
        yield f"README.md: {len(tree.lines('README.md'))} lines, at most {README_LINES_MAX}"
    for command in ("make run", "make test"):
        if command not in tree.text("README.md"):
            yield f"README.md: does not show `{command}`"


def check_links(tree):
    """Relative links of Markdown files lead somewhere."""
    for path in tree.paths:
        if not path.endswith(".md"):
            continue
        for number, line in enumerate(tree.lines(path), 1):
            for target in re.findall(r"\]\(([^)#\s]+)", line):
                if "://" not in target and not (tree.root / path).parent.joinpath(target).exists():
                    yield f"{path}:{number}: link to {target}, which is not there"


def check_file_sizes(tree):
    for path in tree.paths:
        size = (tree.root / path).stat().st_size
        if size > FILE_BYTES_MAX:
            yield f"{path}: {size} bytes, at most {FILE_BYTES_MAX}"


CHECKS = [
    check_layering,
    check_guarded_includes,
    check_function_length,
    check_lines,
    check_text,
    check_stray_sources,
    check_modules,
    check_readme,
    check_links,
    check_file_sizes,
]


def findings(root, checks=None):
    tree = Tree(root)
    return [finding for check in checks or CHECKS for finding in check(tree)]


if __name__ == "__main__":
    found = findings(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
    print("\n".join(found) if found else "tidy: nothing to say")
    sys.exit(1 if found else 0)
