"""The behaviour suite: each folder tests/cases/<area>/<name>/ is one test.

A folder holds case.toml (steps, see case_steps) or cases.toml (many small inputs, see case_table);
its first line says what it is for. UPDATE_EXPECTED=1 rewrites expectations, for a review by diff.
"""

import os
import shutil
import subprocess
import tomllib

import pytest
import warehouse
from case_steps import StepCase
from case_table import TableCase
from program import MUSTER, ROOT

CASES = ROOT / "tests" / "cases"
PATHS = sorted(CASES.glob("*/*/case*.toml"))
UPDATE = os.environ.get("UPDATE_EXPECTED") == "1"
TIMEOUT_S = 60
OF_UNIT_TESTS = "catalog"  # an area that the unit tests of that module read


def test_every_folder_is_a_case():
    folders = {path for path in CASES.glob("*/*") if path.is_dir()}
    folders -= set(CASES.glob(f"{OF_UNIT_TESTS}/*"))
    assert folders == {path.parent for path in PATHS}
    assert len(folders) == len(PATHS), "a folder holds case.toml or cases.toml"


class Muster:
    """The program in a folder, without the caller's settings."""

    def __init__(self, folder):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER")}
        self.environment = clean | {"NO_COLOR": "1", "HOME": str(folder)}
        self.folder = folder

    def settings(self):
        """Where the tables are, unless the catalog says it."""
        catalog = self.folder / "muster.toml"
        own = catalog.exists() and "[warehouse]" in catalog.read_text()
        if own:
            return {}
        return warehouse.settings(self.folder) | warehouse.prepared(self.folder)

    def start(self, *words, env=None, stdin=subprocess.DEVNULL):
        return subprocess.Popen(
            [str(MUSTER), *words],
            cwd=self.folder,
            env=self.environment | self.settings() | (env or {}),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )

    def __call__(self, *words, env=None, text=None):
        stdin = subprocess.DEVNULL if text is None else subprocess.PIPE
        process = self.start(*words, env=env, stdin=stdin)
        try:
            stdout, stderr = process.communicate(text, timeout=TIMEOUT_S)
        finally:
            process.kill()
        return subprocess.CompletedProcess(words, process.returncode, stdout, stderr)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.parent.relative_to(CASES).as_posix())
def test_case(path, tmp_path):
    text = path.read_text()
    assert text.startswith("# "), f"{path}: the first line states the purpose"
    folder = tmp_path / "case"
    shutil.copytree(path.parent, folder)
    kind = StepCase if path.name == "case.toml" else TableCase
    try:
        faults = kind(path, tomllib.loads(text), Muster(folder), folder, UPDATE).run()
    finally:
        warehouse.give_back(folder)
    assert not faults, f"{len(faults)} faults in {path}\n" + "\n".join(faults)
