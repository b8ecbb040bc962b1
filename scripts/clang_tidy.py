#!/usr/bin/env python3
"""Runs clang-tidy over the sources of a build, in parallel, and remembers what was clean.

A source is looked at again only if it, a project header, its compile command or .clang-tidy has
changed since it was clean. --changed takes only the sources that differ from the base commit
(MUSTER_BASE, else where the branch left origin/main, else the commit ten back), or that include a
header that does; for the latter it leaves out the path-sensitive analyzer, half of the time.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIDY = "clang-tidy-14"
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def git(*arguments):
    result = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return result.stdout.strip() if result.returncode == 0 else ""


def changed_files():
    """Paths that differ from the base commit, or None if there is no base: all of them."""
    base = os.environ.get("MUSTER_BASE") or git("merge-base", "HEAD", "origin/main")
    if not base or base == git("rev-parse", "HEAD"):
        base = git("rev-parse", "--verify", "--quiet", "HEAD~10")
    if not base:
        return None
    names = git("diff", "--name-only", base).splitlines()
    return set(names) | set(git("ls-files", "--others", "--exclude-standard").splitlines())


def closure(source, known):
    """The project headers that a file includes, directly or not."""
    if source in known:
        return known[source]
    known[source] = found = set()
    for name in INCLUDE.findall(source.read_text(errors="replace")):
        for folder in (ROOT / "src", ROOT / "tests", source.parent):
            header = folder / name
            if header.is_file():
                found.add(header)
                found |= closure(header, known)
                break
    return found


def digest(command, files):
    """Without the folder's name, so that a clone elsewhere knows what was clean here."""
    command = command.replace(str(ROOT), "")
    state = hashlib.sha256((command + (ROOT / ".clang-tidy").read_text()).encode())
    for file in sorted(files):
        state.update(file.read_bytes())
    return state.hexdigest()


def run_one(source, build, stamp, whole):
    """Without `whole`, all checks but the analyzer; only a whole look is remembered."""
    less = [] if whole else ["--checks=-clang-analyzer-*"]
    result = subprocess.run(
        [TIDY, "--quiet", "-p", str(build), *less, str(source)], capture_output=True, text=True
    )
    if result.returncode == 0 and whole:
        stamp.touch()
    return source, result.returncode, result.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--changed", action="store_true")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("paths", nargs="*", help="take only sources below these")
    options = parser.parse_args()

    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    cache = cache / "muster-clang-tidy"
    cache.mkdir(parents=True, exist_ok=True)
    changed = changed_files() if options.changed else None
    known = {}
    work = []
    for entry in json.loads((options.build / "compile_commands.json").read_text()):
        source = pathlib.Path(entry["file"])
        if not source.is_relative_to(ROOT) or source.is_relative_to(ROOT / "build"):
            continue  # generated: the checks that public headers compile alone
        name = str(source.relative_to(ROOT))
        if options.paths and not any(name.startswith(path) for path in options.paths):
            continue
        files = {source} | closure(source, known)
        if changed is not None and not any(str(f.relative_to(ROOT)) in changed for f in files):
            continue
        stamp = cache / digest(entry["command"], files)
        if not stamp.exists():
            work.append((source, options.build, stamp, changed is None or name in changed))

    print(f"lint: clang-tidy over {len(work)} sources", flush=True)
    failures = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for source, status, output in pool.map(lambda job: run_one(*job), work):
            if status != 0:
                failures += 1
                print(f"{source.relative_to(ROOT)}\n{output}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
