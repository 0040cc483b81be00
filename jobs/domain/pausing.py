"""Pauses: while the queue or its source is paused, no job is claimed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.domain.wrong_use import InvalidPause

LONGEST_MINUTES = 30 * 24 * 60
LONGEST_REASON = 200


@dataclass(frozen=True, kw_only=True)
class Pause:
    """A pause of the whole queue, or of the workers of one source. It ends by itself."""

    #: None: the whole queue.
    source: str | None = None
    by: str
    reason: str
    since: datetime
    until: datetime
    #: Whether active runs stop at their next document; otherwise they finish.
    stop_runs: bool = False

    def is_current(self, now: datetime) -> bool:
        return now < self.until

    @property
    def subject(self) -> str:
        return f"The source {self.source}" if self.source else "The queue"

    def __str__(self) -> str:
        """A sentence for people."""
        return f"{self.subject} is paused by {self.by} until {self.until:%-d %b, %H:%M} UTC: {self.reason}"


def current(pauses: Iterable[Pause], now: datetime) -> list[Pause]:
    """Those that have not ended, the one that ends first in front."""
    return sorted((pause for pause in pauses if pause.is_current(now)), key=lambda pause: pause.until)


def new_pause(
    *, source: str | None, by: str, reason: str, minutes: int | str, stop_runs: bool, known: str, now: datetime
) -> Pause:
    """A pause that begins now. ``known`` is the only source that can be paused. Raises InvalidPause."""
    return Pause(
        source=source_of(source, known),
        by=by,
        reason=_reason(reason),
        since=now,
        until=now + timedelta(minutes=_minutes(minutes)),
        stop_runs=stop_runs,
    )


def source_of(source: str | None, known: str) -> str | None:
    """None for the whole queue. Raises InvalidPause."""
    if source and source != known:
        raise InvalidPause(f"'{source[:40]}' is not a source of this installation. Its source is '{known}'.")
    return source or None


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason:
        raise InvalidPause("Give a reason: every page shows it.")
    if len(reason) > LONGEST_REASON or not reason.isprintable():
        raise InvalidPause(f"The reason must be printable text of at most {LONGEST_REASON} characters.")
    return reason


def _minutes(value: int | str) -> int:
    message = f"A pause lasts a whole number of minutes, from 1 to {LONGEST_MINUTES:,} (30 days)."
    try:
        minutes = int(value)
    except ValueError:
        raise InvalidPause(message) from None
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise InvalidPause(message)
    return minutes
