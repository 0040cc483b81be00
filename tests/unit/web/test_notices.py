"""Notices in words, and in the formats of Slack and Teams."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from jobs.domain.endpoints import Format
from jobs.domain.events import Event, NewFiling, new_filings_note, plain_event
from jobs.web.notices.formats import body
from jobs.web.notices.message import message
from tests.making import a_cin

NOW = datetime(2025, 11, 14, 20, 0, tzinfo=UTC)
SITE = "https://f.example.com"


def new_filings(name: str = "Vindhya", number: int = 3, since: datetime | None = NOW - timedelta(days=3)) -> Event:
    filings = [NewFiling(document_type="AOC-4", file_name=f"{each}.pdf") for each in range(number)]
    note = new_filings_note(cin=a_cin(), company_name=name, filings=filings, owner="asha", at=NOW, since=since)
    return plain_event("65a000000000000000000001", note)


@pytest.mark.parametrize(
    ("event", "title"),
    [
        (new_filings(), "3 new filings since 12 Nov 2025: Vindhya"),  # where it is shown, 11 Nov 20:00 UTC is the 12th
        (new_filings(number=1, since=None), "1 new filing: Vindhya"),
    ],
)
def test_new_filings_are_counted_since_the_check_before(event, title):
    assert message(event, SITE).title == title


def test_company_mentions_nobody_and_adds_no_link():
    event = new_filings("<!channel> & [Tea](https://evil.example.com)")
    slack = json.loads(body(event, Format.SLACK, SITE))
    shown = slack["text"] + slack["blocks"][0]["text"]["text"]
    assert shown.count("&lt;!channel&gt; &amp; ") == 2
    assert "<!" not in shown
    card = json.loads(body(event, Format.TEAMS, SITE))["attachments"][0]
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert r"\[Tea\](https" in card["content"]["body"][0]["text"]
