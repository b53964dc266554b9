# `make demo` and `make test` do all the set-up that they need on a fresh machine: Python 3.11+ with venv, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# uv installs several times faster; pip is always there.
UV := $(shell command -v uv 2>/dev/null)
INSTALL = $(if $(UV),UV_FIND_LINKS="$${PIP_FIND_LINKS:-}" VIRTUAL_ENV=$(VENV) uv pip install -q --compile-bytecode,$(BIN)/pip install -q --disable-pip-version-check) -c constraints.txt

export MLFLOW_DISABLE_TELEMETRY := 1

.PHONY: help demo test check format docs bench bench-automl clean

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.train: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing mlwright[train] into $(VENV) ..."
	@$(INSTALL) -e '.[train]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing mlwright[train,dev] into $(VENV) ..."
	@$(INSTALL) -e '.[train,dev]'
	@touch $@ $(VENV)/.train

demo: $(VENV)/.train  ## from a brief to a verified delivery, on a bundled table
	@$(BIN)/mlwright run examples/tumour/brief.yaml --out deliveries/tumour
	@$(BIN)/mlwright verify deliveries/tumour

test: $(VENV)/.dev  ## every test
	@$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(VENV)/.dev  ## format, lint, types, layers
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports
	@$(BIN)/pyright

format: $(VENV)/.dev  ## format and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: $(VENV)/.dev  ## write the generated parts of the documents
	@$(BIN)/python docs/generate.py

bench: $(VENV)/.dev  ## measure speed and size; writes docs/benchmarks.md
	@$(BIN)/python -m bench.run

# Hours on two cores; what was measured is kept, so it goes on where it was stopped.
AUTOML ?= --systems mlwright,autogluon,mljar,flaml,lightgbm --tables core --budgets 60 --seeds 0,1,2
bench-automl: $(VENV)/.dev  ## compare with other AutoML systems; writes docs/benchmarks.md
	@$(BIN)/python -m bench.automl run $(AUTOML) --out runs/automl.jsonl
	@$(BIN)/python -m bench.automl table runs/automl.jsonl --keep

clean:
	rm -rf $(VENV) runs deliveries .pytest_cache .ruff_cache
