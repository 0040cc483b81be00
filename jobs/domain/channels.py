"""The ways to a recipient of events."""

from __future__ import annotations

from enum import StrEnum


class Channel(StrEnum):
    """The way to the recipient."""

    #: One mail per event.
    MAIL = "mail"
    #: One mail a day with all events.
    DIGEST = "digest"
    WEBHOOK = "webhook"
