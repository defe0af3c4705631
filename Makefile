# The two commands of the README, and what a developer runs beside them.
# Each sets up its own environment in .venv on first use.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

FUZZ_SECONDS ?= 60

.PHONY: demo test test-long check format bench fuzz clean

demo: $(STAMP)          ## watch a conversation planned, created, changed and imported
	@$(BIN)/python docs/demo.py

test: check             ## lint, types and the test suite (minutes)
	$(BIN)/pytest -n 2 -m "not long"

test-long: check        ## everything, with the long sweeps; writes the page of what they held
	$(BIN)/pytest -n 2 --dist worksteal --publish=docs/reference/reliability.md

check: $(STAMP)         ## lint and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)        ## write the code in the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)         ## time and memory, printed as tables
	$(BIN)/python -m benchmarks

fuzz: $(VENV)/.fuzz     ## look for bytes that break a reader: FUZZ="expression number", FUZZ_SECONDS=600
	PYTHONPATH=tests $(BIN)/python -m fuzz --seconds $(FUZZ_SECONDS) $(FUZZ)

clean:                  ## remove the environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .fuzz

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(STAMP)

# atheris is fetched only for this: it has wheels for Linux alone, and nothing else needs it.
$(VENV)/.fuzz: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	@touch $(VENV)/.fuzz
