"""Sends due deliveries, several at a time, and decides what follows an attempt."""

from __future__ import annotations

import logging
import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus

from jobs.domain.channels import Channel
from jobs.domain.deliveries import MOST_IN_DIGEST, Attempt, Delivery, DeliveryState, next_attempt
from jobs.domain.endpoints import Endpoint, disabled_note, is_dead
from jobs.domain.wrong_use import UnknownEndpoint
from jobs.ports import Clock, DeliveryRepository, EndpointRepository, Sender, SubscriptionRepository
from jobs.telemetry.metrics import Instruments, Unmeasured

logger = logging.getLogger(__name__)

#: Longer than an attempt with all its time limits. A digest is one attempt too.
LEASE_SECONDS = 120.0
#: How long a digest is reserved: until the leases of a process that died while it claimed the digest's events are over.
RESERVED = timedelta(seconds=2 * LEASE_SECONDS)
#: Attempts to one target at the same time, so that one that hangs leaves room for the others.
MOST_PER_TARGET = 2
#: Attempts by mail, or by webhook, at the same time. Fewer than threads: a mail server that hangs delays no webhooks.
MOST_PER_WAY = 6


@dataclass(kw_only=True)
class Deliverer:
    """Sends deliveries. Thread-safe; several processes may send as well."""

    deliveries: DeliveryRepository
    endpoints: EndpointRepository
    subscriptions: SubscriptionRepository
    sender: Sender
    clock: Clock
    most_attempts: int
    instruments: Instruments = field(default_factory=Unmeasured)
    random_fraction: Callable[[], float] = random.random
    _busy: Counter[str] = field(default_factory=Counter)
    #: Attempts in progress: by webhook (True), by mail (False).
    _ways: Counter[bool] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send_next(self) -> bool:
        """Send the delivery that has been due longest. False if none is due."""
        claimed = self._claim()
        if claimed is None:
            return False
        try:
            if claimed.channel is Channel.WEBHOOK:
                self._webhook(claimed)
            else:
                self._mail(claimed)
        finally:
            with self._lock:
                self._count_in(claimed, -1)
        return True

    def _claim(self) -> Delivery | None:
        """One thread at a time, so that no target gets more than its share."""
        with self._lock:
            busy = [target for target, number in self._busy.items() if number >= MOST_PER_TARGET]
            full = [channel for channel in Channel if self._ways[channel is Channel.WEBHOOK] >= MOST_PER_WAY]
            while due := self.deliveries.due(busy=busy, full=full):
                if due.channel is Channel.DIGEST and not self._reserve(due.target):
                    busy.append(due.target)
                elif claimed := self.deliveries.claim(due, LEASE_SECONDS):
                    self._count_in(claimed, 1)
                    return claimed
            return None

    def _reserve(self, target: str) -> bool:
        """Before any event of a digest is claimed, since another process would send the rest as a second mail."""
        now = self.clock()
        return self.subscriptions.reserve_digest(target, now, now + RESERVED)

    def _count_in(self, claimed: Delivery, number: int) -> None:
        self._busy[claimed.target] += number
        self._ways[claimed.channel is Channel.WEBHOOK] += number

    # --- mail

    def _mail(self, claimed: Delivery) -> None:
        together, is_digest = [claimed], claimed.channel is Channel.DIGEST
        if is_digest:
            together += self.deliveries.claim_alike(claimed, LEASE_SECONDS, MOST_IN_DIGEST - 1)
        wanted = self.subscriptions.get(claimed.target)
        if not wanted.address or (is_digest and not wanted.digest):
            for each in together:
                self._save(each, None, DeliveryState.DROPPED)
        elif together := self._with_attempts_left(together):
            self._record(together, self.sender.mail(wanted.address, wanted.name, together))

    # --- webhooks

    def _webhook(self, claimed: Delivery) -> None:
        endpoint = self._endpoint(claimed.target)
        if endpoint is None or not endpoint.is_enabled:
            self._save(claimed, None, DeliveryState.DROPPED)
            return
        if not self._with_attempts_left([claimed]):
            return
        attempt = self.sender.webhook(endpoint, claimed.event)
        self._record([claimed], attempt)
        if attempt.succeeded:
            self.endpoints.succeeded(endpoint.id, attempt.at)
        else:
            self._failed(endpoint, attempt)

    def _endpoint(self, endpoint_id: str) -> Endpoint | None:
        try:
            return self.endpoints.get(endpoint_id)
        except UnknownEndpoint:
            return None

    def _failed(self, endpoint: Endpoint, attempt: Attempt) -> None:
        current = self.endpoints.failed(endpoint.id, attempt.at)
        if current is None or not current.is_enabled:
            return
        if attempt.status == HTTPStatus.GONE:
            reason = "The address answered that it no longer exists (410)."
        elif is_dead(current.failures, current.failing_since, attempt.at):
            since = f"{current.failing_since:%-d %b %Y %H:%M} UTC"
            reason = f"{current.failures} deliveries in a row have failed since {since}. {attempt.error}"
        else:
            return
        self.endpoints.disable(current.id, reason, disabled_note(current, reason, self.clock()))
        logger.warning("webhook.disabled", extra={"endpoint": current.id, "host": current.host})

    # --- outcomes

    def _with_attempts_left(self, together: list[Delivery]) -> list[Delivery]:
        """In the order of their ids, which a retry keeps. The others had their last attempt, and it never ended."""
        for each in together:
            if each.attempts > self.most_attempts:
                died = Attempt(at=self.clock(), seconds=0.0, error="The last attempt was interrupted.")
                self._save(each, died, DeliveryState.FAILED)
        left = (each for each in together if each.attempts <= self.most_attempts)
        return sorted(left, key=lambda each: each.id)

    def _record(self, together: list[Delivery], attempt: Attempt) -> None:
        """Deliveries that were sent together have the same next time, so that they stay together."""
        left = [each.attempts for each in together if each.attempts < self.most_attempts]
        number = max(left, default=self.most_attempts)
        following = next_attempt(attempt, number, self.most_attempts, self.random_fraction())
        for each in together:
            if attempt.succeeded:
                self._save(each, attempt, DeliveryState.DELIVERED)
            elif following and each.attempts < self.most_attempts:
                self.deliveries.save(each, attempt, DeliveryState.PENDING, following)
                self._count(each, "retried")
            else:
                self._save(each, attempt, DeliveryState.FAILED)

    def _save(self, claimed: Delivery, attempt: Attempt | None, state: DeliveryState) -> None:
        self.deliveries.save(claimed, attempt, state)
        self._count(claimed, str(state))

    def _count(self, claimed: Delivery, outcome: str) -> None:
        self.instruments.count("filesure_deliveries_total", channel=str(claimed.channel), outcome=outcome)
        logger.info("delivery.attempted", extra={"delivery": claimed.id, "outcome": outcome})
