"""Deliveries, endpoints and subscriptions in memory."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from jobs.domain.channels import Channel
from jobs.domain.deliveries import Attempt, Delivery, DeliveryFilter, DeliveryState, Subscription
from jobs.domain.endpoints import MOST_ENDPOINTS, Endpoint
from jobs.domain.events import Note
from jobs.domain.listing import Cursor, Page
from jobs.domain.wrong_use import InvalidEndpoint, UnknownDelivery, UnknownEndpoint, WrongState
from jobs.ports import Clock


class MemoryDeliveryRepository:
    """``jobs.ports.DeliveryRepository`` over a dictionary."""

    def __init__(self, clock: Clock) -> None:
        self._deliveries: dict[str, Delivery] = {}
        self._clock, self._lock = clock, threading.RLock()

    def add(self, deliveries: Sequence[Delivery]) -> int:
        with self._lock:
            new = {each.id: each for each in deliveries if each.id not in self._deliveries}
            self._deliveries |= new
            return len(new)

    def get(self, delivery_id: str) -> Delivery:
        if delivery_id not in self._deliveries:
            raise UnknownDelivery(delivery_id)
        return self._deliveries[delivery_id]

    def due(self, *, busy: Collection[str] = (), full: Collection[Channel] = ()) -> Delivery | None:
        due = [each for each in self._due() if each[1].target not in busy and each[1].channel not in full]
        return min(due, key=lambda each: each[0])[1] if due else None

    def claim(self, delivery: Delivery, lease_seconds: float) -> Delivery | None:
        with self._lock:
            due = (each for _, each in self._due() if (each.id, each.fence) == (delivery.id, delivery.fence))
            return next((self._take(each, lease_seconds) for each in due), None)

    def claim_alike(self, delivery: Delivery, lease_seconds: float, limit: int) -> list[Delivery]:
        with self._lock:
            kind = (delivery.channel, delivery.target)
            alike = [each for _, each in self._due() if (each.channel, each.target) == kind]
            return [self._take(each, lease_seconds) for each in alike[:limit]]

    def _due(self) -> list[tuple[datetime, Delivery]]:
        now = self._clock()
        return [(each.next_at, each) for each in self._deliveries.values() if each.next_at and each.next_at <= now]

    def _take(self, delivery: Delivery, lease_seconds: float) -> Delivery:
        until = self._clock() + timedelta(seconds=lease_seconds)
        return self._put(replace(delivery, next_at=until, fence=delivery.fence + 1, attempts=delivery.attempts + 1))

    def save(
        self, delivery: Delivery, attempt: Attempt | None, state: DeliveryState, next_at: datetime | None = None
    ) -> bool:
        with self._lock:
            stored = self._deliveries.get(delivery.id)
            if stored is None or stored.fence != delivery.fence or stored.state is not DeliveryState.PENDING:
                return False
            ended = state is not DeliveryState.PENDING
            kept = replace(attempt, final=False, retry_after=None) if attempt else stored.last
            self._put(
                replace(
                    stored,
                    state=state,
                    next_at=None if ended else next_at,
                    last=kept,
                    ended_at=self._clock() if ended else None,
                )
            )
            return True

    def resend(self, delivery_id: str) -> Delivery:
        with self._lock:
            current = self.get(delivery_id)
            if current.ended_at is None:
                raise WrongState("The delivery has not ended; it is tried again without being resent.")
            again = {"state": DeliveryState.PENDING, "next_at": self._clock(), "attempts": 0, "ended_at": None}
            return self._put(replace(current, fence=current.fence + 1, **again))  # type: ignore[arg-type]

    def log(self, wanted: DeliveryFilter, cursor: Cursor | None, limit: int) -> Page[Delivery]:
        """There are no previous pages."""
        found = [each for _, each in sorted(self._deliveries.items(), reverse=True) if _matches(each, wanted)]
        rows = [each for each in found if cursor is None or each.id < cursor.id]
        following = Cursor(id=rows[limit - 1].id) if len(rows) > limit else None
        return Page(items=rows[:limit], next=following)

    def forget(self, before: datetime, limit: int) -> int:
        with self._lock:
            first = f"{int(before.timestamp()):08x}"
            old = [id_ for id_, each in sorted(self._deliveries.items()) if id_ < first and each.ended_at][:limit]
            for id_ in old:
                del self._deliveries[id_]
            return len(old)

    def _put(self, delivery: Delivery) -> Delivery:
        self._deliveries[delivery.id] = delivery
        return delivery


def _matches(delivery: Delivery, wanted: DeliveryFilter) -> bool:
    return (
        wanted.target in ("", delivery.target)
        and wanted.channel in (None, delivery.channel)
        and wanted.state in (None, delivery.state)
    )


class MemoryEndpointRepository:
    """``jobs.ports.EndpointRepository`` over a dictionary."""

    def __init__(self, clock: Clock) -> None:
        self._endpoints: dict[str, Endpoint] = {}
        self._clock = clock
        #: The notes of endpoints that were disabled.
        self.notes: dict[str, list[Note]] = {}

    def add(self, endpoint: Endpoint) -> None:
        if len(self._endpoints) >= MOST_ENDPOINTS:
            raise InvalidEndpoint(f"There are {MOST_ENDPOINTS} endpoints already. Remove one first.", field="url")
        self._endpoints[endpoint.id] = endpoint

    def get(self, endpoint_id: str) -> Endpoint:
        if endpoint_id not in self._endpoints:
            raise UnknownEndpoint(endpoint_id)
        return self._endpoints[endpoint_id]

    def all(self) -> list[Endpoint]:
        return [each for _, each in sorted(self._endpoints.items())]

    def rotate(self, endpoint_id: str, secret: str, old_until: datetime) -> Endpoint:
        current = self.get(endpoint_id)
        return self._put(replace(current, secret=secret, old_secret=current.secret, old_until=old_until))

    def limit(self, endpoint_id: str, lists: frozenset[str]) -> Endpoint:
        return self._put(replace(self.get(endpoint_id), lists=lists))

    def enable(self, endpoint_id: str) -> Endpoint:
        current = self.get(endpoint_id)
        return self._put(replace(current, disabled_at=None, disabled_reason="", failures=0, failing_since=None))

    def disable(self, endpoint_id: str, reason: str, note: Note | None = None) -> Endpoint:
        current = self.get(endpoint_id)
        if not current.is_enabled:
            return current
        if note:
            self.notes.setdefault(endpoint_id, []).append(note)
        return self._put(replace(current, disabled_at=self._clock(), disabled_reason=reason))

    def remove(self, endpoint_id: str) -> None:
        self._endpoints.pop(endpoint_id, None)

    def succeeded(self, endpoint_id: str, at: datetime) -> None:
        if endpoint_id in self._endpoints:
            self._put(replace(self.get(endpoint_id), failures=0, failing_since=None, succeeded_at=at))

    def failed(self, endpoint_id: str, at: datetime) -> Endpoint | None:
        if endpoint_id not in self._endpoints:
            return None
        current = self.get(endpoint_id)
        since = min(current.failing_since or at, at)
        return self._put(replace(current, failures=current.failures + 1, failing_since=since))

    def _put(self, endpoint: Endpoint) -> Endpoint:
        self._endpoints[endpoint.id] = endpoint
        return endpoint


class MemorySubscriptionRepository:
    """``jobs.ports.SubscriptionRepository`` over a dictionary."""

    def __init__(self) -> None:
        self._subscriptions: dict[str, Subscription] = {}
        self._reserved: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> Subscription:
        return self._subscriptions.get(name, Subscription(name=name))

    def put(self, subscription: Subscription) -> None:
        self._subscriptions[subscription.name] = subscription

    def reserve_digest(self, name: str, now: datetime, until: datetime) -> bool:
        with self._lock:
            if name in self._subscriptions and self._reserved.get(name, now) > now:
                return False
            self._reserved[name] = until
            return True

    def remove(self, name: str) -> None:
        self._subscriptions.pop(name, None)
