PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
LOCK := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet

.DEFAULT_GOAL := help
.PHONY: help run setup check test chaos bench contract lock format

help: ## Show what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: ## Install what is missing, then start Baton on http://127.0.0.1:8000
	@$(PYTHON) bootstrap.py run
	@PORT=$(PORT) exec $(BIN)/python manage.py up

setup: ## Install everything that tests and checks need
	@$(PYTHON) bootstrap.py develop

check: setup ## Lint, types, import rules, size budget, generated contract
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest -q tests/architecture
	@$(BIN)/python manage.py write_contract --check
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix static run --silent lint
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix static run --silent types

test: setup ## The whole suite: engine, rooms on both databases, browser
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix static test --silent
	@$(BIN)/python -m pytest

chaos: setup ## Long fault tests
	@CRASH_EXAMPLES=300 $(BIN)/python -m pytest -q tests/engine/test_recovery.py
	@$(BIN)/python -m pytest -m chaos

bench: setup ## Measure, print a table, write bench-results.json
	@$(BIN)/python -m benchmarks

contract: setup ## Write the browser's types from the Python definitions
	@$(BIN)/python manage.py write_contract

lock: ## Renew the hash-locked requirements
	@uv pip compile pyproject.toml $(LOCK) -o requirements/base.txt
	@uv pip compile pyproject.toml --extra dev $(LOCK) -c requirements/base.txt -o requirements/dev.txt
	@uv pip compile requirements/node.in $(LOCK) -o requirements/node.txt

format: ## Format the code
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .
