# Everything that a machine with Python 3.11, make and apt needs is installed by these steps.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Each process of the tests would load these two plugins, and none uses them.
PYTEST := $(BIN)/pytest -p no:nbval -p no:schemathesis
# Many tests wait for a server or a pause more than they compute.
WORKERS := 3
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Hundreds of processes start in the tests; without bytecode each compiles everything it imports.
unexport PYTHONDONTWRITEBYTECODE

# What the tests of TeX, the browser and the gateway need (libatomic1: playwright); pandoc comes with pypandoc_binary.
PACKAGES := chromium-headless-shell libatomic1 fonts-dejavu-core fonts-droid-fallback poppler-utils texlive-latex-base texlive-latex-recommended \
	texlive-luatex texlive-bibtex-extra texlive-publishers biber lmodern postgresql nginx

.PHONY: help audit fuzz demo lab labextension test test-long lint types frontend unit notebooks browser coverage pictures docs lowest dist bench profile system clean checks audited compiled tutorials documents environment load

# uv installs in seconds what pip needs minutes for; where it cannot, pip does it.
INSTALL := scripts/install $(BIN)/python

help:  ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "hubdoi needs Python 3.11 or newer; name one with: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml $(wildcard jupyter-config/server-config/*.json) | $(BIN)/python
	@echo "Installing hubdoi and JupyterLab into $(VENV); a minute or two …"
	@$(INSTALL) -e '.[all]'
	@touch $@

$(VENV)/.test: pyproject.toml $(wildcard jupyter-config/server-config/*.json) | $(BIN)/python
	@echo "Installing hubdoi and what its tests need into $(VENV); a minute or two …"
	@$(INSTALL) -e '.[test]'
	@touch $@ $(VENV)/.demo $(VENV)/.labextension

demo: $(VENV)/.demo  ## mint, regenerate and cite on the sandbox, in a real notebook
	@$(BIN)/python scripts/demo.py

$(VENV)/.labextension: pyproject.toml | $(VENV)/.demo
	@echo "Installing Node into $(VENV) …"
	@$(INSTALL) -e '.[labextension]'
	@touch $@

labextension: $(VENV)/.labextension  ## the JupyterLab extension, built with a Node of this environment
	@$(BIN)/python scripts/labextension.py

lab: $(VENV)/.demo labextension  ## open the executed notebook in JupyterLab
	@$(BIN)/python scripts/lab.py

system:  ## Chromium and TeX, which the tests use (Debian; as root or with sudo)
	@scripts/system-packages $(PACKAGES)

# Two cores are busy all the time: Debian's packages come while others compute, and the audit does
# little but wait for answers.
test:  ## everything, from nothing
	@$(MAKE) --no-print-directory -j5 -O system checks tutorials documents audited
	@$(MAKE) --no-print-directory -j2 -O unit browser

# One after the other: two installations into one environment at once damage it.
environment:
	@$(MAKE) -s $(VENV)/.test
	@$(MAKE) -s $(VENV)/.labextension
	@$(MAKE) -s $(VENV)/.docs

checks: environment
	@$(MAKE) --no-print-directory lint types frontend compiled

tutorials: environment
	@$(MAKE) --no-print-directory notebooks

documents: environment
	@$(MAKE) --no-print-directory docs load

audited: environment
	@$(MAKE) --no-print-directory audit

# Each process of the tests would compile everything that they import by itself, all at once.
# Where that fails, the tests themselves say why.
compiled: $(VENV)/.test
	@$(PYTEST) -q --collect-only --ignore=tests/browser >/dev/null || true

lint: $(VENV)/.test  ## ruff, and the layers of the imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache

audit: $(VENV)/.test  ## bandit on what is shipped, and known vulnerabilities of what is installed
	@$(BIN)/bandit -q -c pyproject.toml -r src scripts
	@$(BIN)/python scripts/audit.py

frontend: $(VENV)/.test labextension  ## the JupyterLab extension: ESLint, Prettier, tsc, its unit tests
	@$(BIN)/python scripts/labextension.py lint
	@$(BIN)/python scripts/labextension.py test

types: $(VENV)/.test  ## mypy --strict; the tests too
	@$(BIN)/mypy

unit: $(VENV)/.test system  ## the tests without a browser
	@$(PYTEST) -n $(WORKERS) --ignore=tests/browser

test-long: $(VENV)/.test system  ## the same with sixteen times as many made-up inputs
	@$(PYTEST) -n $(WORKERS) --ignore=tests/browser --hypothesis-profile=long --timeout=7200

SECONDS := 60
fuzz: $(VENV)/.test  ## every parser, with made-up inputs, for some seconds: make fuzz SECONDS=60
	@$(BIN)/python scripts/fuzz.py $(SECONDS)

coverage: $(VENV)/.test system  ## lines and branches that the tests without a browser reach
	@$(PYTEST) -q -n $(WORKERS) --ignore=tests/browser --cov --cov-report=term:skip-covered --cov-report=html

notebooks: $(VENV)/.test  ## the tutorials, cell by cell
	@scripts/test-notebooks

browser: $(VENV)/.test labextension system  ## real JupyterLab in Chromium
	@$(PYTEST) tests/browser

pictures: $(VENV)/.test labextension system  ## the pictures of README and docs, from the browser tests
	@HUBDOI_PICTURES=docs/pictures $(BIN)/pytest tests/browser -k picture
	@HUBDOI_PICTURES=$(CURDIR)/docs/pictures $(BIN)/pytest tests/citation/test_latex.py tests/citation/test_typeset.py

docs: $(VENV)/.docs  ## the documentation, into docs/_build/html; a warning is an error
	@$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

$(VENV)/.docs: pyproject.toml | $(BIN)/python
	@$(INSTALL) -e '.[docs]'
	@touch $@

lowest: $(VENV)/.test  ## the sandbox with the lowest huggingface_hub that is allowed
	@scripts/lowest

dist: $(VENV)/.test  ## sdist and wheel, and the wheel tried in an empty environment
	@scripts/dist

benchmarks/.own/.ready: pyproject.toml
	@$(PYTHON) -m venv benchmarks/.own
	@scripts/install benchmarks/.own/bin/python -e '.[bench]'
	@touch $@

benchmarks/.peers/.ready: benchmarks/peers.txt
	@$(PYTHON) -m venv benchmarks/.peers
	@scripts/install benchmarks/.peers/bin/python -r benchmarks/peers.txt
	@touch $@

bench: benchmarks/.own/.ready benchmarks/.peers/.ready  ## side by side with what people use instead; some ten minutes
	@benchmarks/.own/bin/python -m benchmarks

# It is far from its bound: for a test it needs no environment of its own.
load: $(VENV)/.test benchmarks/.peers/.ready
	@$(BIN)/python -m benchmarks load

profile: benchmarks/.own/.ready benchmarks/.peers/.ready  ## where the time goes, as a flame graph: make profile NAME=load
	@benchmarks/.own/bin/python -m benchmarks.flame $(NAME)

clean:  ## remove what was made
	@rm -rf $(VENV) .demo .hypothesis .mypy_cache .pytest_cache .ruff_cache dist docs/_build htmlcov \
		benchmarks/.own benchmarks/.peers benchmarks/.profiles labextension/node_modules src/hubdoi/labextension
