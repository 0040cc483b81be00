"""An event in words: a title, facts and a link."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils.dateformat import format as format_date

from jobs.domain.events import Event, EventType
from jobs.domain.filings.masking import mask_pan

#: The most filings that a message names.
SHOWN_FILINGS = 10


@dataclass(frozen=True, kw_only=True)
class Message:
    """``tone``: success, warning, error or info. ``url`` is absolute; ``facts`` are pairs of label and value."""

    title: str
    tone: str
    facts: tuple[tuple[str, str], ...]
    url: str
    link: str


Data = Mapping[str, Any]
Facts = list[tuple[str, str]]


def message(event: Event, site_url: str) -> Message:
    """The event as people read it."""
    title, tone, facts, path, link = _TEXTS[event.type](event)
    shown = tuple((label, mask_pan(value)) for label, value in facts if value)
    return Message(title=mask_pan(title), tone=tone, facts=shown, url=site_url + path, link=link)


Texts = tuple[str, str, Facts, str, str]


def _order(word: str, tone: str) -> Callable[[Event], Texts]:
    def texts(event: Event) -> Texts:
        data, documents = event.data, event.data["documents"]
        empty = data["status"] == "no_filings"
        facts = [
            ("Company", f"{data['companyName']} ({data['cin']})"),
            ("Documents", "The source has no filings." if empty else _documents(documents)),
            ("Reason", "" if empty else data.get("error") or ""),
            ("Ordered by", data["requestedBy"]),
        ]
        return f"Order {word}: {data['companyName']}", tone, facts, _job(data["jobId"]), "Open the order"

    return texts


def _job(job_id: str) -> str:
    return reverse("job", args=[job_id])


def _documents(counts: Mapping[str, int]) -> str:
    missing = f", {counts['failed']} could not be retrieved" if counts["failed"] else ""
    return f"{counts['downloaded']} of {counts['total']} stored{missing}"


def _list(word: str, tone: str) -> Callable[[Event], Texts]:
    def texts(event: Event) -> Texts:
        data = event.data
        orders = ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in data["orders"].items())
        refused = f"{data['refusedRows']} rows were refused when it was ordered" if data["refusedRows"] else ""
        facts = [("Orders", orders or "none"), ("Refused", refused), ("Ordered by", data["requestedBy"])]
        return f"List {word}: {data['name']}", tone, facts, reverse("list", args=[data["listId"]]), "Open the list"

    return texts


def _filings(event: Event) -> Texts:
    data = event.data
    number = data["count"]
    named = [
        (each["documentType"], " · ".join(part for part in (each["fileName"], _filed(each["filedOn"])) if part))
        for each in data["filings"][:SHOWN_FILINGS]
    ]
    more = number - len(named)
    facts = [*named, ("", "") if more <= 0 else ("And", f"{more} more")]
    title = f"{number} new filing{'' if number == 1 else 's'}{_since(data['since'])}: {data['companyName']}"
    return title, "info", facts, reverse("company", args=[data["cin"]]), "Open the company"


def _filed(day: str | None) -> str:
    return f"filed {format_date(date.fromisoformat(day), 'j M Y')}" if day else ""


def _since(since: str | None) -> str:
    """The day of the previous check, in the zone of digests; empty if it is unknown."""
    if since is None:
        return ""
    day = datetime.fromisoformat(since).astimezone(ZoneInfo(settings.TIME_ZONE_SHOWN))
    return f" since {format_date(day, 'j M Y')}"


def _disabled(event: Event) -> Texts:
    data = event.data
    facts = [("Endpoint", f"{data['name']} ({data['host']})"), ("Reason", data["reason"])]
    return f"Webhook disabled: {data['name']}", "error", facts, reverse("webhooks"), "Open the webhooks"


def _test(event: Event) -> Texts:
    facts = [("Endpoint", event.data["endpoint"]), ("Sent by", event.data["requestedBy"])]
    return "Test from Filesure", "info", facts, reverse("webhooks"), "Open the webhooks"


_TEXTS: Mapping[EventType, Callable[[Event], Texts]] = {
    EventType.ORDER_COMPLETED: _order("completed", "success"),
    EventType.ORDER_PARTIAL: _order("partly completed", "warning"),
    EventType.ORDER_FAILED: _order("failed", "error"),
    EventType.ORDER_CANCELLED: _order("cancelled", "info"),
    EventType.LIST_COMPLETED: _list("completed", "success"),
    EventType.LIST_PARTIAL: _list("partly completed", "warning"),
    EventType.LIST_FAILED: _list("failed", "error"),
    EventType.FILINGS_NEW: _filings,
    EventType.ENDPOINT_DISABLED: _disabled,
    EventType.TEST: _test,
}
