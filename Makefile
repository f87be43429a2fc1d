# Only Python 3.11+ and make are needed; everything else is installed below .venv/ and runs below var/.
.DEFAULT_GOAL := help
.PHONY: help venv demo up down test test-distributed audit coverage bench soak chaos e2e-payables bench-divisions bench-overhead lint secrets lock
.DELETE_ON_ERROR:
unexport PYTHONDONTWRITEBYTECODE  # without bytecode, every Airflow process compiles Airflow anew

PYTHON ?= python3
WORKERS ?= 2
SOAK_MINUTES ?= 60
COMPANIES ?= 500
REPEATS ?= 3
BIN := .venv/bin
INSTALLED := .venv/.installed
PAGE := $(patsubst %,plugins/exactsync_airflow/%/www,accounting_setup exports sync_health) tests/page
PEERS := .venv/bench
PIP_AUDIT := pip-audit==2.10.1
PAGE_TOOLS := .venv/page/node_modules
UV_LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-annotate --no-emit-index-url \
	--custom-compile-command "make lock"

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(INSTALLED) ## Two real syncs and a month of payables, between simulations and a real PostgreSQL, by a real Airflow
	@$(BIN)/python -m exactsync.demo

up: $(INSTALLED) ## Start the demo's stack and leave it running: prints the address and the login
	@$(BIN)/python -m exactsync.demo up

down: $(INSTALLED) ## Stop what `make up` started
	@$(BIN)/python -m exactsync.demo down

test: lint ## Lint, types, import rules and all tests
	$(BIN)/pytest --numprocesses $(WORKERS)

test-distributed: $(INSTALLED) ## Two Celery workers, one of them killed midway: what docker-compose.yaml says, as processes
	@$(BIN)/python -m tests.distributed

coverage: $(INSTALLED) $(PAGE_TOOLS)/.installed ## All tests again, twice as slow, with a floor under branch coverage
	$(BIN)/pytest --numprocesses $(WORKERS) --cov --cov-report term:skip-covered

bench: $(INSTALLED) $(PEERS)/.installed ## Loads measured against dlt, pandas and the floor; QUICK=1 with few rows
	@$(BIN)/python -m tests.bench --peers $(PEERS)/bin/python $(if $(QUICK),--quick)

soak: $(INSTALLED) ## The long tortures: kills, faults, sabotage, for SOAK_MINUTES (60) at most
	@$(BIN)/python -m tests.torture.soak --minutes $(SOAK_MINUTES)

chaos: $(INSTALLED) ## 12 faults around syncs and exports, REPEATS (3) of each; ONLY="WorkerKilled …" for some
	@$(BIN)/python -m tests.chaos --repeats $(REPEATS) $(if $(ONLY),--only $(ONLY))

bench-divisions: $(INSTALLED) ## How long the main job takes for COMPANIES (500) small companies without news
	@$(BIN)/python -m tests.bench.divisions --companies $(COMPANIES)

bench-overhead: $(INSTALLED) ## What the parse of our DAGs, and tasks without news, take beyond Airflow's least
	@$(BIN)/python -m tests.bench.overhead

e2e-payables: $(INSTALLED) ## 500 payables of every type, 60 of them faulty, from Spendesk to Exact by a real scheduler
	$(BIN)/pytest tests/e2e/payables/five_hundred.py

lint: $(INSTALLED) $(PAGE_TOOLS)/.installed ## Lint, format, types and import rules only
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/node $(PAGE_TOOLS)/prettier/bin/prettier.cjs --check --print-width 120 --log-level warn $(PAGE)
	$(BIN)/node $(PAGE_TOOLS)/typescript/bin/tsc --project tests/page

audit: $(INSTALLED) ## Known vulnerabilities of whatever is installed; asks public databases, so it needs the internet
	@$(BIN)/uv tool run --quiet --from $(PIP_AUDIT) pip-audit --strict --disable-pip --no-deps --progress-spinner off \
		--requirement requirements.txt --requirement tests/bench/requirements.txt
	@mkdir -p .venv/audit && cp tests/page/package.json .venv/audit/
	@$(BIN)/npm install --prefix .venv/audit --package-lock-only --no-audit --no-fund --silent
	@$(BIN)/npm audit --prefix .venv/audit --package-lock-only

secrets: ## Make the secrets that docker-compose.yaml reads, below secrets/; those that exist stay
	@$(PYTHON) deploy/make_secrets.py

lock: $(INSTALLED) ## Resolve requirements*.in into requirements*.txt; UPGRADE=1 takes the newest versions
	$(UV_LOCK) $(if $(UPGRADE),--upgrade) requirements-dev.in -o requirements.txt
	$(UV_LOCK) --constraints requirements.txt requirements.in -o requirements-production.txt

venv: $(INSTALLED) ## Install everything into .venv/ (the other targets do so by themselves)

$(INSTALLED): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; say which one with PYTHON=..." >&2; exit 1; }
	@echo "Installing into .venv/ ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode -r requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@rm -rf exactsync.egg-info
	@touch $@

$(PAGE_TOOLS)/.installed: tests/page/package.json | $(INSTALLED)
	@mkdir -p .venv/page && cp $< .venv/page/
	@$(BIN)/npm install --prefix .venv/page --no-package-lock --no-audit --no-fund --silent
	@touch $@

$(PEERS)/.installed: tests/bench/requirements.txt | $(INSTALLED)
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(PEERS)
	@$(BIN)/uv pip install --quiet --python $(PEERS)/bin/python --compile-bytecode -r $<
	@touch $@
