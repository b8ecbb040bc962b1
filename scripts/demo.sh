#!/usr/bin/env bash
# The demo of `make run`: the hiring sample, with its bad rows, from CSV to reports and rejects.
# Usage: scripts/demo.sh PROGRAM FOLDER   (the folder is made anew)
set -euo pipefail
program=$(realpath "$1")
folder=$2
cd "$(dirname "$0")/.."

rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"

show() {
    printf '\n$ muster %s\n' "$*"
    "$program" "$@"
}
show init --sample
show run
show report departments_above_mean --year 2021
show report hires_by_quarter --year 2021 | head -n 15
show rejects list | head -n 15
