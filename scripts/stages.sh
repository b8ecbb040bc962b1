#!/usr/bin/env bash
# All that `make test` and CI check, stage by stage. Later stages run although an earlier one
# failed, unless they need what it builds. Prints a time table and, last, "N passed, N failed": the
# tests of ctest and pytest, and each stage that failed without failing a test.
# Usage: scripts/stages.sh [STAGE ...]   (all but ctest by default)
set -euo pipefail
cd "$(dirname "$0")/.."

jobs=${JOBS:-$(nproc)}
# So that a clone in another folder finds what this one compiled.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=true
out=build/test
stages=(bootstrap build demo pytest asan lint)
names=() seconds=() states=()
failed=0

stage_bootstrap() { scripts/bootstrap.sh; }

configure_and_build() {  # PRESET TARGET ...
    local preset=$1
    shift
    cmake --preset "$preset" && cmake --build --preset "$preset" -j "$jobs" --target "$@"
}

# The release build also proves that every public header compiles alone. The unit tests are built
# once, with the sanitizers.
stage_build() {
    configure_and_build release muster test_programs all_verify_interface_header_sets
}

run_ctest() {  # PRESET
    ctest --test-dir "build/$1" -j "$jobs" --output-on-failure --no-tests=error \
        --output-junit "$PWD/$out/ctest-$1.xml"
}

stage_ctest() { configure_and_build release unit_tests && run_ctest release; }

stage_demo() { scripts/demo.sh build/release/muster build/demo; }

stage_pytest() {
    .venv/bin/python -m pytest -n "$jobs" --junitxml "$out/pytest.xml" tests
}

stage_asan() { configure_and_build asan unit_tests && run_ctest asan; }

stage_lint() { scripts/lint.sh --changed; }

counts() {  # prints PASSED FAILED SKIPPED over the JUnit files
    python3 - "$out" <<'PYTHON'
import pathlib, sys, xml.etree.ElementTree as tree
passed = failed = skipped = 0
for file in sorted(pathlib.Path(sys.argv[1]).glob("*.xml")):
    for case in tree.parse(file).iter("testcase"):
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            failed += 1
        elif "skipped" in kinds:
            skipped += 1
            print(f"SKIPPED {case.get('classname')}::{case.get('name')}", file=sys.stderr)
        else:
            passed += 1
print(passed, failed, skipped)
PYTHON
}

run_stage() {  # NAME
    local name=$1 start=$SECONDS state=ok tests_failed_before tests_failed_after
    printf '\n==> %s\n' "$name"
    tests_failed_before=$(counts 2>/dev/null | cut -d ' ' -f 2)
    if ! "stage_$name"; then
        state=FAILED
        tests_failed_after=$(counts 2>/dev/null | cut -d ' ' -f 2)
        if [ "$tests_failed_after" -eq "$tests_failed_before" ]; then
            failed=$((failed + 1))
        fi
    fi
    names+=("$name") seconds+=($((SECONDS - start))) states+=("$state")
}

mkdir -p "$out"
rm -f "$out"/*.xml
[ "$#" -eq 0 ] || stages=("$@")
for stage in "${stages[@]}"; do
    if [ "$stage" != build ] && [[ " ${states[*]:-} " == *FAILED* ]] &&
        [[ "$stage" =~ ^(demo|pytest)$ ]] && [ ! -x build/release/muster ]; then
        names+=("$stage") seconds+=(0) states+=("not run")
        failed=$((failed + 1))
        continue
    fi
    run_stage "$stage"
done

printf '\n%-12s %8s  %s\n' stage seconds result
for index in "${!names[@]}"; do
    printf '%-12s %8s  %s\n' "${names[$index]}" "${seconds[$index]}" "${states[$index]}"
done
printf '%-12s %8s\n\n' total "$SECONDS"

read -r tests_passed tests_failed tests_skipped < <(counts)
failed=$((failed + tests_failed))
line="$tests_passed passed, $failed failed"
[ "$tests_skipped" -eq 0 ] || line+=", $tests_skipped skipped"
printf '%s\n' "$line" | tee "$out/counts.txt"
[ "$failed" -eq 0 ]
