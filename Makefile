.DEFAULT_GOAL := help
.PHONY: help run test check train i18n faults bench demo keys setup

help: ## what can be made
	@grep -E '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: ## install both environments from the lock files
	@ops/setup

run: setup ## start everything on this machine
	@.venv/bin/python -m ops.run

test: setup ## everything that the tests need, then the tests
	@.venv/bin/python -m ops.test

check: setup ## style, types, catalogues, architecture
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/mypy
	@.venv/bin/python -m ops.content
	@.venv/bin/python -m ops.variety check
	@.venv/bin/python -m ops.i18n check
	@.venv/bin/python -m ops.knowledge check
	@.venv/bin/python -m ops.docs check
	@.venv/bin/python -m pytest -q tests/test_architecture.py tests/test_docs.py tests/test_catalogues.py

train: setup ## train the assistant, if the data changed
	@bot/.venv/bin/python bot/train.py

i18n: setup ## extract, merge and compile the catalogues, and report
	@.venv/bin/python -m ops.i18n update

faults: setup ## the long form of the fault tests: 200 schedules of kills, a database locked for 30 seconds, 10,000 spoilt requests
	@FAULT_SCHEDULES=200 FAULT_LOCK_SECONDS=30 FAULT_MUTATIONS=10000 .venv/bin/python -m ops.test -q tests/faults

bench: setup ## measure, beside stock Rasa where there is something to compare
	@.venv/bin/python -m bench

demo: setup ## a scripted conversation through the running product
	@.venv/bin/python -m ops.demo

keys: setup ## write a .env with fresh keys, if there is none
	@.venv/bin/python -m ops.keys
