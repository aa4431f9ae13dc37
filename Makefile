# Two commands are enough: `make demo` and `make test`. Each makes .venv from the locks, then runs.
# Another Python: make PYTHON=python3.12 test

PYTHON ?= python3
BIN    := .venv/bin
ARGS   ?=
JOBS   ?= 2
SIDE   := -n $(JOBS) --dist loadfile
NODE   := tests/support/oidc-provider

.DEFAULT_GOAL := help
.PHONY: help demo demo-compose test unit integration scenarios conformance lint format types floors lock generate bench bench-quick compiled test-compiled faults wheel wheel-compiled extras clean setup setup-lint node

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo:  ## start the demo and take the tour (ONCE=1: end after it)
	@$(PYTHON) tools/setup.py runtime
	@$(BIN)/ostiary demo $(if $(ONCE),--once) $(ARGS)

test: setup node  ## run every test; neighbours that are not there are skipped, loudly (JOBS=2 at a time)
	@$(BIN)/pytest -ra $(SIDE) $(ARGS)

unit: setup  ## run the unit tests only
	@$(BIN)/pytest $(SIDE) tests/unit $(ARGS)

integration: setup node  ## run the tests against real neighbours only
	@$(BIN)/pytest -ra $(SIDE) -m integration $(ARGS)

scenarios: setup  ## run the examples with certificates on real parts: openssl, curl, nginx
	@$(BIN)/pytest -ra tests/integration/test_scenarios.py tests/integration/test_rewriting.py $(ARGS)

demo-compose:  ## a bank, Keycloak, the gateway and an old service in containers (needs Docker; end it: docker compose -f deploy/compose/compose.yaml down -v)
	@docker compose -f deploy/compose/compose.yaml build && docker compose -f deploy/compose/compose.yaml run --rm bank

compiled:  ## make .venv-compiled: the same sources, the data path in machine code (needs a C compiler)
	@$(PYTHON) tools/setup.py --compiled test

test-compiled: compiled  ## run the tests of the data path on the compiled modules
	@.venv-compiled/bin/pytest -q tests/unit tests/integration/test_edges.py tests/integration/test_attacks.py $(ARGS)

wheel:  ## build the wheel and the source distribution into dist/
	@$(PYTHON) tools/setup.py runtime
	@$(BIN)/hatchling build -d dist

wheel-compiled:  ## build a wheel with the data path in machine code, for this Python and machine, into dist/ (needs a C compiler)
	@$(PYTHON) tools/setup.py compile
	@OSTIARY_COMPILE=1 $(BIN)/hatchling build -t wheel -d "$(CURDIR)/dist"

extras:  ## install each extra alone into an environment of its own (some minutes, needs a package index)
	@$(PYTHON) tools/setup.py runtime
	@$(BIN)/python tools/extras.py $(ARGS)

conformance: setup  ## run other people's test vectors only
	@$(BIN)/pytest -ra -m conformance $(ARGS)

lint: setup-lint  ## check style, types, floors, locks and generated files
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python tools/lock.py --check
	@$(BIN)/python tools/generate.py --check

format: setup-lint  ## format the code
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

types: setup-lint  ## check the types
	@$(BIN)/mypy

floors: setup-lint  ## check that imports go downwards only
	@$(BIN)/lint-imports

lock: setup-lint  ## compile the locks in requirements/ anew
	@$(BIN)/python tools/lock.py

generate: setup-lint  ## write the schema and the pages that are made from the code
	@$(BIN)/python tools/generate.py

bench: setup compiled  ## measure, all peers side by side (about 40 minutes; as root it installs what is missing)
	@$(BIN)/python -m benchmarks --install $(ARGS)

bench-quick: setup compiled  ## measure for two to three minutes
	@$(BIN)/python -m benchmarks --quick $(ARGS)

faults: setup  ## play every fault scenario (about half an hour), write the figures into docs/operations.md
	@$(BIN)/python -m benchmarks.faults --document docs/operations.md $(ARGS)

clean:  ## remove what these commands have made; a vault of yours in var/ stays
	rm -rf .venv .venv-compiled .tools var/demo var/demo.yaml certs/dev .coverage htmlcov dist build $(NODE)/node_modules
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

# --- what the commands above stand on -----------------------------------------------------------

setup:
	@$(PYTHON) tools/setup.py test

setup-lint:
	@$(PYTHON) tools/setup.py test lint

# A real OpenID provider, written by others; without npm, or where it fails, its tests are skipped.
node:
	@if [ -f $(NODE)/package-lock.json ] && command -v npm >/dev/null; then \
	  if [ ! -e $(NODE)/node_modules/.package-lock.json ] || [ $(NODE)/package-lock.json -nt $(NODE)/node_modules/.package-lock.json ]; \
	  then echo "set-up: $(NODE)"; [ -w "$${HOME:-/nowhere}" ] || export npm_config_cache="$(CURDIR)/.tools/npm"; \
	  (cd $(NODE) && npm ci --no-audit --no-fund --no-update-notifier --loglevel=error </dev/null) || \
	  echo "set-up: npm has failed; the tests with oidc-provider are skipped"; fi; fi
