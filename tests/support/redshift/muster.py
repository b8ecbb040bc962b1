"""muster with the hiring catalog on the Redshift stand-in: source and clean objects in a bucket of
the S3 server, a database of its own."""

import itertools
import json
import re
import signal
import subprocess

from program import MUSTER
from redshift.parser import unparsable
from s3_lake import Lake

numbers = itertools.count(1)
STAGING = "clean/muster-staging/"


class OnRedshift(Lake):
    def __init__(self, standin, folder):
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(standin.gateway, folder, f"lake-{next(numbers)}")
        self.standin, self.database = standin, standin.database()
        # The test server removes folders that are empty, which others may be writing into.
        self.server.put(self.bucket, f"{STAGING}kept", b"")
        self.env["MUSTER_WAREHOUSE"] = standin.url(self.database, "redshift")

    def staged(self, prefix=""):
        """What is there beside the clean objects."""
        found = self.server.keys(self.bucket, STAGING + prefix)
        return [key for key in found if key != f"{STAGING}kept"]

    def put_source(self, files):
        """`files` are bytes by name; they replace those that are there."""
        for key in self.server.keys(self.bucket, "incoming/"):
            self.server.delete(self.bucket, key)
        for name, body in files.items():
            self.server.put(self.bucket, f"incoming/{name}", body)

    def start(self, *words):
        return subprocess.Popen(
            [MUSTER, *words], cwd=self.folder, env=self.env, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def kill_during(self, seconds, *words):
        """Whether the process was still running when it was killed."""
        process = self.start(*words)
        try:
            process.communicate(timeout=seconds)
            return False
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            return True

    def sql(self, text):
        return self.standin.admin(self.database, text)

    def query(self, sql):
        return json.loads(self("query", sql, "--json").stdout)

    def forget_the_dead(self):
        """As if the leases of processes that were killed had expired."""
        if self.sql("SELECT to_regclass('muster.leases') IS NOT NULL")[0][0]:
            self.sql("UPDATE muster.leases SET expires_at_us = 0")
            self.sql("UPDATE muster.runs SET begun_at_us = 0")


TABLES = {
    "departments": "id, department", "jobs": "id, job",
    "hired_employees": "id, name, datetime_, department_id, job_id",
}  # fmt: skip
REJECTS = "SELECT line, severity, state FROM muster.rejects ORDER BY 1, 2, 3"


def state(muster):
    """What a run leaves behind, to be compared between warehouses and ways of getting there."""
    found = {
        table: muster.query(f"SELECT {columns} FROM {table} ORDER BY id")
        for table, columns in TABLES.items()
    }
    return found | {"rejects": muster.query(REJECTS)}


# What differs between statements of one shape: values, names, and how often a part is repeated.
VALUES = [
    (re.compile(r"'(?:[^']|'')*'"), "'s'"),
    (re.compile(r'"[^"]*"'), '"n"'),
    (re.compile(r"\$?\b[0-9][\w.]*"), "0"),
    (re.compile(r"CAST\(0 AS [A-Z ]+(?:\([0, ]+\))?\)"), "0"),
    (re.compile(r"0(?:, 0)+"), "0"),
    (re.compile(r"\(0\)(?:, \(0\))+"), "(0)"),
]
REPEATED = re.compile(r"((?:\([^()]*\)|[^,()])+?)(?:(?:, | AND | OR )\1)+(?=[,)]| |$)")


def shapes(seen):
    """The shortest statement of each shape."""
    found = {}
    for sql in sorted(set(seen), key=len):
        shape = sql
        for pattern, text in VALUES:
            shape = pattern.sub(text, shape)
        found.setdefault(REPEATED.sub(r"\1", REPEATED.sub(r"\1", shape)), sql)
    return list(found.values())


def strangers(seen):
    """The statements that an independent parser of Redshift's SQL does not read, and why."""
    found = {}
    for sql in dict.fromkeys(seen):
        words = unparsable(sql)
        if words:
            found[sql[:500]] = words
    return found
