PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
# Modules, not scripts: the first line of a script names a folder, and the checkout may have been moved.
RUN := $(BIN)/python -m
# A Node that came as a Python wheel lies beside Python.
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix static
LOCK := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet

.DEFAULT_GOAL := help
.PHONY: help run setup check test chaos mutants bench contract lock format

help: ## Show what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: ## Install what is missing, then start Baton on http://127.0.0.1:8000
	@$(PYTHON) bootstrap.py run
	@PORT=$(PORT) exec $(BIN)/python manage.py up

setup: ## Install everything that tests and checks need
	@$(PYTHON) bootstrap.py develop

check: setup ## Lint, types, import rules, size budget, generated contract
	@$(RUN) ruff check .
	@$(RUN) ruff format --check --quiet .
	@$(RUN) mypy
	@$(BIN)/python -c "from importlinter.cli import lint_imports_command as lint; lint()" --no-logo
	@$(RUN) pytest -q tests/architecture
	@$(BIN)/python manage.py write_contract --check
	@$(NPM) run --silent lint
	@$(NPM) run --silent types

# Tests over processes mostly wait: more of them at a time than there are cores, each with servers of its own. Long ones first.
# Journeys and neighbours mind the clock: they have the machine to themselves. All others share it.
WAITING := tests/orchestrator tests/faults tests/runs/live tests/runs/worker
ALONE := tests/journeys tests/runs/test_neighbours.py

test: setup ## The whole suite: engine, rooms on both databases, browser; TESTS=... for a part of it
	@$(NPM) test --silent
ifdef TESTS
	@$(RUN) pytest $(TESTS)
else
	@$(RUN) coverage erase
	@$(RUN) coverage run -m pytest -q -n 2 --dist loadfile --durations=10 $(WAITING:%=--ignore=%) $(ALONE:%=--ignore=%)
	@$(RUN) coverage run -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder --durations=10 $(WAITING)
	@$(RUN) coverage run -m pytest -q --durations=10 $(ALONE)
	@$(RUN) coverage combine -q
	@$(RUN) coverage report --skip-covered --include='orchestrator/engine/*' --fail-under=98
	@$(RUN) coverage report --skip-covered --omit='orchestrator/engine/*' --fail-under=90
endif

chaos: setup ## Long fault tests
	@CRASH_EXAMPLES=300 $(RUN) pytest -q tests/engine/execution/test_recovery.py
	@$(RUN) pytest -m chaos -s

mutants: setup ## Break the code on purpose and list the changes that no test notices; MUTANTS="orchestrator.engine.log*" for a part
	@$(RUN) mutmut run $(MUTANTS) ; $(RUN) mutmut results

bench: setup ## Measure, print a table, write bench-results.json
	@$(RUN) benchmarks

contract: setup ## Write the browser's types from the Python definitions
	@$(BIN)/python manage.py write_contract

lock: ## Renew the hash-locked requirements
	@uv pip compile pyproject.toml $(LOCK) -o requirements/base.txt
	@uv pip compile pyproject.toml --extra dev $(LOCK) -c requirements/base.txt -o requirements/dev.txt
	@uv pip compile requirements/node.in $(LOCK) -o requirements/node.txt
	@uv pip compile requirements/installer.in $(LOCK) -o requirements/installer.txt

format: ## Format the code
	@$(RUN) ruff check --fix --quiet . ; $(RUN) ruff format --quiet .
