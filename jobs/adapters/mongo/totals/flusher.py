"""Adds a worker's counters to the totals."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING
from uuid import uuid4

from jobs.domain.errors import FilesureError

if TYPE_CHECKING:
    from jobs.ports import Totals

logger = logging.getLogger(__name__)


class Flusher:
    """Stores the counters of this process in parts, each at most once. Thread-safe.

    A part that may or may not be stored is sent again unchanged until the store confirms it; whatever is counted
    meanwhile goes into the next part.
    """

    def __init__(self, counted: Callable[[], Mapping[str, float]], totals: Callable[[], Totals]) -> None:
        self._counted = counted
        self._totals = totals
        self._worker = uuid4().hex  # unique per process, since a pod's name may be reused
        self._stored: Mapping[str, float] = {}
        self._part: dict[str, float] = {}
        self._sequence = 0
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def flushing(self, seconds: float) -> Iterator[None]:
        """Flush every ``seconds`` and at the end of the block.

        Uses a separate thread, so that a slow MongoDB cannot delay the renewal of leases.
        """
        ended = threading.Event()

        def work() -> None:
            while not ended.wait(seconds):
                self.flush()

        threading.Thread(target=work, name="metrics", daemon=True).start()
        try:
            yield
        finally:
            ended.set()
            self.flush()
            self._fold_sometimes()

    def flush(self) -> bool:
        """Whether everything counted so far is stored. Errors are only logged, since metrics must not stop work."""
        with self._lock:
            try:
                self._finish()
                self._begin()
                self._finish()
            except FilesureError as error:
                logger.warning("metrics.not_flushed", extra={"reason": str(error)})
                return False
            except Exception:  # a bug here must not fail a run
                logger.exception("metrics.unexpected")
                return False
        return True

    def _begin(self) -> None:
        counted = self._counted()
        rise = {name: value - self._stored.get(name, 0) for name, value in counted.items()}
        self._part = {name: value for name, value in rise.items() if value}
        self._stored = counted
        self._sequence += bool(self._part)

    def _finish(self) -> None:
        if self._part:
            self._totals().add(self._worker, self._sequence, self._part)
            self._part = {}

    def _fold_sometimes(self) -> None:
        """One worker in sixteen folds, so that parts do not pile up if nothing scrapes the web site."""
        if self._worker.endswith("0"):
            with contextlib.suppress(FilesureError):
                self._totals().fold()
