"""Cursors are untrusted, because they come from URLs."""

from __future__ import annotations

import base64
import json

import pytest

from jobs.domain.listing import Cursor, Page, every, parse_cursor
from jobs.domain.wrong_use import InvalidCursor

ID = "65a1b2c3d4e5f60718293a4b"


def crafted(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def test_every_page_is_read_until_the_last():
    second = Cursor(id=ID)
    pages = {None: Page(items=[1, 2], next=second), second: Page(items=[3])}
    assert list(every(pages.__getitem__)) == [1, 2, 3]


@pytest.mark.parametrize("value", [None, "2026-01-05T12:00:00Z", "हिन्दी", 9, -(2**63) + 1])
def test_cursor_survives_a_round_trip(value):
    cursor = Cursor(id=ID, value=value, before=True)
    assert parse_cursor(str(cursor)) == cursor


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "é",
        crafted("{}"),
        crafted(json.dumps([ID, 2**63, False])),
        pytest.param(crafted(json.dumps([ID, 10**400, False])), id="huge number"),
        crafted(json.dumps([ID, True, False])),
        crafted(json.dumps([ID, 1.5, False])),
        crafted(f'["{ID}", NaN, false]'),
        crafted(f'["{ID}", "\\ud800", false]'),
        crafted(f'["{ID}", "\\u0000", false]'),
        crafted(json.dumps([ID.upper(), None, False])),
        crafted(json.dumps([ID, None, 0])),
        pytest.param(crafted("[" * 100_000), id="deeply nested"),
    ],
)
def test_crafted_cursor_is_refused(text):
    with pytest.raises(InvalidCursor):
        parse_cursor(text)
