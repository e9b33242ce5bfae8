# make book   builds the site           make lab        opens the chapters in JupyterLab
# make test   runs every check          make notebooks  runs the chapters, writes their outputs
# make serve  shows the site            make bench      prints times and sizes
# make assignments   makes student notebooks and autograders
# make decks         makes the slides
# make quizzes       exports the quizzes to Moodle and Canvas
# make pack          makes all three, and zips for instructors and students
# make hub           prints links for a JupyterHub, HUB=https://hub.example.edu
# make mutants       damages the code, all over, to see that something fails
# make same          runs the book with other threads, time zone and language
# make evidence      prints what each item of the sources and each section rests on
# make lint, make format, make clean, make address URL=https://github.com/OWNER/REPO
SHELL := bash
.DEFAULT_GOAL := book
.PHONY: book test mutants same serve lab bench notebooks lint format clean address
.PHONY: assignments decks quizzes pack hub evidence

FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c '$(FITS)' 2>/dev/null && { echo $$p; break; }; done)
PORT ?= 8000

BIN := .venv/bin
PY := $(BIN)/python
READY := .venv/ready
KIT := PYTHONPATH=book:book/_ext $(PY)
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
TORCH := $(shell grep -E "^torch(=|$$)" requirements.txt)
comma := ,
say = { echo "$(1)" >&2; exit 1; }

# What Sphinx says on its way; everything else, warnings above all, is shown.
ESC := $(shell printf '\033')
STEPS := Running|Source|Config|Output|loading|making|myst|Using|sphinx-multitoc|checking|parsing
STEPS := $(STEPS)|reading|building|updating|looking|pickling|preparing|[cC]opying|writing|generating|dumping
STEPS := $(STEPS)|build succeeded|The HTML|Finished|done$$|Your book|\[etoc\]|\[IPKernelApp\]|=====|$$
STEPS := $(STEPS)|You can look|Or paste| +_build/html| +file://
NOISE := ^($(ESC)\[[0-9;]*m)*($(STEPS))|Cached executed notebook|Using cached notebook

# The mark is written last, so a broken-off installation starts afresh.
$(READY): requirements.txt requirements-d2l.txt
	@test -n "$(PYTHON)" || $(call say,Python 3.11$(comma) 3.12 or 3.13 is needed: install one (Debian and Ubuntu: apt install python3 python3-venv) or name yours with PYTHON=/path/to/python.)
	@"$(PYTHON)" -c '$(FITS)' 2>/dev/null || $(call say,$(PYTHON) is not Python 3.11$(comma) 3.12 or 3.13: name one that is with PYTHON=/path/to/python.)
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || $(call say,$(PYTHON) has no venv module: install it (Debian and Ubuntu: apt install python3-venv).)
	@if test -e $@; then rm $@; else "$(PYTHON)" -m venv --clear .venv; fi
	@echo "Installing PyTorch, about 200 MB ..."
# PyPI's Linux build brings gigabytes of CUDA; PyTorch's own index has one without.
# Where that index is out of reach or has nothing, the next line takes PyPI's.
	@test "$$(uname -s)" != Linux || $(PIP) --retries 0 --timeout 20 --index-url https://download.pytorch.org/whl/cpu $(TORCH) 2>/dev/null || true
	@echo "Installing the other packages, about 400 MB ..."
	@$(PIP) -r requirements.txt
	@$(PIP) --no-deps -r requirements-d2l.txt
	@touch $@

book: $(READY)
	@echo "Building the book; chapters that changed are run, up to a minute each ..."
	@set -o pipefail; NO_COLOR=1 $(BIN)/jupyter-book build . -W -n --keep-going 2>&1 | \
		{ grep --line-buffered -vE '$(NOISE)' || true; }
	@echo
	@echo "The book is in $(CURDIR)/_build/html"
	@echo "Open file://$(CURDIR)/_build/html/index.html in a browser, or type: make serve"

test: $(READY)
	@$(PY) -m pytest -n 2 --dist loadfile

mutants: $(READY)
	@$(PY) tests/mutants.py

same: $(READY)
	@$(PY) tests/same.py

serve: book
	@echo "http://localhost:$(PORT)/  (Ctrl+C ends it)"
	@$(PY) -m http.server --bind 127.0.0.1 --directory _build/html $(PORT) >/dev/null 2>&1 || test $$? -eq 130 || $(call say,Port $(PORT) is taken: choose another with PORT=8001.)

lab: $(READY)
	@cd book && ../$(BIN)/jupyter-lab

bench: $(READY)
	@$(PY) tests/bench

notebooks: $(READY)
	@$(PY) tests/normalize.py --execute

assignments: $(READY)
	@$(PY) tests/assign.py

decks: book
	@$(KIT) book/_kit/decks.py

quizzes: $(READY)
	@$(KIT) book/_kit/quizzes.py

pack: assignments decks quizzes
	@$(KIT) book/_kit/pack.py

hub: $(READY)
	@$(KIT) book/_kit/hub.py $(HUB)

evidence: $(READY)
	@$(PY) book/_ext/evidence.py

lint: $(READY)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) tests/normalize.py --check

format: $(READY)
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .
	@$(PY) tests/normalize.py

address: $(READY)
	@$(PY) tests/address.py $(URL)

clean:
	@rm -rf .venv _build dist .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
