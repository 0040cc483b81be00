"""/style/ shows every part that the stylesheet describes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

pytestmark = [pytest.mark.server, pytest.mark.django_db]

#: The layout of single pages and of the frame, and parts that only a script shows.
ELSEWHERE = {
    "backup",
    "bars",
    "brand",
    "breaks",
    "chart",
    "charts",
    "company",
    "confirm",
    "described",
    "ended",
    "example",
    "examples",
    "files",
    "find-link",
    "foot",
    "gain",
    "grow",
    "hidden",
    "hits",
    "id",
    "job",
    "key",
    "left",
    "loss",
    "menu-button",
    "monthly",
    "more",
    "name",
    "narrow",
    "now",
    "operation",
    "original",
    "over",
    "preview",
    "qr",
    "record",
    "rest",
    "retried",
    "side-by-side",
    "skip",
    "spare",
    "sticky",
    "suggest",
    "timeline",
    "times",
    "tip",
    "top",
    "u-legend",
    "uplot",
    "upload",
    "wide-progress",
    "with-files",
    "with-reason",
    "wraps",
    "years",
    "zone",
}


@pytest.fixture
def style_sheet() -> str:
    found = finders.find("jobs/filesure.css")
    return re.sub(r"/\*.*?\*/", "", Path(found).read_text(), flags=re.DOTALL)


@pytest.fixture
def page(staff, settings) -> str:
    settings.DEBUG = True
    return staff.get("/style/").content.decode()


def test_page_is_only_for_staff_with_debug(staff, settings):
    assert staff.get("/style/").status_code == 404


def test_every_part_is_shown(style_sheet, page):
    described = {
        name for each in re.findall(r"([^{}]+)\{", style_sheet) for name in re.findall(r"\.([a-z][\w-]*)", each)
    }
    shown = {name for each in re.findall(r'class="([^"]*)"', page) for name in each.split()}
    assert described - shown - ELSEWHERE == set()
    assert ELSEWHERE - described == set()


def test_every_token_is_documented(style_sheet, page):
    tokens = set(re.findall(r"(--[a-z][\w-]*):", style_sheet)) - {"--top", "--side", "--page", "--on-accent"}
    assert {each for each in tokens if not re.search(rf"{each}(?![\w-])", page)} == set()
