# make run     install what is missing, start the daemon on LIBRARY=…, show what it did
# make test    all tests, as CI runs them
# make check   lint, types, import contracts, unit tests: green at every commit
# make test-faults   has calls fail, disks fill up and processes die while PAC writes; up to two hours
# make bench   speed and memory beside the bare tools
# make soak    a random life of an hour, or of MINUTES: all exact, memory flat; needs root
# make bench-scale   100,000 real files, a storm, a lost database, 1,000,000 on record; an hour
# make bench-authenticity   how often the detector of fake lossless errs; an hour the first time
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
LIBRARY ?=
PURE := tests/unit tests/test_architecture.py tests/test_house_rules.py tests/test_writing_rules.py
MINUTES ?= 60
# Some containers say otherwise, and each process that a test starts would compile PAC anew.
export PYTHONDONTWRITEBYTECODE =

.PHONY: run test check static bench bench-scale test-faults soak bench-authenticity lock format clean

run: $(BIN)/.installed
	@scripts/install-tools run
	@$(BIN)/python -m scripts.run $(if $(LIBRARY),--library "$(LIBRARY)")

test: static
	@scripts/install-tools test
	$(BIN)/pytest -q -n 4 --dist loadfile $(PURE) tests/contract tests/integration tests/e2e

check: static
	@scripts/install-tools run
	$(BIN)/pytest -q -n 2 $(PURE)

static: $(BIN)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test-faults: $(BIN)/.installed
	@scripts/install-tools test
	$(BIN)/python -m faults.faults
	$(BIN)/python -m faults.links
	$(BIN)/python -m faults.api
	$(BIN)/python -m faults.watching
	$(BIN)/pytest -q tests/thorough
	PAC_MUTATIONS=250 $(BIN)/pytest -q tests/integration/engine/test_memory.py
	PAC_LONG=10 $(BIN)/pytest -q tests/integration/engine/test_collectors_year.py

bench: $(BIN)/.installed
	@scripts/install-tools test
	$(BIN)/python -m bench.bench

soak: $(BIN)/.installed
	@scripts/install-tools test
	$(BIN)/python -m faults.soak --minutes $(MINUTES)

bench-scale: $(BIN)/.installed
	@scripts/install-tools test
	$(BIN)/python -m bench.scale

bench-authenticity: $(BIN)/.installed
	@scripts/install-tools bench
	$(BIN)/python -m bench.authenticity

format: $(BIN)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Resolves the newest versions that pyproject.toml allows; commit the result.
COMPILE = $(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras \
    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options --no-header
lock: $(BIN)/.installed
	$(COMPILE) --extra dev --output-file requirements.lock pyproject.toml
	$(COMPILE) --output-file requirements-linter.lock - <<<'import-linter>=2.5'

# What import-linter brings (rich) lies apart: structlog would load it, which no user's PAC does.
$(BIN)/.installed: requirements.lock requirements-linter.lock pyproject.toml
	@scripts/install-tools python
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --require-hashes --target .venv/linter -r requirements-linter.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

clean:
	rm -rf .venv demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
