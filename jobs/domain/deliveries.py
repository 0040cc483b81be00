"""Deliveries of events to people and webhook endpoints, and when they are tried again.

A delivery is *due* once its ``next_at`` has passed. A claim moves ``next_at`` to the end of the lease, and ending the
delivery removes it, as for jobs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum
from types import MappingProxyType

from jobs.domain.channels import Channel
from jobs.domain.ending import Backoff
from jobs.domain.events import Event, EventType

#: The log keeps deliveries for so long.
KEPT = timedelta(days=30)
#: 1 min, 2 min … 6 h, less up to a half: 10 to 20 hours with 12 attempts.
BACKOFF = Backoff(base_seconds=60, cap_seconds=6 * 3600)
#: New filings are sent once a day at this time, in the zone TIME_ZONE_SHOWN.
DIGEST_AT = time(8)
#: The most events in one digest; others follow in the next.
MOST_IN_DIGEST = 200


class DeliveryState(StrEnum):
    """The state of a delivery."""

    #: Waits for its first or next attempt.
    PENDING = "pending"
    DELIVERED = "delivered"
    #: All attempts failed, or the recipient refused it permanently.
    FAILED = "failed"
    #: The endpoint was disabled or removed, or the person no longer wants it.
    DROPPED = "dropped"


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt: ``status`` is the HTTP status, None without an answer; ``error`` is empty if it succeeded."""

    at: datetime
    seconds: float
    status: int | None = None
    error: str = ""
    #: Whether another attempt cannot succeed.
    final: bool = False
    #: The recipient's wish for the next attempt.
    retry_after: timedelta | None = None

    @property
    def succeeded(self) -> bool:
        return not self.error


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One event for one recipient. ``target``: an account's name, or the id of an endpoint."""

    id: str
    event: Event
    channel: Channel
    target: str
    state: DeliveryState = DeliveryState.PENDING
    created_at: datetime
    next_at: datetime | None
    attempts: int = 0
    fence: int = 0
    last: Attempt | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class DeliveryFilter:
    """A filter of the log. Empty or None matches all."""

    target: str = ""
    channel: Channel | None = None
    state: DeliveryState | None = None


def delivery(event: Event, channel: Channel, target: str, now: datetime, due: datetime | None = None) -> Delivery:
    """A new delivery. Its id follows from the event and the recipient, so it is stored once; ids sort by time."""
    key = hashlib.sha256(f"{event.id}:{channel}:{target}".encode()).hexdigest()
    id_ = f"{int(event.at.timestamp()):08x}{key[:16]}"
    return Delivery(id=id_, event=event, channel=channel, target=target, created_at=now, next_at=due or now)


def next_digest(now: datetime, zone: tzinfo) -> datetime:
    """The next time of digests."""
    today = datetime.combine(now.astimezone(zone).date(), DIGEST_AT, zone)
    return (today if today > now else today + timedelta(days=1)).astimezone(now.tzinfo)


def next_attempt(attempt: Attempt, number: int, most: int, random_fraction: float) -> datetime | None:
    """The time of the attempt after the ``number``-th, which failed; None if there is none."""
    if attempt.final or number >= most:
        return None
    wait = BACKOFF.delay(number, random_fraction)
    asked = min(attempt.retry_after or wait, timedelta(days=1))
    return attempt.at + max(wait, asked)


# --- people

#: The choices on the account page, and the events that each includes.
MAIL_CHOICES: Mapping[str, tuple[EventType, ...]] = MappingProxyType(
    {
        "completed": (EventType.ORDER_COMPLETED, EventType.LIST_COMPLETED),
        "partial": (EventType.ORDER_PARTIAL, EventType.LIST_PARTIAL),
        "failed": (EventType.ORDER_FAILED, EventType.LIST_FAILED),
    }
)


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """The mail that an account has chosen. Without an address, nothing is sent."""

    name: str
    address: str = ""
    #: Of its own orders and lists: keys of ``MAIL_CHOICES``.
    choices: frozenset[str] = field(default_factory=frozenset)
    #: Orders that belong to a list are announced with the list only.
    single_orders_of_lists: bool = False
    #: New filings of the companies it watches, once a day.
    digest: bool = False

    def channel(self, event: Event, wish: bool | None = None) -> Channel | None:
        """How this event is sent to the account, if at all. A wish about a list precedes the account's choices."""
        if not self.address:
            return None
        if wish is not None:
            return Channel.MAIL if wish else None
        if event.type is EventType.FILINGS_NEW:
            return Channel.DIGEST if self.digest else None
        if event.type is EventType.ENDPOINT_DISABLED:
            return Channel.MAIL
        if event.type.startswith("order.") and event.data.get("listId") and not self.single_orders_of_lists:
            return None
        wanted = {kind for choice in self.choices for kind in MAIL_CHOICES[choice]}
        return Channel.MAIL if event.type in wanted else None
