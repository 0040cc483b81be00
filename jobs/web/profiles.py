"""Keeps the profiles of companies viewed lately, since folding one with thousands of filings takes half a second."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from jobs.domain.companies.profile import Profile
from jobs.domain.job import Job, JobStatus

#: Filings of all kept profiles together, some 3 kB each.
MOST_FILINGS = 20_000
#: The longest time that a profile is kept, for changes of documents that change no order.
MOST_SECONDS = 60.0

Version = tuple[tuple[str, JobStatus, datetime], ...]
"""Changes when documents do: a worker that stores or reads one also changes an order."""


def version_of(orders: Sequence[Job]) -> Version:
    return tuple((job.id, job.status, job.updated_at) for job in orders)


@dataclass(frozen=True, kw_only=True)
class _Kept:
    version: Version
    profile: Profile
    until: float


class Profiles:
    """The profiles used last. Thread-safe; threads that need the same new one each fold it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most_filings: int = MOST_FILINGS) -> None:
        self._clock, self._most = clock, most_filings
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, cin: str, orders: Sequence[Job], fold: Callable[[], Profile]) -> Profile:
        """The profile for these orders; ``fold`` makes it unless it is kept."""
        version = version_of(orders)
        with self._lock:
            kept = self._kept.get(cin)
            if kept and kept.version == version and self._clock() < kept.until:
                self._kept.move_to_end(cin)
                return kept.profile
        profile = fold()
        with self._lock:
            self._kept[cin] = _Kept(version=version, profile=profile, until=self._clock() + MOST_SECONDS)
            self._kept.move_to_end(cin)
            while sum(len(each.profile.filings) for each in self._kept.values()) > self._most:
                self._kept.popitem(last=False)
        return profile
