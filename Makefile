# The verbs of this project. `make demo` and `make test` do all their own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup demo test lint fmt docs bench faults lock clean

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 10

setup: $(READY) ## .venv with the locked packages
$(READY): requirements.lock pyproject.toml
	@echo "Setting up $(VENV) (once; about a minute) ..."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY) ## a simulated city on http://127.0.0.1:8080
	$(BIN)/ausguck demo

test: $(READY) ## set-up, lint and every test
	bash tests/servers/install
	$(MAKE) --no-print-directory lint
	$(BIN)/pytest

lint: $(READY) ## ruff, mypy, imports, sizes, spelling, docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/python -m tests.lint.sizes
	$(BIN)/python -m ausguck.docs --check

fmt: $(READY) ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY) ## write docs/reference anew
	$(BIN)/python -m ausguck.docs

bench: $(READY) ## measure, print JSON
	$(BIN)/python -m bench.run

faults: $(READY) ## 200 kills at random
	$(BIN)/python -m bench.faults

lock: $(READY) ## resolve the packages anew
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --generate-hashes --upgrade -o requirements.lock

clean: ## remove what set-up and tests made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
