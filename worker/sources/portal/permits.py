"""Permits for requests: every request of every worker waits for its turn, so that all keep to the portal's limits.

A permit is a lease in MongoDB, renewed while the request lasts. Without MongoDB no request starts, and one whose
permit cannot be renewed ends: a slow or unreachable database makes requests slower, never faster.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from jobs.domain.errors import DatabaseUnavailable, FilesureError, SourceOnHold
from jobs.domain.sources import HostLimits
from jobs.ports import Clock, HostRepository
from jobs.telemetry.metrics import Instruments, Unmeasured

logger = logging.getLogger(__name__)

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_TOLERATED_SECONDS = 0.25  # a start this late still counts; at four requests per second or fewer it changes nothing
_BOOKINGS = 5


class PermitLost(Exception):
    """The permit expired before it was renewed: the request must end, since another may have taken its turn."""


@dataclass(kw_only=True)
class Permit:
    """A place in the host's line. Call ``keep`` at least every ``lease_seconds`` / 2."""

    hosts: HostRepository
    host: str
    name: str
    lease_seconds: float
    #: By the monotonic clock.
    renewed_at: float

    def keep(self) -> None:
        """Renew the permit if it is due. Raises PermitLost."""
        age = time.monotonic() - self.renewed_at
        if age >= self.lease_seconds:
            raise PermitLost
        if age < self.lease_seconds / 3:
            return
        try:
            self.place()
        except FilesureError as error:  # the next call tries again, until the lease has expired
            logger.warning("permit.not_renewed", extra={"host": self.host, "reason": str(error)})

    def place(self) -> int:
        """Renew the place. Returns the number of places before it. Raises PermitLost."""
        asked_at = time.monotonic()
        before = self.hosts.renew(self.host, self.name, self.lease_seconds)
        if before is None:
            raise PermitLost
        self.renewed_at = asked_at
        return before


@dataclass(frozen=True, kw_only=True)
class Permits:
    """Permits for one host. Thread-safe."""

    hosts: HostRepository
    clock: Clock
    host: str
    limits: HostLimits
    worker: str
    lease_seconds: float
    longest_wait_seconds: float
    instruments: Instruments = field(default_factory=Unmeasured)
    sleep: Callable[[float], None] = time.sleep

    @contextmanager
    def one(self) -> Iterator[Permit]:
        """Wait for a turn, and hold it during the block. Raises SourceOnHold if that takes too long."""
        began = time.monotonic()
        permit = Permit(
            hosts=self.hosts,
            host=self.host,
            name=f"{self.worker}/{uuid4().hex}",
            lease_seconds=self.lease_seconds,
            renewed_at=began,
        )
        try:
            self._take(permit, began + self.longest_wait_seconds)
            self.instruments.observe("filesure_source_permit_wait_seconds", time.monotonic() - began)
            yield permit
        finally:
            self._leave(permit)

    def pause(self, seconds: float) -> None:
        """Start no request for so long, in any worker."""
        self.hosts.pause(self.host, self.clock() + timedelta(seconds=seconds))

    def _take(self, permit: Permit, until: float) -> None:
        while True:
            permit.renewed_at = time.monotonic()
            before = self.hosts.join(self.host, self.limits, permit.name, self.lease_seconds)
            try:
                self._line_up(permit, before, until)
                self._wait_for_start(permit)
            except PermitLost:  # this process was paused for longer than a lease
                continue
            return

    def _line_up(self, permit: Permit, before: int, until: float) -> None:
        while before >= self.limits.concurrency:
            left = until - time.monotonic()
            if left <= 0:
                raise self._too_long(self.longest_wait_seconds)
            self.sleep(min(left, self._pause(before)))
            before = permit.place()

    def _pause(self, before: int) -> float:
        """Those further back ask less often."""
        wanted = self.limits.interval.total_seconds() * (before - self.limits.concurrency + 1) / 2
        return min(max(_SHORTEST_PAUSE, wanted), _LONGEST_PAUSE, self.lease_seconds / 3)

    def _wait_for_start(self, permit: Permit) -> None:
        """A start that has passed is not used: after a pause, the missed requests would start all at once."""
        tolerated = max(self.limits.interval.total_seconds(), _TOLERATED_SECONDS)
        for _ in range(_BOOKINGS):
            start = self.hosts.book(self.host, self.limits)
            wait = (start - self.clock()).total_seconds()
            if wait > self.longest_wait_seconds:
                raise self._too_long(wait)
            self._sleep(permit, wait)
            if (self.clock() - start).total_seconds() <= tolerated:
                return
        raise DatabaseUnavailable("MongoDB answers too slowly to keep to the limits of the portal.")

    def _sleep(self, permit: Permit, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.sleep(min(left, self.lease_seconds / 3))
            permit.keep()

    def _too_long(self, seconds: float) -> SourceOnHold:
        return SourceOnHold(
            f"{self.host} allows no further request within {self.longest_wait_seconds:g} seconds.", seconds
        )

    def _leave(self, permit: Permit) -> None:
        try:
            self.hosts.leave(self.host, permit.name)
        except FilesureError as error:  # the lease will expire
            logger.warning("permit.not_returned", extra={"host": self.host, "reason": str(error)})
