# Two commands: `make demo` and `make test`. Both make the environment where it is missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.goldwire-env

.PHONY: env demo test bench pictures clean

env: $(STAMP)

# uv, from the package index like everything else, installs in a fraction of pip's time.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "goldwire needs Python 3.11 or newer; name one: make env PYTHON=python3.12" >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt \
	  --editable '.[studio,fr,dev]'
	touch $@

DEMO_DIR ?= demo
demo: env
	$(BIN)/goldwire demo $(DEMO_DIR) $(DEMO_FLAGS)

# The browser is the system's; on Debian, as root, it is installed where it is missing.
test: env
	@sh tests/browser.sh
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n auto --dist loadgroup --cov --cov-report=term $(PYTEST_FLAGS)

# Speed and memory, beside the peers that can be had: figures, no verdict on the machine.
bench: env
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[bench]'
	$(BIN)/python -m tests.bench.scoring
	$(BIN)/python -m tests.bench.agreement
	$(BIN)/python -m tests.bench.fuzz

clean:
	rm -rf $(VENV) demo .goldwire .pytest_cache .mypy_cache .ruff_cache

# The README's pictures, taken anew in a real browser.
pictures: env
	$(BIN)/python -m tests.browser.pictures
