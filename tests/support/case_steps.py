"""`case.toml`: files, and steps that run the program one after the other.

    catalog = '''...'''          # muster.toml; without one the built-in hiring catalog applies
    [[file]]                     # see case_files
    path = "data/jobs.csv"
    text = '1,Welder\\n'

    [[step]]
    args = ["run", "--json"]     # {NAME} stands for what an earlier step saved
    env = { MUSTER_SOURCE = "x" }
    stdin = "a line\\n"           # without it there is none
    exit = 0                     # the default
    tables = { jobs = { read = 1 } }        # of the summary; the keys given must be equal
    stdout_json = [{ type = "summary" }]    # every line but progress; the keys given must be equal
    stdout_lines = ["..."]       # exact; also stdout_contains, stdout_lacks, stderr_contains,
                                 # stderr_lacks; stdout_empty = true
    save = { run = "-1.run_id" } # a path into the JSON lines
    stdout_to = "fixed.csv"      # keeps the output as a file
    same_as = "fixed.csv"        # the JSON of the output is that of the file, times and runs aside
    background = true            # goes on as soon as a run is under way; a later step with
                                 # interrupt = 130 sends SIGINT and expects that exit code
    write = [{ path = "data/jobs.csv", text = '...' }]   # before the step; also remove = [path]
                                 # and replace = [{ path, from, to }]

    [[step]]
    query = "SELECT id, job FROM jobs ORDER BY id"
    rows = [[1, "Welder"]]       # "<null>" for NULL
"""

import json
import signal
import time

import warehouse
from case_files import NULL, like, matches, rewrite, write_file

COUNTS = ("inserted", "updated", "unchanged", "deduplicated", "rejected")
LIMIT = 4  # exit code
SUMMARY_KEYS = ["type", "run_id", "status", "seconds", "tables", "rejects_by_code"]
TABLE_KEYS = [
    "table", "read", *COUNTS, "blank_lines", "files_loaded", "files_skipped", "files_failed",
    "bytes", "seconds",
]  # fmt: skip
RUN_START_S = 30


def parse(stdout):
    """The JSON of a verb as a list: an array, or lines without the progress."""
    if not stdout.strip():
        return []
    if stdout.startswith("["):
        return json.loads(stdout)
    lines = [json.loads(line) for line in stdout.splitlines()]
    return [line for line in lines if line.get("type") != "progress"]


def lasting(value):
    """JSON without what differs between two runs of the same thing."""
    if isinstance(value, dict):
        passing = ("seconds", "run_id")
        return {key: lasting(item) for key, item in value.items() if key not in passing}
    return [lasting(item) for item in value] if isinstance(value, list) else value


def lookup(value, path):
    for part in path.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


