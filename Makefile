# make lab: set up, and open the workbook      make test: set up, and check everything
# make app: set up, and serve the panels as a page without code
# make slides: set up, and write the notebooks as slides for lectures, under slides/
# make quick: lint and the quick tests, for a look after an edit
# make slow: writes tests/slow.txt, the tests that make quick leaves out, by what they take here
# make mutate: plants listed faults      make mutants: plants random ones (PART=core or wings, SAMPLE, SEED)
# make fuzz: inputs drawn at random, more than 10,000 of them
# make elsewhere: the unit tests and the notebooks as an older processor computes them, which rounds otherwise
# make coverage: which lines the tests run, as a figure and as pages under htmlcov/
# All start from a bare Python 3.11 or newer, and a second call sets up nothing again.

VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14 python; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check
TESTED = -c constraints.txt
NEWEST = echo "The tested versions (constraints.txt) do not fit this machine; taking the newest that do."
GPU_PYTHON ?= $(firstword $(wildcard $(BIN)/python) python3)
PART ?= core
SAMPLE ?= 300
SEED ?= 0
# Without nbval, whose import takes longer than most test files
PYTEST = $(BIN)/python -m pytest -q -p no:nbval
TWO = -n 2 --dist worksteal
NOTEBOOKS ?= notebooks kdsurvey/app/all_panels.ipynb

# The tests start a hundred processes: what they import is compiled once
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help lab app slides quick test elsewhere coverage lint unit slow notebooks browser fuzz shots mutate mutants benchmark gpu wheels results refresh clean

help:
	@sed -n 's/^# //p; /^$$/q' Makefile

lab: $(VENV)/lab.done
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) --ServerApp.root_dir=. notebooks/00_start_here.ipynb

app: $(VENV)/lab.done
	$(BIN)/kdsurvey app

slides: $(VENV)/lab.done
	$(BIN)/kdsurvey slides slides
	@echo "Open one of them in a browser; F is full screen, ? shows all keys."

test: lint unit notebooks browser
	@echo "All checks passed."

quick: lint
	$(PYTEST) $(TWO) -m "not slow" --timeout 60 tests --ignore tests/browser

elsewhere: export ATEN_CPU_CAPABILITY = default
elsewhere: export ONEDNN_MAX_CPU_ISA = SSE41
elsewhere: export MKL_CBWR = COMPATIBLE
elsewhere: unit notebooks

coverage: $(VENV)/test.done
	$(PYTEST) $(TWO) --cov --cov-report=term:skip-covered --cov-report=html \
		tests --ignore tests/browser

lint: $(VENV)/test.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy

unit: $(VENV)/test.done
	$(PYTEST) $(TWO) --junitxml $(VENV)/unit.xml tests --ignore tests/browser

slow: unit
	$(BIN)/python tests/slow.py $(VENV)/unit.xml

notebooks: $(VENV)/test.done
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -p no:cacheprovider --nbval --nbval-current-env \
		--nbval-cell-timeout=300 --nbval-kernel-startup-timeout=120 --nbval-sanitize-with tests/nbval.cfg $(NOTEBOOKS)

browser: $(VENV)/test.done
	$(PYTEST) -rs -n 2 --dist loadscope tests/browser

fuzz: $(VENV)/test.done
	$(BIN)/python -m pytest -q --hypothesis-profile fuzz --timeout 7200 tests/test_fuzz.py

shots: $(VENV)/test.done
	PYTHONPATH=tests $(BIN)/python tests/browser/shots.py docs

mutate: $(VENV)/test.done
	$(BIN)/python tests/mutate.py

mutants: unit
	$(INSTALL) -e '.[mutants]' $(TESTED) || $(INSTALL) -e '.[mutants]'
	$(BIN)/python tests/mutants.py --part $(PART) --sample $(SAMPLE) --seed $(SEED)

benchmark: $(VENV)/test.done
	$(BIN)/python benchmarks/loop.py

gpu:
	$(GPU_PYTHON) benchmarks/gpu.py

wheels: $(BIN)/python
	$(BIN)/python -m pip download --quiet --no-deps --only-binary :all: -d wheels $(TESTED) platformdirs tqdm

results: $(VENV)/lab.done
	$(BIN)/kdsurvey record --all --folder kdsurvey/results

refresh: $(VENV)/lab.done
	$(BIN)/python benchmarks/gpu_table.py
	$(BIN)/kdsurvey pages
	$(BIN)/jupyter nbconvert --to notebook --execute --inplace --ExecutePreprocessor.store_widget_state=False \
		--ExecutePreprocessor.record_timing=False $(wildcard notebooks/*.ipynb) kdsurvey/app/all_panels.ipynb
	$(BIN)/kdsurvey keep

clean:
	rm -rf $(VENV)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "kdsurvey needs Python 3.11 or newer with its venv module (on Debian: apt install python3-venv)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/lab.done: $(BIN)/python requirements.txt constraints.txt pyproject.toml
	@echo "Setting up $(VENV); this takes a few minutes the first time."
	$(INSTALL) -r requirements.txt $(TESTED) || { $(NEWEST); $(INSTALL) -r requirements.txt; }
	@touch $@

$(VENV)/test.done: $(VENV)/lab.done
	$(INSTALL) -e '.[test]' $(TESTED) || { $(NEWEST); $(INSTALL) -e '.[test]'; }
	@touch $@
