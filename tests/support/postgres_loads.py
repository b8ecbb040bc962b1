"""muster as the tests of PostgreSQL drive it: on a database of its own."""

import os
import subprocess

from postgres import name_of
from program import Program

PUBLISHED = """
    SELECT table_name, sum((outcome::json->'counts'->>'inserted')::bigint)::bigint AS inserted,
        sum((outcome::json->'counts'->>'updated')::bigint)::bigint AS updated
    FROM muster.publications GROUP BY 1 ORDER BY 1
"""
REJECTS = "SELECT id, state, severity, object, line FROM muster.rejects ORDER BY 1"


class Loaded(Program):
    """muster on a database of its own."""

    def __init__(self, server, folder, source=None, url=None):
        super().__init__(folder, source)
        self.server = server
        self.use(url or server.database())

    def use(self, url):
        self.url = url
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER")}
        self.env = kept | {"MUSTER_WAREHOUSE": url, "MUSTER_MEMORY_LIMIT": "512MiB"}

    def sql(self, text):
        return self.server.psql(text, name_of(self.url))

    def state(self):
        return self.employees(), self.query(PUBLISHED), self.query(REJECTS)

    def start(self, *arguments):
        return subprocess.Popen(
            self.command(*arguments), env=self.env, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def forget_the_dead(self):
        """As if the leases of processes that were killed had expired."""
        self.sql("UPDATE muster.leases SET expires_at_us = 0")
        self.sql("UPDATE muster.runs SET begun_at_us = 0")


def copied(server, template, folder, source):
    """A new database with the content of another one."""
    url = server.database()
    server.psql(
        f"DROP DATABASE {name_of(url)}; CREATE DATABASE {name_of(url)} TEMPLATE {template}"
    )
    return Loaded(server, folder, source, url=url)


class Session:
    """A psql that stays: another program that holds locks."""

    def __init__(self, url):
        self.process = subprocess.Popen(
            ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", url], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, sql):
        """Waits until it is done."""
        self.process.stdin.write(f"{sql}\n\\echo done\n")
        self.process.stdin.flush()
        said = ""
        while not said.endswith("done\n"):
            line = self.process.stdout.readline()
            assert line, f"{sql}: {said}"
            said += line

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()
