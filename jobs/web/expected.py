"""Sentences about expected completions, in the account's time zone."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from jobs.domain.expectation import Expectation


def sentence(expected: Expectation | None, now: datetime, of: str = "") -> str:
    """Empty if nothing is known.

    ``now`` is a whole minute, so that the sentence changes at most once a minute unless the queue moves.
    """
    return expected.sentence(now, lambda at: _moment(at, now), of) if expected else ""


def _moment(at: datetime, now: datetime) -> str:
    """To the minute, rounded up."""
    local = timezone.localtime(at + timedelta(seconds=59)).replace(second=0)
    return f"{local:%H:%M}" if local.date() == timezone.localtime(now).date() else f"{local:%-d %b, %H:%M}"
