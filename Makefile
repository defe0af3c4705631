# The two commands of the README, and what a developer runs beside them.
# Each sets up its own environment in .venv on first use.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: demo test test-long check format bench clean

demo: $(STAMP)          ## watch a conversation planned, created, changed and imported
	@$(BIN)/python docs/demo.py

test: check             ## lint, types and the test suite (minutes)
	$(BIN)/pytest -n 2 -m "not long"

test-long: check        ## everything, with the long sweeps
	$(BIN)/pytest -n 2

check: $(STAMP)         ## lint and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)        ## write the code in the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)         ## time and memory, printed as tables
	$(BIN)/python -m benchmarks

clean:                  ## remove the environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(STAMP)
