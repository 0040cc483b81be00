"""Keeps the last log lines of a run and the times of its documents, bounded, and stores them with the run."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING

from jobs.domain.errors import FilesureError
from jobs.domain.filings.masking import mask_pan
from jobs.domain.run_details import (
    LONGEST_LINE,
    MOST_DOCUMENTS,
    MOST_LINES,
    DocumentTimes,
    LogLine,
    RunDetails,
    Step,
    StepKind,
)
from jobs.telemetry.logs import event_text

if TYPE_CHECKING:
    from jobs.domain.document import Document
    from jobs.domain.job import Run
    from jobs.ports import RunRepository

logger = logging.getLogger(__name__)

_LONGEST_NAME = 100
#: Known from the run itself.
_OMITTED = frozenset({"jobId", "cin", "run", "fence", "worker", "traceId"})


class Recording(logging.Handler):
    """The details of one run. Thread-safe: documents are fetched, and lines logged, by several threads."""

    def __init__(self, runs: RunRepository, run: Run) -> None:
        super().__init__()
        self._runs, self._run = runs, run
        self._began = time.monotonic()
        self._lines: deque[LogLine] = deque(maxlen=MOST_LINES)
        self._times: dict[int, tuple[str, list[Step]]] = {}
        self._others: set[int] = set()
        self._other_seconds: dict[StepKind, float] = {}
        self._changed = False
        self._guard = threading.Lock()

    def __enter__(self) -> Recording:
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        logging.getLogger().removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the lines of a record, masked and shortened. A faulty record must not stop a run."""
        try:
            self._keep(record)
        except Exception:  # noqa: BLE001  as the standard library's handlers do
            self.handleError(record)

    def _keep(self, record: logging.LogRecord) -> None:
        at = datetime.fromtimestamp(record.created, UTC)
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)  # MongoDB stores no smaller units
        texts = [mask_pan(text)[:LONGEST_LINE] for text in event_text(record, _OMITTED).splitlines()[-MOST_LINES:]]
        with self._guard:
            self._lines.extend(LogLine(at=at, level=record.levelname, text=text) for text in texts)
            self._changed = True

    @contextmanager
    def step(self, document: Document, kind: StepKind) -> Iterator[None]:
        """Measure a step of a document, also one that fails."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._add(document, kind, began - self._began, time.monotonic() - began)

    def _add(self, document: Document, kind: StepKind, start: float, seconds: float) -> None:
        number, name = document.filing.number, document.filing.file_name[:_LONGEST_NAME]
        with self._guard:
            self._changed = True
            if number in self._times or len(self._times) < MOST_DOCUMENTS:
                _, steps = self._times.setdefault(number, (name, []))
                steps.append(Step(kind=kind, start=round(start, 3), seconds=round(seconds, 3)))
            else:
                self._others.add(number)
                self._other_seconds[kind] = self._other_seconds.get(kind, 0.0) + seconds

    def save(self) -> None:
        """Store what has been kept so far. Errors are only logged, since a history must not stop work."""
        with self._guard:
            details, changed = self._details(), self._changed
            self._changed = False
        if not changed:
            return
        try:
            self._runs.save_details(details)
        except FilesureError as error:
            self._changed = True
            logger.warning("run.details_not_saved", extra={"reason": str(error)})

    def _details(self) -> RunDetails:
        return RunDetails(
            job_id=self._run.job_id,
            number=self._run.number,
            fence=self._run.fence,
            lines=tuple(self._lines),
            documents=tuple(
                DocumentTimes(number=number, name=name, steps=tuple(steps))
                for number, (name, steps) in self._times.items()
            ),
            others=len(self._others),
            other_seconds={kind: round(seconds, 3) for kind, seconds in self._other_seconds.items()},
        )
