#!/usr/bin/env bash
# `make serve`: the REST API on 127.0.0.1:8080 with the hiring sample, in a folder that is kept.
# Usage: scripts/serve.sh PROGRAM FOLDER [OPTION ...]
set -euo pipefail
program=$(realpath "$1")
folder=$2
shift 2
cd "$(dirname "$0")/.."

mkdir -p "$folder"
cd "$folder"
[ -e muster.toml ] || "$program" init --sample --quiet
exec "$program" serve --demo "$@"
