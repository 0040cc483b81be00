"""Notices in words, and in the formats of Slack and Teams."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from jobs.adapters.webhook_post import WebhookPost
from jobs.domain.channels import Channel
from jobs.domain.deliveries import delivery
from jobs.domain.endpoints import Format
from jobs.domain.events import Event, NewFiling, new_filings_note, plain_event
from jobs.web.notices.formats import body
from jobs.web.notices.message import message
from jobs.web.notices.sending import NoticeSender
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


def test_filing_is_named_with_its_day():
    filing = NewFiling(document_type="AOC-4", file_name="a.pdf", filed_on=date(2025, 11, 5))
    note = new_filings_note(cin=a_cin(), company_name="Vindhya", filings=[filing], owner="asha", at=NOW)
    facts = message(plain_event("65a000000000000000000001", note), SITE).facts
    assert facts == (("AOC-4", "a.pdf · filed 5 Nov 2025"),)


@pytest.mark.parametrize(
    ("cins", "subject"),
    [
        ((1,), "3 new filings since 12 Nov 2025: Vindhya"),
        ((1, 2), "New filings of 2 companies"),
        ((1, 1), "New filings: Vindhya"),
        ((1, 2, 1), "New filings of 2 companies"),
    ],
)
def test_digest_counts_companies(mailoutbox, settings, cins, subject):
    settings.EMAIL_HOST, settings.SITE_URL = "mail.example.com", SITE
    events = [replace(new_filings(), data={**new_filings().data, "cin": a_cin(number)}) for number in cins]
    deliveries = [delivery(event, Channel.DIGEST, "asha", NOW) for event in events]
    sender = NoticeSender(post=WebhookPost(), clock=lambda: NOW, site_url=SITE, version="1")
    assert sender.mail("asha@example.com", "asha", deliveries).succeeded
    assert [mail.subject for mail in mailoutbox] == [subject]


def test_company_mentions_nobody_and_adds_no_link():
    event = new_filings("<!channel> & [Tea](https://evil.example.com)")
    slack = json.loads(body(event, Format.SLACK, SITE))
    shown = slack["text"] + slack["blocks"][0]["text"]["text"]
    assert shown.count("&lt;!channel&gt; &amp; ") == 2
    assert "<!" not in shown
    card = json.loads(body(event, Format.TEAMS, SITE))["attachments"][0]
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert r"\[Tea\](https" in card["content"]["body"][0]["text"]
