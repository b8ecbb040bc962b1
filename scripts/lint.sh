#!/usr/bin/env bash
# Formatting and clang-tidy. --changed: clang-tidy only over what differs from the base commit.
set -euo pipefail
cd "$(dirname "$0")/.."

status=0
mapfile -t sources < <(git ls-files --cached --others --exclude-standard -- '*.cpp' '*.h')
existing=()
for source in "${sources[@]}"; do
    [ ! -f "$source" ] || existing+=("$source")
done
printf 'lint: clang-format over %d files\n' "${#existing[@]}"
clang-format-14 --dry-run --Werror "${existing[@]}" || status=1

[ -f build/release/compile_commands.json ] || cmake --preset release >/dev/null
python3 scripts/clang_tidy.py --build build/release "$@" || status=1
exit "$status"
