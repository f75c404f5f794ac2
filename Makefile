# From Bottleneck to Noise. `make demo` and `make test` set up all they need in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export OMP_NUM_THREADS := 1

.PHONY: help demo test lab release scoreboard seeds alternatives carried steady lint doctor threats figures solved cost bench bench-train bench-gpu lectures test-lectures test-student test-servers bench-scale site test-site test-formgrader panels clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): pyproject.toml
	@echo "setting up $(VENV) (a few minutes the first time)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet "torch==2.13.0"
	$(BIN)/python -m pip install --quiet --editable ".[grader,cluster,test]"
	@touch $@

demo: $(STAMP) ## release 03_vae, grade a sample class into build/demo, show the table
	$(BIN)/python -m autograder.demo

test: $(STAMP) ## the whole test suite
	$(BIN)/python -m ruff check .
	$(BIN)/python -m pytest -n 2 --dist loadfile

lab: $(STAMP) ## JupyterLab on the assignments
	$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/assignments

lectures: $(STAMP) ## run the lectures, all or ONLY="03 05", and write their notebooks (PROSE=1: only their text has changed)
	$(BIN)/python -m workbook.lectures $(if $(PROSE),--prose) $(ONLY)

test-lectures: $(STAMP) ## does every proof in the lectures notice a changed formula?
	$(BIN)/python -m pytest -m slow tests/test_lecture_mutations.py

release: $(STAMP) ## make the students' notebooks from the sources
	$(BIN)/autograder release

scoreboard: $(STAMP) ## wrong versions accepted, correct versions rejected, misconceptions named
	$(BIN)/python -m autograder.scoreboard

seeds: $(STAMP) ## grade the references under SEEDS=20 different seeds, those known from before left out
	$(BIN)/python -m autograder.seeds $(or $(SEEDS),20)

alternatives: $(STAMP) ## grade every correct version of every exercise under SEEDS=20 different seeds
	$(BIN)/python -m autograder.alternatives $(or $(SEEDS),20)

carried: $(STAMP) ## every exercise beside every wrong version of what it calls: who gets points? (some 15 minutes)
	$(BIN)/python -m autograder.carried

steady: $(STAMP) ## grade the same submissions TIMES=100 times alone and under load: one verdict each?
	$(BIN)/python -m autograder.steady $(or $(TIMES),100)

doctor: $(STAMP) ## what this machine has, and whether the sandbox holds
	$(BIN)/autograder doctor

figures: $(STAMP) ## the quality figures of all five assignments over three seeds (some 30 minutes)
	for topic in autoencoder masked_autoencoder vae ddpm unet; do $(BIN)/python -m solutions.figures.$$topic || exit 1; done

solved: $(STAMP) ## the solutions to read: every notebook run with its solutions in, without a network (some 10 minutes, or ONLY=01_autoencoder)
	$(BIN)/python -m autograder.solved $(ONLY)

cost: $(STAMP) ## CPU seconds of judging one submission of each assignment
	$(BIN)/python -m autograder.cost

bench-scale: $(STAMP) ## classes of 10, 100 and 1,000, one that grows to 10,000, and the machines for 100,000 students (half an hour)
	$(BIN)/python -m benchmarks.classes
	$(BIN)/python -m benchmarks.scale --feedback
	$(BIN)/python -m benchmarks.capacity

bench: $(STAMP) ## grading speed beside stock nbgrader and otter-grader (some forty minutes; QUICK=1: five)
	$(BIN)/python -m benchmarks.grading $(if $(QUICK),--quick)

bench-train: $(STAMP) ## training speed of the references beside NumPy loops and public libraries (some 25 minutes, or ONLY="vae ddpm")
	$(BIN)/python -m benchmarks.training $(if $(ONLY),--only $(ONLY))

bench-gpu: $(STAMP) ## training and sampling speed on a CUDA GPU, beside diffusers
	$(BIN)/python -m benchmarks.gpu

threats: $(STAMP) ## attack the grader in every known way, print what held
	$(BIN)/python -m autograder.threats

lint: $(STAMP) ## style
	$(BIN)/python -m ruff check .

clean: ## remove what was built
	rm -rf build course .venv

TEST_SERVERS_STAMP := $(VENV)/.installed-test-servers
SITE_STAMP := $(VENV)/.installed-site
TEST_SITE_STAMP := $(VENV)/.installed-test-site

$(SITE_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --editable ".[grader,cluster,test,site]"
	@touch $@

$(TEST_SITE_STAMP): $(SITE_STAMP)
	$(BIN)/python -m pip install --quiet --editable ".[grader,cluster,test,site,test-site]"
	@touch $@

$(TEST_SERVERS_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --editable ".[grader,cluster,postgres,test,test-servers]"
	@touch $@

test-servers: $(TEST_SERVERS_STAMP) ## a cluster of hosts of its own, one lost half-way, and the gradebook on a PostgreSQL server (as root)
	$(BIN)/python tests/servers/install.py
	$(BIN)/python -m pytest -n 2 --dist loadfile -m servers tests/servers

site: $(SITE_STAMP) ## the website into build/site, warnings as errors, nothing fetched
	$(BIN)/python -m website.build
	@echo "open build/site/index.html"

test-site: $(TEST_SITE_STAMP) ## the website in headless Chromium (installed where missing)
	$(BIN)/python tests/site/browser.py
	$(BIN)/python -m website.build
	SITE=build/site $(BIN)/python -m pytest tests/site

test-student: $(TEST_SITE_STAMP) ## a student's day with the bundle alone: checks, training, stopping, JupyterLab in Chromium, Colab, Windows
	$(BIN)/python tests/site/browser.py
	STUDENT_DAY=1 $(BIN)/python -m pytest -n 2 --dist loadfile tests/student_day

test-formgrader: $(TEST_SITE_STAMP) ## an instructor's day: formgrader in headless Chromium, nbgrader's exchange, the folders named
	$(BIN)/python tests/site/browser.py
	FORMGRADER=1 $(BIN)/python -m pytest -n 2 --dist loadfile tests/formgrader

panels: $(STAMP) ## train the panels' networks again (2 CPU minutes)
	$(BIN)/python -m website.train_panels
