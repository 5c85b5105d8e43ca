# Everything a newcomer runs. Each target does its own set-up.
PYTHON ?= python3
BIN := .venv/bin
# Where this is set, every process would compile pandas and great-expectations anew: 5 s each.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test ui stop lint bench clean

setup: .venv/ready  ## Python environment in .venv, exactly as locked; dbt manifest

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "Tieout needs Python 3.11, this is " + sys.version)'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --link-mode copy -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	$(BIN)/python -c 'from resources.transform import project; project()'
	touch $@

demo: setup  ## The whole circle on the sandbox, with a short account at the end
	$(BIN)/python -m pipelines.sandbox.demo

test: setup  ## Every test, or those of TESTS="..."
	$(BIN)/python -m pytest $(TESTS)

ui: setup  ## The Dagster UI and daemon on the demo's connections; the sandbox beside it
	$(BIN)/python -m schedules.ui

stop:  ## Stop the demo's sandbox
	$(BIN)/python -m pipelines.sandbox.demo --stop

lint: setup  ## ruff, mypy, import-linter, sqlfluff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint dbt_project/models dbt_project/tests

bench: setup  ## README's performance table
	$(BIN)/python -m benchmarks

clean:
	rm -rf data .venv dbt_project/target
