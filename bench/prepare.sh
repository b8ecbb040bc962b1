#!/usr/bin/env bash
# The tools that bench/run.py and bench/api.py compare with: servers by apt, the rest pinned by hash
# in build/bench/venv.
set -euo pipefail
cd "$(dirname "$0")/.."
missing=()
for package in curl nginx-light postgresql wrk; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
    echo "bench: installing by apt: ${missing[*]}"
    sudo=()
    [ "$(id -u)" -eq 0 ] || sudo=(sudo)
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi
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
