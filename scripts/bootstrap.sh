#!/usr/bin/env bash
# Installs what building and testing need on Debian 12: the packages of scripts/packages.txt by apt
# (as root or by sudo), the Python test tools into .venv and the driver of the browser into
# tests/browser/node_modules, both pinned by hash, and the S3 server of the tests into
# build/s3server, by a newer go, also pinned by hash, where the system's is too old for it.
# Does nothing if all of it is there.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'bootstrap: %s\n' "$*"; }

go_is_recent() {
    command -v go >/dev/null || return 1
    local version
    version=$(go env GOVERSION 2>/dev/null) || return 1
    version=${version#go}
    [ "$(printf '1.19\n%s\n' "$version" | sort -V | head -n 1)" = 1.19 ]
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        say "not root and no sudo; run as root: $*" >&2
        return 1
    fi
}

stamp=.venv/bootstrap.stamp
wanted=$(cat scripts/bootstrap.sh scripts/packages.txt tests/requirements.txt \
    tests/browser/package-lock.json tests/support/s3server/go.sum \
    tests/support/s3server/toolchain/go.sum | sha256sum)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    exit 0
fi

mapfile -t packages < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' scripts/packages.txt)
go_is_recent || packages+=(golang-go)
command -v npm >/dev/null || packages+=(npm)

missing=()
for package in "${packages[@]}"; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
    say "installing by apt: ${missing[*]}"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}"
else
    say "all ${#packages[@]} Debian packages are installed"
fi

# The pins are wheels for the system's Python 3.11, whatever else is on the PATH.
if [ ! -x .venv/bin/python ]; then
    say "creating .venv"
    /usr/bin/python3 -m venv .venv
fi
say "installing the Python test tools into .venv"
.venv/bin/python -m pip install --quiet --disable-pip-version-check \
    --require-hashes --only-binary :all: -r tests/requirements.txt
say "installing the driver of the browser into tests/browser/node_modules"
npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund --silent
say "building the S3 server of the tests into build/s3server"
.venv/bin/python tests/support/s3.py >/dev/null
printf '%s\n' "$wanted" >"$stamp"
say "done"
