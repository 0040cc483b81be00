"""Ports for the state that all workers share about sources."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from jobs.domain.sources import Breaker, BreakerRule, HostLimits, HostUse


class HostRepository(Protocol):
    """Permits for requests to a host, given in the order of arrival. A permit is a lease: it expires if not renewed.

    A worker joins the line, renews its place until it is within the limit, books a start, and leaves the line after
    the request.
    """

    def join(self, host: str, limits: HostLimits, place: str, lease_seconds: float) -> int:
        """Join the line as ``place``, a unique name. Returns the number of places before it."""

    def renew(self, host: str, place: str, lease_seconds: float) -> int | None:
        """Renew a place. Returns the number of places before it, or None if it expired and was removed.

        The caller has a permit if fewer than ``HostLimits.concurrency`` places are before it. It then keeps the
        permit as long as it renews the place.
        """

    def leave(self, host: str, place: str) -> None:
        """Give up a place. Idempotent."""

    def book(self, host: str, limits: HostLimits) -> datetime:
        """The time at which the caller may start one request. Each call returns a different time.

        Times are at least ``limits.interval`` apart. A time that is not used is lost, so that a slow server or a
        paused worker never makes requests start in a burst.
        """

    def pause(self, host: str, until: datetime) -> None:
        """Start no request before ``until``, apart from those already booked. An earlier time changes nothing."""

    def in_use(self) -> list[HostUse]:
        """The hosts that were used within the last day."""


class BreakerRepository(Protocol):
    """The breaker of each source. Each change is one conditional write, so that racing workers agree."""

    def get(self, source: str) -> Breaker:
        """A source without a record has a closed breaker."""

    def all(self) -> list[Breaker]:
        """The recorded breakers, by source."""

    def fail(self, source: str, reason: str, rule: BreakerRule) -> tuple[Breaker, bool]:
        """Count a failure; enough of them in a row open the breaker. Returns it, and whether this call opened it."""

    def succeed(self, source: str) -> None:
        """End the row of failures of a closed breaker. An open one is closed only by ``close``."""

    def begin_probe(self, source: str, seconds: float) -> Breaker | None:
        """Take the next probe of an open breaker if it is due; None if another worker was faster.

        The probe counts as dead after ``seconds``, and the next one is due.
        """

    def fail_probe(self, probe: Breaker, reason: str, rule: BreakerRule) -> Breaker:
        """Plan the next probe, unless this probe counts as dead. Returns the current breaker."""

    def close(self, source: str) -> None:
        """Close the breaker, since the source works. Idempotent."""
