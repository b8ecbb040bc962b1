"""Fixtures: the built program on the sample in a folder of its own, and servers for the time of a
module."""

import os
import pathlib
import subprocess

import pytest
import warehouse
from postgres import Postgres
from program import MUSTER
from s3 import Gateway

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


@pytest.fixture(scope="module")
def postgres():
    server = Postgres().start()
    yield server
    server.end()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    server = Gateway(tmp_path_factory.mktemp("s3"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def standin(tmp_path_factory):
    """Of Redshift. What it imports takes half a second: only those that use it pay."""
    from redshift.server import running

    with running(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What the steps of redshift.behaviour leave in DuckDB."""
    from redshift.behaviour import expected_states

    return expected_states(tmp_path_factory.mktemp("duckdb"))


@pytest.fixture
def services(standin):
    """The services of AWS that Redshift's users ask, beside the stand-in."""
    from redshift.services import Services

    started = Services(standin).start()
    yield started
    started.stop()
