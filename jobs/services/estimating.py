"""Estimates when jobs and lists complete."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from jobs.domain.errors import FilesureError, TooSlow
from jobs.domain.expectation import Expectation, Pace, Queue, expectation, first_estimates, pace_of, planned_runs
from jobs.domain.job import UNFINISHED, Job
from jobs.ports import Clock, PauseRepository, QueueNumbers

T = TypeVar("T")

#: So many jobs ahead are counted; beyond, only a bound is given.
COUNTED = 1_000
RUNS = 100
QUEUE_SECONDS, PACE_SECONDS = 2.0, 30.0


class _Kept(Generic[T]):
    """A value that is read again when it is too old. Of concurrent callers, several may read it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._value: tuple[float, Any] = (float("-inf"), None)

    def get(self, read: Callable[[], T], *, fresh: bool = False) -> T:
        at, value = self._value
        if fresh or time.monotonic() - at > self._seconds:
            began, value = time.monotonic(), read()
            self._value = (began, value)
        kept: T = value
        return kept


@dataclass(frozen=True, kw_only=True)
class Estimates:
    """The expected completions. Each process reads the queue at most every two seconds for all jobs it shows."""

    numbers: QueueNumbers
    pauses: PauseRepository
    clock: Clock
    workers: int
    run_fraction: float
    _pace: _Kept[Pace] = field(default_factory=lambda: _Kept(PACE_SECONDS))
    _queue: _Kept[Queue] = field(default_factory=lambda: _Kept(QUEUE_SECONDS))

    def of_job(self, job: Job) -> Expectation | None:
        """None if the job has ended, or if the queue cannot be read in time: a page is shown without it."""
        if job.status not in UNFINISHED:
            return None
        with suppress(TooSlow):
            return expectation(job, self._queue.get(self._read), self.clock())
        return None

    def of_list(self, list_id: str, unfinished: int) -> Expectation | None:
        """When the last of the list's ``unfinished`` jobs completes; None if all have ended, and like ``of_job``."""
        if not unfinished:
            return None
        with suppress(TooSlow):
            if last := self.numbers.last_of_list(list_id):
                return expectation(last, self._queue.get(self._read), self.clock(), at_least_ahead=unfinished - 1)
        return None

    def runs_of(self, job: Job) -> int:
        return planned_runs(job, self.run_fraction)

    def first(self, jobs: Sequence[Job]) -> Mapping[str, datetime]:
        """For ``jobs.ports.Expect``. An order is never refused because of its estimate."""
        try:
            return first_estimates(jobs, self._queue.get(self._read, fresh=len(jobs) > 1))
        except FilesureError:
            return {}

    def _read(self) -> Queue:
        first = self.numbers.first_due(COUNTED + 1)
        return Queue(
            first=first[:COUNTED],
            more=len(first) > COUNTED,
            held=self.numbers.held(COUNTED),
            pace=self._pace.get(self._read_pace),
            pauses=self.pauses.current(),
        )

    def _read_pace(self) -> Pace:
        return pace_of(self.numbers.last_runs(RUNS), workers=self.workers, run_fraction=self.run_fraction)
