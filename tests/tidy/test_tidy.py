"""The repository is tidy; and the linter finds what it should, on small bad trees."""

import pathlib

import cpp_functions
import pytest
import tidy

ROOT = pathlib.Path(__file__).resolve().parents[2]

TABLE = """
| Module | Why it exists | May use |
|---|---|---|
| `core` | what all need | |
| `engine` | the database | core |
| `cli` | the program | all |
"""
GOOD = {
    "README.md": "`make run` and `make test`\n",
    "ARCHITECTURE.md": TABLE,
    "src/core/README.md": "core\n",
    "src/core/CMakeLists.txt": "muster_module(core SOURCES text.cpp HEADERS text.h)\n",
    "src/core/text.h": "#include <string>\n",
    "src/core/text.cpp": '#include "core/text.h"\n',
    "src/engine/README.md": "engine\n",
    "src/engine/CMakeLists.txt": "muster_module(engine SOURCES run.cpp)\n",
    "src/engine/run.cpp": '#include "core/text.h"\n#include "duckdb.h"\n',
    "src/cli/README.md": "cli\n",
    "src/cli/CMakeLists.txt": "add_executable(muster main.cpp)\n",
    "src/cli/main.cpp": '#include "engine/run.h"\n#include "core/text.h"\n',
}
LONG_BODY = "int f() {\n" + "    g();\n" * 69 + "}\n"

# One change to the good tree, and a part of the one finding that it must give.
BAD = {
    "uses a higher module": (
        {"src/core/text.cpp": '#include "engine/x.h"\n'},
        "must not use engine",
    ),
    "uses a private header": (
        {"src/engine/run.cpp": '#include "core/detail/x.h"\n'},
        "private to module core",
    ),
    "database outside its adapter": ({"src/core/text.cpp": '#include "duckdb.h"\n'}, "may include"),
    "library in a public header": ({"src/core/text.h": "#include <re2/re2.h>\n"}, "must not show"),
    "long function": ({"src/core/text.cpp": LONG_BODY}, "function f has 71 lines"),
    "long Python function": (
        {"x.py": "def f():\n" + "    g()\n" * 70},
        "x.py:1: function f has 71 lines",
    ),
    "long line": ({"src/core/text.cpp": "// " + "x" * 98 + "\n"}, "101 characters"),
    "long file": ({"src/core/text.cpp": "\n" * 501}, "501 lines"),
    "mark": ({"docs/a.md": "a\n" + "TO" + "DO later\n"}, "docs/a.md:2: a mark"),
    "package host": ({"docs/a.md": "from py" + "pi.org\n"}, "package host"),
    "machine path": ({"docs/a.md": "in /ro" + "ot/x\n"}, "path of one machine"),
    "exclusion without a reason": ({"src/core/text.cpp": "// NOLINT\n"}, "NOLINT needs"),
    "stray source": ({"src/core/other.cpp": ""}, "no CMakeLists.txt names it"),
    "stray public header": ({"src/core/other.h": ""}, "no CMakeLists.txt names it"),
    "module without a row": (
        {"src/extra/README.md": "x\n"},
        "src/extra: not in the table",
    ),
    "row without a module": (
        {"ARCHITECTURE.md": TABLE + "| `gone` | was | core |\n"},
        "module gone has no folder",
    ),
    "module without README": ({"src/core/README.md": None}, "src/core/README.md: missing"),
    "long module README": ({"src/core/README.md": "x\n" * 21}, "21 lines, at most 20"),
    "long README": ({"README.md": "make run, make test\n" * 81}, "81 lines, at most 80"),
    "README without the commands": ({"README.md": "make run\n"}, "`make test`"),
    "dead link": ({"docs/a.md": "[x](gone.md)\n"}, "link to gone.md"),
    "large file": ({"data.bin": "x" * (256 * 1024 + 1)}, "262145 bytes"),
}
# Just inside the limits.
FINE = {
    "function of 70 lines": {"src/core/text.cpp": LONG_BODY.replace("    g();\n", "", 1)},
    "line of 100 characters": {"src/core/text.cpp": "// " + "é" * 97 + "\n"},
    "private header in its own module": {"src/core/text.cpp": '#include "core/detail/x.h"\n'},
    "private header of the same library": {
        "ARCHITECTURE.md": TABLE + "| `warehouse` | stores | engine |\n",
        "src/warehouse/README.md": "warehouse\n",
        "src/warehouse/CMakeLists.txt": "muster_module(warehouse SOURCES duckdb/sql.cpp)\n",
        "src/warehouse/duckdb/sql.cpp": '#include "engine/detail/duckdb_handle.h"\n',
    },
    "exclusion with a reason": {"src/core/text.cpp": "f();  // NOLINT(x-y): the C API says so\n"},
    "link with an anchor": {"docs/a.md": "[x](../README.md#top) [y](https://example.com)\n"},
}


def make(folder, changes):
    for name, text in {**GOOD, **changes}.items():
        if text is not None:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return folder


@pytest.mark.parametrize("check", tidy.CHECKS, ids=lambda check: check.__name__)
def test_repository(check):
    found = tidy.findings(ROOT, [check])
    assert not found, "\n" + "\n".join(found)


def test_good_tree(tmp_path):
    assert tidy.findings(make(tmp_path, {})) == []


@pytest.mark.parametrize("name", BAD)
def test_bad_tree(tmp_path, name):
    changes, expected = BAD[name]
    found = tidy.findings(make(tmp_path, changes))
    assert len(found) == 1, found
    assert expected in found[0]


@pytest.mark.parametrize("name", FINE)
def test_fine_tree(tmp_path, name):
    assert tidy.findings(make(tmp_path, FINE[name])) == []


def test_functions_are_found_whatever_surrounds_them():
    source = """
namespace a {
class B : public C {
  public:
    B() : x_{1}, y_(2) {
        go();
    }
    int size() const { return 1; }
};
constexpr int kTable[] = {1, 2};
template <typename T>
Result<T> B::get(T value) {
    if (value == '{') {
        return R"sql({ " )sql";
    }
    return 1'000;  // {
}
}
"""
    found = [(name, last - first + 1) for name, first, last in cpp_functions.functions(source)]
    assert found == [("B", 3), ("size", 1), ("B::get", 7)]
