"""Fixtures for tests that drive the built program on the sample in a folder of their own."""

import os
import pathlib
import subprocess

import pytest
import warehouse
from program import MUSTER

TIMEOUT_S = 60


class Cli:
    """Runs muster in a folder, without any MUSTER_* of the developer's own environment."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER")}
        self.env = kept | {"NO_COLOR": "1", "MUSTER_MEMORY_LIMIT": "512MiB", "MUSTER_THREADS": "2"}
        self.env |= warehouse.settings(folder)

    def popen(self, *words, cwd=None, env=None, **options):
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE} | options
        options = {"stderr": subprocess.PIPE, "text": True} | options
        return subprocess.Popen(
            [str(MUSTER), *map(str, words)],
            cwd=cwd or self.folder,
            env=self.env | warehouse.prepared(self.folder) | (env or {}),
            **options,
        )

    def __call__(self, *words, cwd=None, check=0, env=None, **options):
        """`check` is the exit code that must come, None for any."""
        given = options.pop("input", None)
        if given is not None:
            options["stdin"] = subprocess.PIPE
        process = self.popen(*words, cwd=cwd, env=env, **options)
        out, err = process.communicate(given, timeout=TIMEOUT_S)
        result = subprocess.CompletedProcess(words, process.returncode, out, err)
        if check is not None:
            assert result.returncode == check, f"muster {words}: {result}"
        return result


@pytest.fixture
def muster(tmp_path):
    return Cli(tmp_path)


@pytest.fixture
def sample(muster):
    """muster in a folder with the sample catalog and CSVs, nothing loaded yet."""
    muster("init", "--sample")
    return muster


@pytest.fixture
def loaded(sample):
    sample("run")
    return sample
