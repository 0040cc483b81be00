"""Ports for notifications: the outbox of events, their deliveries and recipients."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from jobs.domain.channels import Channel
    from jobs.domain.deliveries import Attempt, Delivery, DeliveryFilter, DeliveryState, Subscription
    from jobs.domain.endpoints import Endpoint
    from jobs.domain.events import EndedList, Event, Note
    from jobs.domain.listing import Cursor, Page


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """A record with notes: their events, and the list that may have ended with them."""

    collection: str
    record_id: str
    #: How many notes the record has ever had; one more than before if a note was added meanwhile.
    notes: int
    events: tuple[Event, ...] = ()
    list_id: str | None = None


class Outbox(Protocol):
    """The events that changes have noted and nobody has delivered yet."""

    def waiting(self, limit: int) -> list[Outgoing]:
        """Records with notes, the oldest first, at most ``limit`` of each kind."""

    def oldest(self) -> datetime | None:
        """The time of the first note; None if there is none."""

    def remove(self, outgoing: Outgoing) -> None:
        """Remove these notes. If a note was added meanwhile, all remain and are read again. Idempotent."""

    def ended_list(self, list_id: str) -> EndedList | None:
        """A list that is placed, whose orders have all ended, and whose end was not announced yet."""

    def announce(self, ended: EndedList) -> None:
        """Record that the end of a list was announced. Idempotent."""


class DeliveryRepository(Protocol):
    """Deliveries with leases, and the log of those that have ended."""

    def add(self, deliveries: Sequence[Delivery]) -> int:
        """Store new deliveries; those that exist already are skipped. Returns the number of new ones."""

    def get(self, delivery_id: str) -> Delivery:
        """Raises UnknownDelivery."""

    def due(self, *, busy: Collection[str] = (), full: Collection[Channel] = ()) -> Delivery | None:
        """The delivery that has been due longest; None if none is due. Busy targets and full channels wait."""

    def claim(self, delivery: Delivery, lease_seconds: float) -> Delivery | None:
        """Claim a due delivery. None if somebody else has claimed it since it was read."""

    def claim_alike(self, delivery: Delivery, lease_seconds: float, limit: int) -> list[Delivery]:
        """Claim other due deliveries on the same channel to the same target."""

    def save(
        self, delivery: Delivery, attempt: Attempt | None, state: DeliveryState, next_at: datetime | None = None
    ) -> bool:
        """Record an attempt of a claimed delivery, and what follows. False if somebody else has claimed it since."""

    def resend(self, delivery_id: str) -> Delivery:
        """Make a delivery that has ended pending and due, with all its attempts. Raises UnknownDelivery, WrongState."""

    def log(self, wanted: DeliveryFilter, cursor: Cursor | None, limit: int) -> Page[Delivery]:
        """One page, the newest events first. Raises TooSlow."""

    def forget(self, before: datetime, limit: int) -> int:
        """Delete ended deliveries of events before this time. Returns their number."""


class EndpointRepository(Protocol):
    """Webhook endpoints."""

    def add(self, endpoint: Endpoint) -> None:
        """Raises InvalidEndpoint if there are too many."""

    def get(self, endpoint_id: str) -> Endpoint:
        """Raises UnknownEndpoint."""

    def all(self) -> list[Endpoint]:
        """All endpoints, the oldest first."""

    def rotate(self, endpoint_id: str, secret: str, old_until: datetime) -> Endpoint:
        """Replace the secret; the one before stays valid until then. Raises UnknownEndpoint."""

    def limit(self, endpoint_id: str, lists: frozenset[str]) -> Endpoint:
        """Limit an endpoint to the events of lists; empty: to none. Idempotent. Raises UnknownEndpoint."""

    def enable(self, endpoint_id: str) -> Endpoint:
        """Enable a disabled endpoint, and forget its failures. Idempotent. Raises UnknownEndpoint."""

    def disable(self, endpoint_id: str, reason: str, note: Note | None = None) -> Endpoint:
        """Disable an enabled endpoint, with an event in the same step. Idempotent. Raises UnknownEndpoint."""

    def remove(self, endpoint_id: str) -> None:
        """Idempotent."""

    def succeeded(self, endpoint_id: str, at: datetime) -> None:
        """Record a success, which ends a row of failures."""

    def failed(self, endpoint_id: str, at: datetime) -> Endpoint | None:
        """Record a failure. None if the endpoint was removed."""


class SubscriptionRepository(Protocol):
    """The mail that accounts have chosen."""

    def get(self, name: str) -> Subscription:
        """Without an address if the account has never chosen anything."""

    def put(self, subscription: Subscription) -> None:
        """Store or replace an account's choices."""

    def reserve_digest(self, name: str, now: datetime, until: datetime) -> bool:
        """Reserve the account's digest for one process. False if another has reserved it beyond ``now``."""

    def remove(self, name: str) -> None:
        """Idempotent."""


class Sender(Protocol):
    """Sends one delivery. Failures are returned, not raised."""

    def mail(self, address: str, name: str, deliveries: Sequence[Delivery]) -> Attempt:
        """Send one mail about these events to an account."""

    def webhook(self, endpoint: Endpoint, event: Event) -> Attempt:
        """Send an event to an endpoint."""
