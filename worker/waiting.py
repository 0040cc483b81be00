"""Limits how long a run waits for its threads."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import TypeVar

from worker.stopping import Reason, Stop

T = TypeVar("T")

_LOOK_SECONDS = 0.1  # how soon a stop is noticed while every thread is busy


class Deadline:
    """A run's time limit. It starts when this object is created, and the first stop request shortens it."""

    def __init__(self, stop: Stop, *, run_timeout_seconds: float, stop_seconds: float) -> None:
        self._stop = stop
        self._ends_at = time.monotonic() + run_timeout_seconds
        self._stop_seconds = stop_seconds
        self._gives_up_at = math.inf

    def finished(self, waiting: set[Future[T]]) -> Iterator[Future[T]]:
        """Yields futures as they finish, until all have finished or time is up."""
        while waiting and self._stop.reason is not Reason.LOST and time.monotonic() < self._gives_up_at:
            done, waiting = wait(waiting, _LOOK_SECONDS, FIRST_COMPLETED)
            yield from done
            if time.monotonic() >= self._ends_at:
                self._stop.request(Reason.TIMED_OUT)
            if self._stop:
                self._gives_up_at = min(self._gives_up_at, time.monotonic() + self._stop_seconds)

    def result(self, future: Future[T]) -> T | None:
        """The call's result; None if time is up first."""
        return next((done.result() for done in self.finished({future})), None)
