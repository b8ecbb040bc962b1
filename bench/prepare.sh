#!/usr/bin/env bash
# The tools that bench/run.py compares with, pinned by hash, in build/bench/venv.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=build/bench/venv
stamp=$venv/bench.stamp
wanted=$(sha256sum <bench/requirements.txt)
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
    echo "bench: installing the tools to compare with into $venv"
    mkdir -p build/bench
    /usr/bin/python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --require-hashes --only-binary :all: -r bench/requirements.txt
    printf '%s\n' "$wanted" >"$stamp"
fi
