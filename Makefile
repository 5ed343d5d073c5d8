# Everything starts here; needs nothing but make and Python 3.11, 3.12 or 3.13.
#   make refresh   set up, run the main job, publish warehouse/kommunlager.duckdb
#   make test      set up, run the tests but the slow ones
#   make test-all  all tests, as CI does
#   make readers   older and newer DuckDBs for the tests that read with them (skipped without; 300 MB)
#   make ui        Dagster's UI        make lint     what CI checks beside the tests
#   make site      the published warehouse as web pages, site/index.html, with the handbook in site/handbook
#   make docs      the handbook as web pages, build/docs/index.html
#   make bench     docs/benchmarks.md  make lock     pin the newest versions that fit
#   make accuracy  docs/accuracy.md: what is read of real documents, where they are beside the checkout
#   make soak      kill refreshes, read through publications, compare incremental and full, serve among
#                  hostile clients, for half an hour
#   make clean     remove what can be made again (not the published warehouse)

# Bytecode is kept, even where an image says otherwise: without it every start compiles hundreds of modules again.
unexport PYTHONDONTWRITEBYTECODE
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
INSTALL = $(BIN)/python -m pip install -qq --disable-pip-version-check

# Modules of tests in two processes, each with the warehouse of its session: tests start programs and wait for them.
# PYTEST_ARGS=-n0 runs them one after the other.
AT_ONCE := --numprocesses 2 --dist loadfile

.PHONY: refresh test test-all readers ui site docs lint soak accuracy bench lock clean setup setup-dev
.DEFAULT_GOAL := refresh

refresh: $(VENV)/.run
	@$(BIN)/kommunlager refresh

ui: $(VENV)/.run
	@$(BIN)/kommunlager ui

site: $(VENV)/.run docs
	@$(BIN)/kommunlager site --handbook build/docs

docs: $(VENV)/.run $(VENV)/.docs
	@$(BIN)/python tools/handbook.py

test: $(VENV)/.dev
	@$(BIN)/python -m pytest $(AT_ONCE) -m "not slow" $(PYTEST_ARGS)

test-all: $(VENV)/.dev
	@$(BIN)/python -m pytest $(AT_ONCE) $(PYTEST_ARGS)

# Other versions of DuckDB, each in a folder of its own, for the tests that read the warehouse with them.
readers: $(VENV)/.readers

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	KOMMUNLAGER_WORKING_FILE=:memory: $(BIN)/sqlfluff lint --disable-progress-bar --processes 2 dbt

# A hundred killed refreshes, each followed by one that is left alone and one of everything; a publication with each of
# its file-system calls failing and being the last; readers through many publications;
# clients of the server among hostile ones. `make test-all` runs a short form.
soak: $(VENV)/.dev
	@KOMMUNLAGER_SOAK_KILLS=100 KOMMUNLAGER_SOAK_READERS=20 KOMMUNLAGER_SOAK_PUBLISHES=50 KOMMUNLAGER_SOAK_FAULTS=1 \
		KOMMUNLAGER_SOAK_DAEMON=1 KOMMUNLAGER_SOAK_SERVING=300 KOMMUNLAGER_TEST_TURNS=12 \
		KOMMUNLAGER_GROWTH_CHARACTERS=250000 $(BIN)/python -m pytest -s tests/test_soak.py tests/test_faults.py \
		tests/test_incremental.py tests/test_extract_growth.py tests/test_daemon.py \
		tests/test_serving.py::test_many_clients_through_publications_among_hostile_ones $(PYTEST_ARGS)

# Real documents and ICDAR's are read where they are beside the checkout.
accuracy: $(VENV)/.dev
	@$(BIN)/python tools/accuracy.py $(ACCURACY_ARGS)

bench: $(VENV)/.bench
	@$(BIN)/python tools/bench.py

setup: $(VENV)/.run
setup-dev: $(VENV)/.dev

# One universal lock for all supported versions of Python; the shared parts of both files are the same.
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --custom-compile-command "make lock" --upgrade
lock: $(VENV)/.dev
	$(LOCK) pyproject.toml --group build --group dev --output-file requirements-dev.lock
	$(LOCK) pyproject.toml --group build --constraint requirements-dev.lock --output-file requirements.lock
	$(LOCK) --group pyproject.toml:bench --constraint requirements-dev.lock --output-file requirements-bench.lock
	$(LOCK) --group pyproject.toml:docs --output-file requirements-docs.lock

clean:
	rm -rf $(VENV) dbt/target dbt/logs logs warehouse/.state .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- set-up: each stamp says that the environment holds what its lock says ---------------------------------------------

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/pyvenv.cfg
	@echo "Installing what development needs (a minute or two, once)"
	@$(INSTALL) --require-hashes --no-deps --no-compile --requirement requirements-dev.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null 2>&1 || true # some packages ship files of other Pythons
	@touch $(VENV)/.run $@

# Readers that the benchmarks run beside ours.
$(VENV)/.bench: requirements-bench.lock $(VENV)/.dev
	@$(INSTALL) --require-hashes --no-deps --no-compile --requirement requirements-bench.lock
	@touch $@

# What builds the handbook, in an environment of its own: it and dbt want other versions of one package.
$(VENV)/.docs: requirements-docs.lock | $(VENV)/pyvenv.cfg
	@$(BIN)/python -m venv --clear $(VENV)/docs
	@$(VENV)/docs/bin/python -m pip install -qq --disable-pip-version-check --require-hashes --no-deps \
		--requirement requirements-docs.lock
	@touch $@

READERS := $(wildcard tests/readers/*.lock)
$(VENV)/.readers: $(READERS) $(VENV)/.dev
	@echo "Installing the DuckDBs that tests read with"
	@rm -rf $(VENV)/readers
	@for lock in $(READERS); do \
		$(INSTALL) --require-hashes --no-deps --no-compile --target $(VENV)/readers/$$(basename $$lock .lock) \
			--requirement $$lock || exit 1; \
	done
	@touch $@

$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/pyvenv.cfg
	@echo "Installing (a minute or two, once)"
	@$(INSTALL) --require-hashes --no-deps --no-compile --requirement requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null 2>&1 || true
	@touch $@

# Tried by running: a name on the path may be a stub that only says that this version is not there.
$(VENV)/pyvenv.cfg:
	@for python in "$(PYTHON)" python3.13 python3.12 python3.11 python3 python; do \
		if [ -n "$$python" ] && "$$python" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
			>/dev/null 2>&1; then \
			echo "Making $(VENV) with $$("$$python" --version)"; \
			"$$python" -m venv $(VENV) && exit 0; \
		fi; \
	done; \
	rm -rf $(VENV); \
	echo "kommunlager needs Python 3.11, 3.12 or 3.13 with venv (on Debian: apt install python3-venv)." >&2; \
	echo "None was found on the path; name one with: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; \
	exit 1

# --- reading with other tools ------------------------------------------------------------------------------------------
#   make superset-bundle [SEEN_AS=/path/where/superset/sees/it.duckdb]   build/kommunlager-superset.zip
#   make check-superset    imports it into a real Superset and opens it in a real browser (large: 830 MB)
.PHONY: superset-bundle check-superset

superset-bundle: $(VENV)/.run
	@$(BIN)/python tools/superset_bundle.py $(if $(SEEN_AS),--seen-as $(SEEN_AS))

check-superset: $(VENV)/.dev
	@$(BIN)/python tools/check_superset.py
