"""Request and response bodies of watches."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from jobs.domain.watching import CheckOutcome, Interval
from jobs.web.api.base import Out, PageOut
from jobs.web.api.inputs import Body, CursorQuery, ListId, Text, printable


class IntervalIn(Body):
    """How often to check."""

    interval: Interval = Interval.WEEKLY


class WatchIn(IntervalIn):
    """A company, and how often to check it."""

    cin: Text


class PauseWatchIn(Body):
    """Why the watch is paused."""

    reason: Annotated[str, Field(max_length=1000), AfterValidator(printable)] = ""


class WatchesQuery(CursorQuery):
    """A filter of watches by owner and list."""

    by: Text = ""
    list: ListId = ""


class CheckOut(Out):
    """A recheck. ``new`` counts filings first listed after ``since``, null at a first check."""

    job_id: str
    at: datetime
    outcome: CheckOutcome
    new: int
    since: datetime | None
    error: str | None


class WatchOut(Out):
    """A watched company. Null means unknown or not yet.

    While it is paused, ``pausedReason`` is set and ``nextAt`` is null. ``jobId`` is the order of a recheck that has not
    ended, ``last`` the latest result, and ``found`` the latest one with new filings.
    """

    watch_id: str = Field(validation_alias="id")
    cin: str
    company_name: str
    by: str
    at: datetime
    interval: Interval
    list_id: str | None
    next_at: datetime | None
    paused_reason: str | None
    paused_by: str | None
    job_id: str | None
    checked_at: datetime | None
    last: CheckOut | None
    found: CheckOut | None


class WatchesOut(PageOut):
    """A page of watches, newest first. ``next`` and ``previous`` are cursors, null at the ends."""

    items: list[WatchOut]


class OfListIn(Body):
    """Which watches of the list to change: yours, or everybody's."""

    everybody: bool = False


class PauseListIn(PauseWatchIn, OfListIn):
    """Why the watches are paused, and whose."""


class ChangedWatchesOut(Out):
    """The number of watches that were changed."""

    changed: int


class WatchedListOut(Out):
    """The number of companies that were not watched before."""

    added: int
