"""Watches: companies whose filings are checked again daily, weekly or monthly.

The times follow from the company's id, so rechecks are spread evenly, and all watches of a company meet in one order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from jobs.domain.events import NewFiling, new_filings_note
from jobs.domain.wrong_use import InvalidWatch

if TYPE_CHECKING:
    from jobs.domain.document import DocumentStatus, Filing
    from jobs.domain.events import Note

#: A watch pauses itself after so many rechecks in a row that failed.
MOST_FAILURES = 5
LONGEST_REASON = 200


#: Sources publish a filing so long after its date at most.
PUBLISHED_WITHIN = timedelta(days=90)


class Interval(StrEnum):
    """How often a company is checked. A month has 30 days."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"

    @property
    def period(self) -> timedelta:
        return timedelta(days={"daily": 1, "weekly": 7, "monthly": 30}[self])


class CheckOutcome(StrEnum):
    """How a recheck ended."""

    CHECKED = "checked"
    FAILED = "failed"
    #: The order was cancelled or deleted.
    WITHDRAWN = "withdrawn"
    #: Nothing was ordered, since the owner has ordered enough this month.
    LIMITED = "limited"


@dataclass(frozen=True, kw_only=True)
class Check:
    """The last recheck of a watch. ``new`` counts filings first listed after ``since``, None at a first check."""

    job_id: str
    at: datetime
    outcome: CheckOutcome
    new: int = 0
    since: datetime | None = None
    #: Why it failed.
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Watch:
    """One company that one user watches. A paused watch has ``paused_reason`` and no ``next_at``.

    While a recheck is unfinished, ``job_id`` is its order, and ``placing`` is set until that order is known to be
    stored. ``baseline`` is the order of the last successful check, which ended at ``checked_at``: filings that it has
    not seen are new, see ``Sight``. ``found`` is the last check that found new filings.
    """

    id: str
    cin: str
    company_name: str
    by: str
    at: datetime
    interval: Interval
    list_id: str | None = None
    next_at: datetime | None = None
    paused_reason: str | None = None
    paused_by: str | None = None
    job_id: str | None = None
    placing: bool = False
    baseline: str | None = None
    checked_at: datetime | None = None
    #: The number of filings that the last successful check has seen; None before the first.
    seen: int | None = None
    last: Check | None = None
    found: Check | None = None
    #: Rechecks that failed since the last one that did not.
    failures: int = 0

    @property
    def is_paused(self) -> bool:
        return self.paused_reason is not None


@dataclass(frozen=True, kw_only=True)
class ListedFiling:
    """A filing as one order listed it."""

    job_id: str
    filing: Filing
    status: DocumentStatus
    listed_at: datetime


def next_time(cin: str, interval: Interval, after: datetime) -> datetime:
    """The company's next time after ``after``. Its weekly and monthly times are also daily ones."""
    period = int(interval.period.total_seconds())
    offset = int.from_bytes(hashlib.sha256(cin.encode()).digest()[:8]) % period
    number = (int(after.timestamp()) - offset) // period + 1
    return datetime.fromtimestamp(number * period + offset, UTC)


def ascending(baseline: str | None, new: str) -> str:
    """The id of a new order: ``new``, or the same a second after ``baseline`` if it would not come after it.

    Ids of one second ascend only within a process, and those of a wrong clock not at all.
    """
    return new if baseline is None or new > baseline else f"{int(baseline[:8], 16) + 1:08x}{new[8:]}"


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What a check by this order, which ended then, has seen: what it listed, and earlier orders until its end.

    Ids of orders ascend in time. An order that is retried may list filings much later than its id was given.
    """

    job_id: str
    at: datetime

    def includes(self, listed: ListedFiling) -> bool:
        is_earlier = listed.job_id < self.job_id and listed.listed_at <= self.at
        return is_earlier or listed.job_id == self.job_id


def first_seen(listed: Iterable[ListedFiling], before: Sight, now: Sight) -> list[ListedFiling]:
    """The filings, each once, that this check has seen, and the one before it had not."""
    known: set[str] = set()
    later: dict[str, ListedFiling] = {}
    for each in sorted(listed, key=lambda each: (each.job_id, each.filing.number)):
        if before.includes(each):
            known.add(each.filing.key)
        elif now.includes(each):
            later.setdefault(each.filing.key, each)
    return [each for key, each in later.items() if key not in known]


def number_seen(listed: Iterable[ListedFiling], sight: Sight) -> int:
    return len({each.filing.key for each in listed if sight.includes(each)})


def filed_lately(filings: Iterable[ListedFiling], since: datetime) -> list[ListedFiling]:
    """Those that may have been published since then, judging by their filing dates."""
    first = since.date() - PUBLISHED_WITHIN
    return [each for each in filings if each.filing.filed_on and each.filing.filed_on >= first]


def note_of(watch: Watch, new: Sequence[ListedFiling], at: datetime) -> Note:
    """The note of a check that found new filings."""
    filings = [
        NewFiling(
            document_type=each.filing.document_type,
            file_name=each.filing.file_name,
            srn=each.filing.srn,
            filed_on=each.filing.filed_on,
        )
        for each in new
    ]
    return new_filings_note(
        cin=watch.cin,
        company_name=watch.company_name,
        filings=filings,
        owner=watch.by,
        at=at,
        since=watch.checked_at,
        list_id=watch.list_id,
    )


def reason_of(text: str) -> str:
    """Why a watch is paused, on one line. Raises InvalidWatch."""
    reason = " ".join(text.split())
    if len(reason) > LONGEST_REASON or not reason.isprintable():
        raise InvalidWatch(f"The reason must be printable text of at most {LONGEST_REASON} characters.")
    return reason or "No reason given."


def interval_of(text: str) -> Interval:
    """Raises InvalidWatch."""
    if text not in set(Interval):
        raise InvalidWatch(f"A company is watched {', '.join(Interval)}, not '{text[:40]}'.")
    return Interval(text)
