# The front door. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build

JOBS ?= $(shell nproc)
export JOBS

.PHONY: help
help: ## what each target does
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

.PHONY: bootstrap
bootstrap: ## installs what is missing (Debian 12); quick if nothing is
	@scripts/bootstrap.sh

.PHONY: build
build: bootstrap ## the program, at build/release/muster
	@cmake --preset release >/dev/null
	@cmake --build --preset release -j $(JOBS) --target muster

.PHONY: run
run: build ## a demo in build/demo: the hiring sample, from CSV to reports and rejects
	@scripts/demo.sh build/release/muster build/demo

.PHONY: serve
serve: build ## the REST API on 127.0.0.1:8080 with the sample; SERVE="--listen 127.0.0.1:9000"
	@exec scripts/serve.sh build/release/muster build/serve $(SERVE)

.PHONY: test
test: ## all that CI checks
	@scripts/stages.sh

.PHONY: bench
bench: bootstrap ## whole-program comparisons; BENCH="--rows 1000000 --only validate"
	@cmake --preset release >/dev/null
	@cmake --build --preset release -j $(JOBS) --target muster generate_hiring
	@bench/prepare.sh
	@build/bench/venv/bin/python bench/run.py $(BENCH)
	@build/bench/venv/bin/python bench/api.py

.PHONY: soak
soak: build ## the kill test for long: ROUNDS=2000
	@MUSTER_KILL_ROUNDS=$${ROUNDS:-2000} \
	    .venv/bin/python -m pytest -n $(JOBS) -q tests/e2e/test_kill.py

.PHONY: format
format: bootstrap ## clang-format over all sources
	@git ls-files --cached --others --exclude-standard -- '*.cpp' '*.h' | xargs -r clang-format-14 -i

.PHONY: lint
lint: bootstrap ## clang-format, clang-tidy over everything, the repository's own rules
	@scripts/lint.sh
	@.venv/bin/python tests/tidy/tidy.py

.PHONY: fresh
fresh: ## `make run` in a new Debian 12 in a folder; needs root
	@scripts/fresh.sh

.PHONY: clean
clean: ## removes build/
	@rm -rf build
