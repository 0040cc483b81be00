"""Counts what a run has done so far, and measures its start and end."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from jobs.domain.expectation import is_met
from jobs.domain.job import PRIORITIES, Job, Run, RunOutcome
from jobs.telemetry import tracing
from worker.fetching import Failed, Result, Stored

if TYPE_CHECKING:
    from jobs.domain.ending import Ending
    from jobs.domain.errors import FilesureError
    from jobs.telemetry.metrics import Instruments

logger = logging.getLogger(__name__)


@dataclass
class Tally:
    """Counts of one run. A job's progress is counted from the stored documents, never from these."""

    stored: int = 0
    read: int = 0
    given_up: int = 0
    bytes: int = 0
    pages: int = 0
    #: The first error that affects every document.
    failure: FilesureError | None = None
    #: The first error that affects a single document.
    document_error: FilesureError | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def advanced(self) -> bool:
        """Whether a document reached its final state, or was read."""
        return self.stored + self.read + self.given_up > 0

    def store(self, size: int) -> None:
        """Count a stored document. Called by the fetching threads, since reading it may outlast the run."""
        with self._lock:
            self.stored += 1
            self.bytes += size

    def count_pages(self, number: int) -> None:
        """Count the pages of a document that was read. Called by the fetching threads."""
        with self._lock:
            self.pages += number

    def add(self, result: Result) -> None:
        match result:
            case Stored():
                self.read += result.read
            case Failed():
                self.given_up += result.final
                self.document_error = self.document_error or result.error


def measure_start(instruments: Instruments, job: Job, silent: int) -> None:
    """``silent``: how many workers died while holding this job.

    Jobs of the lowest priority wait for all others, so their waits say nothing about the number of workers.
    """
    if silent:
        instruments.count("filesure_leases_taken_over_total", silent)
    if job.waited is not None and job.priority in PRIORITIES:
        instruments.observe("filesure_job_queue_wait_seconds", job.waited)


def measure_lost(instruments: Instruments) -> None:
    logger.warning("run.lost")
    tracing.outcome(RunOutcome.LOST)
    instruments.count("filesure_runs_total", outcome=RunOutcome.LOST)
    instruments.count("filesure_leases_lost_total")


def measure_end(instruments: Instruments, job: Job, run: Run, ending: Ending, now: datetime) -> None:
    instruments.count("filesure_runs_total", outcome=ending.outcome)
    instruments.observe("filesure_run_duration_seconds", (now - run.started_at).total_seconds())
    if ending.outcome is RunOutcome.COMPLETED and job.is_order:
        waited = (now - job.created_at).total_seconds()
        instruments.observe("filesure_job_completion_duration_seconds", waited)
        if (met := is_met(job, now)) is not None:
            instruments.count("filesure_estimates_total", met="yes" if met else "no")


def log_end(tally: Tally, ending: Ending) -> None:
    """Log and trace how a run ended."""
    progress, reason = ending.progress, ending.error.message if ending.error else None
    extra = {
        "outcome": str(ending.outcome),
        "stored": tally.stored,
        "bytes": tally.bytes,
        "downloaded": progress.downloaded,
        "failed": progress.failed,
        "total": progress.total,
        "reason": reason,
    }
    tracing.outcome(ending.outcome, reason)
    failed = ending.outcome is RunOutcome.FAILED
    logger.log(logging.WARNING if failed else logging.INFO, "run.ended", extra=extra)
