"""A source behind its breaker: while the source is down, jobs are held instead of failing.

A failure counts only if the source's own check fails too. Otherwise a single company whose page is broken would hold
everybody's jobs, and would itself never fail.

While the breaker is open, pending jobs are not due, so that no pod starts for them. The job of the worker that opened
it becomes due first and probes the source; all others follow after the time that a probe takes. If that worker dies,
one of them probes.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jobs.domain.errors import SourceOnHold, SourceUnavailable

if TYPE_CHECKING:
    from jobs.domain.document import Filing
    from jobs.domain.sources import Breaker, BreakerRule
    from jobs.ports import BreakerRepository, Clock, JobRepository, Source

logger = logging.getLogger(__name__)

_FRESH_SECONDS = 5.0  # how long a worker relies on a closed breaker


@dataclass(kw_only=True)
class GuardedSource:
    """``jobs.ports.Source`` that raises SourceOnHold while the source is down. One object per run. Thread-safe."""

    source: Source
    name: str
    breakers: BreakerRepository
    jobs: JobRepository
    clock: Clock
    rule: BreakerRule
    _failures: int = 0
    _read_at: float = float("-inf")
    _down: SourceOnHold | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def filings(self, cin: str, company_name: str) -> Sequence[Filing]:
        with self._guarded():
            return self.source.filings(cin, company_name)

    def download(self, cin: str, company_name: str, filing: Filing, attempt: int) -> Iterator[bytes]:
        with self._guarded():
            yield from self.source.download(cin, company_name, filing, attempt)

    def check(self) -> str:
        return self.source.check()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        self._admit()
        try:
            yield
        except SourceOnHold:  # busy, not down
            raise
        except SourceUnavailable as error:
            self._judge(error)
            raise
        self._succeeded()

    def _admit(self) -> None:
        """Raises SourceOnHold while the breaker is open, unless this worker's probe succeeds."""
        with self._lock:
            if self._down:
                raise _again(self._down)
            if time.monotonic() - self._read_at < _FRESH_SECONDS:
                return
            breaker = self.breakers.get(self.name)
            if breaker.is_open:
                self._probe()
            self._failures, self._read_at = breaker.failures, time.monotonic()

    def _probe(self) -> None:
        probe = self.breakers.begin_probe(self.name, self.rule.first.total_seconds())
        if probe is None:
            self._hold(self.breakers.get(self.name), probes=False)
            return
        try:
            self.source.check()
        except SourceUnavailable as error:
            logger.info("source.probe_failed", extra={"source": self.name, "reason": str(error)})
            self._hold(self.breakers.fail_probe(probe, str(error), self.rule), probes=True)
        else:
            self.breakers.close(self.name)
            logger.info("source.works_again", extra={"source": self.name})

    def _judge(self, error: SourceUnavailable) -> None:
        """Raises SourceOnHold if the source as such is down; else the error concerns this job alone."""
        with self._lock:
            if self._down:
                raise _again(self._down) from error
            try:
                self.source.check()
            except SourceOnHold:
                raise
            except SourceUnavailable:
                self._count(error)

    def _count(self, error: SourceUnavailable) -> None:
        """A run counts once, however many of its downloads fail."""
        breaker, opened = self.breakers.fail(self.name, str(error), self.rule)
        if opened:
            logger.warning("source.down", extra={"source": self.name, "reason": str(error)})
        if breaker.is_open:
            self._hold(breaker, probes=opened)
        # The jitter needs no cryptographic randomness.
        seconds = self.rule.first.total_seconds() * (0.5 + random.random() / 2)  # noqa: S311
        self._down = SourceOnHold(str(error), seconds)
        raise self._down from error

    def _hold(self, breaker: Breaker, *, probes: bool) -> None:
        """Hold all jobs and raise SourceOnHold. ``probes``: the job of this run makes the next probe."""
        if not breaker.is_open or breaker.probe_at is None:  # closed in the meantime
            return
        now, later = self.clock(), breaker.probe_at + self.rule.first
        held = self.jobs.hold_pending(due_before=breaker.probe_at, until=later)
        logger.info("source.jobs_held", extra={"source": self.name, "held": held})
        until = breaker.probe_at if probes else later
        message = f"The source has been down since {breaker.since:%-d %b, %H:%M} UTC; its jobs wait. {breaker.reason}"
        self._down = SourceOnHold(message, max(0.0, (until - now).total_seconds()))
        raise self._down

    def _succeeded(self) -> None:
        if self._failures:
            self.breakers.succeed(self.name)
            self._failures = 0


def _again(error: SourceOnHold) -> SourceOnHold:
    """A copy for each thread, because raising one object repeatedly would grow its traceback."""
    return SourceOnHold(str(error), error.seconds)
