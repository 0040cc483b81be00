"""Files, commands, settings, fields and states named in the pages exist, and every page is linked."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from django.core.management import get_commands

from jobs.adapters.mongo.validators import VALIDATORS
from jobs.configuration.table import settings_table
from jobs.domain.job import TRANSITIONS
from tests.docs.pages import PAGES, Page
from tests.processes import ROOT

# Variables of tests and builds that are not settings of Filesure.
_OTHERS = {"REQUIRE_ALL", "CRASH_POINTS", "CRASH_SEED", "TEST_MONGODB_URI", "DEBIAN_MIRROR"}
_OTHERS |= {"MONGODB_URI_PREPARE", "MONGODB_URI_KEDA"}  # infra/azure.py
_OF_GITHUB = {
    name for path in ROOT.glob(".github/workflows/*.yml") for name in re.findall(r"vars\.(\w+)", path.read_text())
}
_BY_NAME = {page.name: page for page in PAGES}
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def _repository_files() -> set[str]:
    """The files and folders of a fresh clone, without ignored ones."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=True).stdout.splitlines()
    return {str(path) for name in files if (ROOT / name).exists() for path in (Path(name), *Path(name).parents)}


def _targets() -> set[str]:
    return set(re.findall(r"^([\w./-]+(?: [\w./-]+)*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@each_page
def test_links_work_and_pictures_are_described(page: Page):
    for text, target in page.links:
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        found = (page.path.parent / path).resolve() if path else page.path
        assert found.exists(), target
        assert not anchor or anchor in Page(found).anchors, target
        assert len(text) > 15 or found.suffix not in (".png", ".svg"), f"{target} has no alternative text"


def test_every_picture_is_used():
    shown = {(page.path.parent / target).resolve() for page in PAGES for _, target in page.links if "://" not in target}
    assert set((ROOT / "docs/images").iterdir()) <= shown


@each_page
def test_named_files_exist(page: Page):
    kept = _repository_files()
    for span in page.spans:
        if re.fullmatch(r"(jobs|worker|filesure_site|k8s|infra|tests|docs|bench|\.ci|\.github)/[\w./-]*", span):
            assert span.rstrip("/") in kept, span


@each_page
def test_named_commands_exist(page: Page):
    targets = {name for each in _targets() for name in each.split()}
    for span in page.spans:
        if span.startswith("make "):
            wanted = [word for word in span.split()[1:] if "=" not in word]
            assert set(wanted) <= targets, span
        if found := re.match(r"(?:python )?manage\.py (\w+)", span):
            assert found[1] in get_commands(), span


@each_page
def test_named_settings_exist(page: Page):
    known = {name for name, _ in settings_table()} | _OTHERS | _OF_GITHUB
    for span in page.spans:
        if found := re.fullmatch(r"([A-Z]+(?:_[A-Z0-9]+)+)(=.*)?", span):
            assert {found[1], found[1].removesuffix("_FILE")} & {*known, "NAME"} or found[1].startswith("OTEL_"), span


def test_readme_reaches_every_page():
    reached, ahead = set(), ["README.md"]
    while ahead:
        name = ahead.pop()
        if name in reached or name not in _BY_NAME:
            continue
        reached.add(name)
        page = _BY_NAME[name]
        paths = (
            (page.path.parent / target.partition("#")[0]).resolve() for _, target in page.links if "://" not in target
        )
        ahead += [str(path.relative_to(ROOT)) for path in paths]
    assert reached | {"SECURITY.md"} == set(_BY_NAME)


def test_readme_fits_on_three_screens():
    assert len(_BY_NAME["README.md"].text.splitlines()) <= 120


def test_every_collection_field_is_explained():
    text = _BY_NAME["docs/data-model.md"].text
    for collection, validator in VALIDATORS.items():
        section = text.split(f"## `{collection}`\n")[1].split("\n## ")[0]
        fields = {
            name for row in re.findall(r"^\| (.+?) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
        }
        assert fields == set(validator["properties"]) - {"_id"}, collection


def test_state_diagram_matches_the_table():
    (drawn,) = (each for each in _BY_NAME["docs/data-model.md"].blocks("mermaid") if "stateDiagram" in each)
    arrows = set(re.findall(r"^  (\w+) --> (\w+): (\w+)$", drawn, re.MULTILINE))
    assert arrows == {
        (str(source), str(move.target), transition.value)
        for transition, move in TRANSITIONS.items()
        for source in move.sources
    }
