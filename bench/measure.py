"""Runs a program and says how long it took and how much memory it held at most."""

import dataclasses
import json
import os
import subprocess
import time


@dataclasses.dataclass
class Measured:
    seconds: float
    cpu_seconds: float
    peak_mib: float
    code: int
    stdout: str

    def json(self):
        """The last line of the output: the program's own result."""
        return json.loads(self.stdout.splitlines()[-1])


def measure(command, out, codes=(0,)):
    """The output goes to the file `out`. Peaks below this process's own size (about 20 MiB) cannot
    be seen: the kernel counts the moment before exec as well."""
    with open(out, "w+b") as file, open(f"{out}.err", "w+b") as errors:
        start = time.perf_counter()
        process = subprocess.Popen([str(c) for c in command], stdout=file, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = code = os.waitstatus_to_exitcode(status)
        # Only the end: a file of rejects may be large, and this process is to stay small.
        file.seek(max(0, file.seek(0, os.SEEK_END) - 65536))
        stdout = file.read().decode(errors="replace")
        if code not in codes:
            errors.seek(0)
            raise SystemExit(f"{command}: exit {code}\n{errors.read().decode()[-2000:]}")
    return Measured(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, code, stdout)