class StepCase:
    """One case.toml in a temporary copy of its folder."""

    def __init__(self, path, spec, muster, folder, update):
        self.path, self.muster, self.folder, self.update = path, muster, folder, update
        self.steps = spec["step"]
        self.saved = {}
        self.process = None
        self.faults = []
        if "catalog" in spec:
            (folder / "muster.toml").write_text(spec["catalog"])
        for file in spec.get("file", []):
            write_file(folder, file)

    def run(self):
        try:
            for index, step in enumerate(self.steps):
                before = len(self.faults)
                self.run_step(index, step)
                if len(self.faults) > before and not self.update:
                    break
        finally:
            if self.process:
                self.process.kill()
        return self.faults

    def start(self, words):
        """Starts the program and waits until its run is in the ledger.

        Of a database file nothing is asked before it serves it: who asks first would own it, and
        run for it.
        """
        self.process = self.muster.start(*words)
        end = time.monotonic() + RUN_START_S
        while time.monotonic() < end and self.process.poll() is None:
            served = any(path.is_socket() for path in self.folder.rglob("*"))
            if not served and not warehouse.SERVER:
                time.sleep(0.01)
                continue
            listed = self.muster("runs", "list", "--json")
            if any(run["status"] == "running" for run in parse(listed.stdout)):
                return
        raise AssertionError(f"no run of {words} was seen under way")

    def interrupt(self, code):
        self.process.send_signal(signal.SIGINT)
        _, stderr = self.process.communicate(timeout=RUN_START_S)
        assert self.process.returncode == code, f"exit {self.process.returncode}\n{stderr}"

    def fill(self, text):
        for name, value in self.saved.items():
            text = text.replace("{" + name + "}", str(value))
        return text

    def prepare(self, step):
        for file in step.get("write", []):
            write_file(self.folder, file)
        for name in step.get("remove", []):
            (self.folder / name).unlink()
        for change in step.get("replace", []):
            path = self.folder / change["path"]
            text = path.read_bytes()
            old, new = self.fill(change["from"]).encode(), self.fill(change["to"]).encode()
            assert old in text, f"{change['path']} lacks {old!r}:\n{text.decode(errors='replace')}"
            path.write_bytes(text.replace(old, new))

    def run_step(self, index, step):
        self.prepare(step)
        if step.get("background"):
            return self.start(step["args"])
        if "interrupt" in step:
            return self.interrupt(step["interrupt"])
        words = ["query", step["query"], "--json"] if "query" in step else step["args"]
        words = [self.fill(word) for word in words]
        result = self.muster(*words, env=step.get("env"), text=step.get("stdin"))
        fault = f"step {index + 1}: muster {' '.join(words)}"
        output = f"\n--- stdout\n{result.stdout[-3000:]}\n--- stderr\n{result.stderr[-3000:]}"
        if result.returncode != step.get("exit", 0):
            wanted = step.get("exit", 0)
            self.faults.append(f"{fault}: exit {result.returncode}, not {wanted}{output}")
            if self.update:
                rewrite(self.path, "step", index, "exit", result.returncode)
            return
        if "stdout_to" in step:
            (self.folder / step["stdout_to"]).write_text(result.stdout)
        found = [f"{fault}: {text}{output}" for text in self.text_faults(step, result)]
        self.faults += found
        for key, wanted, actual in self.values(step, result):
            wanted = json.loads(self.fill(json.dumps(wanted)))
            if not matches(wanted, actual):
                shown = like(wanted, actual)
                self.faults.append(f"{fault}: {key}\n     got {shown}\n  wanted {wanted}{output}")
                if self.update:
                    rewrite(self.path, "step", index, key, shown)
        if "save" in step:
            lines = parse(result.stdout)
            self.saved |= {name: lookup(lines, path) for name, path in step["save"].items()}

    def text_faults(self, step, result):
        for stream in ("stdout", "stderr"):
            text = getattr(result, stream)
            for part in map(self.fill, step.get(f"{stream}_contains", [])):
                if part not in text:
                    yield f"{stream} lacks {part!r}"
            for part in map(self.fill, step.get(f"{stream}_lacks", [])):
                if part in text:
                    yield f"{stream} holds {part!r}"
            if step.get(f"{stream}_empty") and text:
                yield f"{stream} is not empty"

    def values(self, step, result):
        """Key, expectation and actual value of what the step compares."""
        if "stdout_lines" in step:
            yield "stdout_lines", step["stdout_lines"], result.stdout.splitlines()
        if "stdout_json" in step:
            yield "stdout_json", step["stdout_json"], parse(result.stdout)
        if "same_as" in step:
            earlier = parse((self.folder / step["same_as"]).read_text())
            yield "same_as", lasting(earlier), lasting(parse(result.stdout))
        if "rows" in step:
            rows = [list(row.values()) for row in parse(result.stdout)]
            yield "rows", step["rows"], rows
        if "tables" in step:
            summary = parse(result.stdout)[-1]
            tables = {table["table"]: table for table in summary["tables"]}
            yield "tables", step["tables"], tables
            yield "keys", SUMMARY_KEYS, list(summary)
            for table in tables.values():
                yield "keys", TABLE_KEYS, list(table)
            # A table that was stopped at its limit withholds what passed.
            if step["args"][0] == "run" and step.get("exit") != LIMIT:
                sums = {name: sum(t[part] for part in COUNTS) for name, t in tables.items()}
                yield "balance", sums, {name: t["read"] for name, t in tables.items()}
