"""The behaviour suite: each folder tests/cases/<area>/<name>/ is one test.

A folder holds case.toml (steps, see case_steps) or cases.toml (many small inputs, see case_table);
its first line says what it is for. UPDATE_EXPECTED=1 rewrites expectations, for a review by diff.
"""

import os
import shutil
import subprocess
import tomllib

import pytest
from case_steps import StepCase
from case_table import TableCase
from program import MUSTER, ROOT

CASES = ROOT / "tests" / "cases"
PATHS = sorted(CASES.glob("*/*/case*.toml"))
UPDATE = os.environ.get("UPDATE_EXPECTED") == "1"
TIMEOUT_S = 60


def test_every_folder_is_a_case():
    folders = {path for path in CASES.glob("*/*") if path.is_dir()}
    assert folders == {path.parent for path in PATHS}
    assert len(folders) == len(PATHS), "a folder holds case.toml or cases.toml"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.parent.relative_to(CASES).as_posix())
def test_case(path, tmp_path):
    text = path.read_text()
    assert text.startswith("# "), f"{path}: the first line states the purpose"
    folder = tmp_path / "case"
    shutil.copytree(path.parent, folder)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER")}
    clean |= {"NO_COLOR": "1", "HOME": str(tmp_path)}

    def muster(*words, env=None):
        return subprocess.run(
            [str(MUSTER), *words],
            cwd=folder,
            env=clean | (env or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT_S,
        )

    kind = StepCase if path.name == "case.toml" else TableCase
    faults = kind(path, tomllib.loads(text), muster, folder, UPDATE).run()
    assert not faults, f"{len(faults)} faults in {path}\n" + "\n".join(faults)
