"""A run: one worker's go at one job, from the claim to its end.

listed?  →  the next 35 % of the documents  →  fetch them at once, a few at a time  →  end or release
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from typing import TypeVar

from jobs import tracing
from jobs.domain.document import Document
from jobs.domain.ending import Backoff, Ending, cancelled, ended_badly, ended_early, ended_well
from jobs.domain.errors import (
    CompanyNotFound,
    DocumentUnavailable,
    FilesureError,
    LeaseLost,
    RunTimedOut,
    UnexpectedError,
    WorkerDied,
)
from jobs.domain.job import Job, Progress, Run, RunOutcome
from jobs.domain.metrics import Instruments, Unmeasured
from jobs.ports import BlobStore, Clock, DocumentRepository, Extractor, JobRepository, RunRepository, Source
from worker.fetching import Fetched, Fetcher
from worker.heartbeat import Heartbeat
from worker.stopping import Reason, Stop

logger = logging.getLogger(__name__)

T = TypeVar("T")

_LOOK_SECONDS = 0.1  # how soon a stop is noticed while every thread is busy
_SAVE_SECONDS = 1.0  # how often progress is counted and saved


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much a run does, and for how long it tries."""

    concurrency: int
    run_fraction: float
    lease_seconds: float
    stop_seconds: float
    run_timeout_seconds: float
    backoff: Backoff


@dataclass
class Tally:
    """What the run has done so far."""

    stored: int = 0
    given_up: int = 0
    bytes: int = 0
    failure: FilesureError | None = None
    document_error: FilesureError | None = None

    def add(self, fetched: Fetched) -> None:
        """Count one document."""
        self.stored += fetched.stored
        self.bytes += fetched.bytes
        self.given_up += fetched.final
        self.document_error = self.document_error or fetched.error


@dataclass(kw_only=True)
class Pipeline:
    """Runs one claimed job. One object a run.

    ``on_beat`` is called after each heartbeat; ``on_progress`` is told how many documents of the job
    are done, and their total. A thread that hangs in a source may outlive the run: whoever ends the
    process must not wait for it.
    """

    jobs: JobRepository
    documents: DocumentRepository
    runs: RunRepository
    blobs: BlobStore
    source: Source
    extractor: Extractor
    clock: Clock
    limits: Limits
    stop: Stop
    instruments: Instruments = field(default_factory=Unmeasured)
    on_beat: Callable[[], object] | None = None
    on_progress: Callable[[int, int], None] | None = None

    def run(self, job: Job) -> RunOutcome:
        """Go at the job; says how the run ended. Raises LeaseLost, DatabaseUnavailable, DatabaseRefused."""
        run = Run(
            job_id=job.id, number=job.runs, worker=job.lease.worker, fence=job.fence, started_at=self.clock()
        )  # fmt: skip
        logger.info("run.started")
        tally = Tally()
        try:
            with self._heartbeat(job):
                ending = self._ending(job, run, tally)
                self._record(run, tally, ending)
                self.jobs.end(job.lease, ending)
        except LeaseLost:
            logger.warning("run.lost")
            tracing.outcome(RunOutcome.LOST)
            self.instruments.count("runs_total", outcome=RunOutcome.LOST)
            self.instruments.count("leases_lost_total")
            self.runs.finish(replace(run, outcome=RunOutcome.LOST, finished_at=self.clock()))
            raise
        self._measure(job, run, ending)
        self._log_end(tally, ending)
        return ending.outcome

    def _heartbeat(self, job: Job) -> Heartbeat:
        seconds = self.limits.lease_seconds
        return Heartbeat(self.jobs, job.lease, seconds, self.stop, self.instruments, self.on_beat)

    def _measure(self, job: Job, run: Run, ending: Ending) -> None:
        now = self.clock()
        self.instruments.count("runs_total", outcome=ending.outcome)
        self.instruments.observe("run_duration_seconds", (now - run.started_at).total_seconds())
        if ending.outcome is RunOutcome.COMPLETED:
            self.instruments.observe("job_completion_duration_seconds", (now - job.created_at).total_seconds())

    def close(self) -> None:
        """Give back what the run held."""
        self.extractor.close()

    def _ending(self, job: Job, run: Run, tally: Tally) -> Ending:
        try:
            self.documents.take_over(job.lease)
            self._started(job, self.runs.start(run))
            job = self._work(job, tally)
        except LeaseLost:
            raise
        except FilesureError as error:
            tally.failure = error
        except Exception as error:  # the worker's boundary: recorded, and tried again
            logger.exception("run.unexpected")
            tally.failure = UnexpectedError(f"{type(error).__name__}: {error}")
        return self._judge(job, tally)

    def _started(self, job: Job, silent: int) -> None:
        """``silent`` workers had the job before and never told their end; then it did not wait for us alone."""
        if silent:
            self.instruments.count("leases_taken_over_total", silent)
        elif job.due_at and job.locked_at:
            self.instruments.observe("job_queue_wait_seconds", (job.locked_at - job.due_at).total_seconds())

    def _work(self, job: Job, tally: Tally) -> Job:
        if job.cancel_requested_at:
            self.stop.request(Reason.CANCELLED)
            return job
        if job.attempts > job.max_attempts:
            raise WorkerDied(f"{job.max_attempts} workers in a row ended without a word while they held this job.")
        # Twice the threads: while some download, as many others read and upload what they have.
        pool = ThreadPoolExecutor(2 * self.limits.concurrency)
        try:
            job = self._listed(job, pool)
            quota = math.ceil(self.limits.run_fraction * (job.progress.total or 0))
            self._fetch_all(job, self.documents.to_download(job.id, quota), pool, tally)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return job

    def _listed(self, job: Job, pool: ThreadPoolExecutor) -> Job:
        """The job with its documents listed; that is so once the total is saved, not before."""
        if job.progress.total is not None:
            return job
        asked = pool.submit(copy_context().run, self.source.filings, job.cin, job.company_name)
        for _ in self._finished({asked}):
            filings = asked.result()
            if not filings:
                raise CompanyNotFound(f"The source lists no filings of {job.cin}.")
            self.documents.add(job.lease, job, filings)
            progress = self.documents.progress(job.id)
            self.jobs.save_progress(job.lease, progress)
            logger.info("job.listed", extra={"documents": progress.total})
            return replace(job, progress=progress)
        return job

    def _fetch_all(self, job: Job, documents: list[Document], pool: ThreadPoolExecutor, tally: Tally) -> None:
        fetcher = Fetcher(
            source=self.source, extractor=self.extractor, blobs=self.blobs, documents=self.documents,
            lease=job.lease, stop=self.stop, max_attempts=job.max_attempts,
            downloads=threading.Semaphore(self.limits.concurrency), instruments=self.instruments,
        )  # fmt: skip
        saved_at = time.monotonic()
        done, total = job.progress.downloaded + job.progress.failed, job.progress.total or 0
        self._tell(done, total)
        for future in self._finished(
            {pool.submit(copy_context().run, fetcher.fetch, document) for document in documents}
        ):
            try:
                tally.add(future.result())
            except LeaseLost:
                raise
            except FilesureError as error:
                tally.failure = tally.failure or error
                self.stop.request(Reason.FAILED)
            self._tell(done + tally.stored + tally.given_up, total)
            if time.monotonic() - saved_at >= _SAVE_SECONDS:
                self.jobs.save_progress(job.lease, self.documents.progress(job.id))
                saved_at = time.monotonic()

    def _tell(self, done: int, total: int) -> None:
        if self.on_progress:
            self.on_progress(done, total)

    def _finished(self, waiting: set[Future[T]]) -> Iterator[Future[T]]:
        """Futures as they finish, until all have or it is time to leave the rest behind."""
        ends_at = time.monotonic() + self.limits.run_timeout_seconds
        leaves_at = math.inf
        while waiting and self.stop.reason is not Reason.LOST and time.monotonic() < leaves_at:
            done, waiting = wait(waiting, _LOOK_SECONDS, FIRST_COMPLETED)
            yield from done
            if time.monotonic() >= ends_at:
                self.stop.request(Reason.TIMED_OUT)
            if self.stop:
                leaves_at = min(leaves_at, time.monotonic() + self.limits.stop_seconds)

    def _judge(self, job: Job, tally: Tally) -> Ending:
        """What the run means for the job. Counted from what is stored, whatever the tally says."""
        reason = self.stop.reason
        if reason is Reason.LOST:
            raise LeaseLost(job.id, job.fence)
        progress = self._progress(job)
        if reason is Reason.CANCELLED:
            return cancelled(job, progress)
        if reason is Reason.TIMED_OUT:
            tally.failure = RunTimedOut(f"The run took longer than {self.limits.run_timeout_seconds:g} seconds.")
        advanced = tally.stored + tally.given_up > 0
        if tally.failure is None and not advanced and tally.document_error:
            tally.failure = DocumentUnavailable(f"No document could be had. {tally.document_error}")
        if tally.failure:
            counted = replace(job, attempts=1) if advanced else job
            return ended_badly(counted, progress, tally.failure, self.clock(), self.limits.backoff)
        if reason is Reason.ASKED and (progress.pending or progress.total is None):
            return ended_early(job, progress, self.clock())
        return ended_well(job, progress, self.clock())

    def _progress(self, job: Job) -> Progress:
        """Counted anew, unless the listing itself is unfinished."""
        return self.documents.progress(job.id) if job.progress.total is not None else job.progress

    def _record(self, run: Run, tally: Tally, ending: Ending) -> None:
        """Tell the run's end before the job's: cut off in between, the job is taken over and run again."""
        self.runs.finish(replace(
            run, finished_at=self.clock(), outcome=ending.outcome, documents=tally.stored,
            bytes=tally.bytes, error=ending.error,
        ))  # fmt: skip

    def _log_end(self, tally: Tally, ending: Ending) -> None:
        progress, reason = ending.progress, ending.error.message if ending.error else None
        extra = {
            "outcome": str(ending.outcome), "stored": tally.stored, "bytes": tally.bytes,
            "downloaded": progress.downloaded, "failed": progress.failed, "total": progress.total,
            "reason": reason,
        }  # fmt: skip
        tracing.outcome(ending.outcome, reason)
        failed = ending.outcome is RunOutcome.FAILED
        logger.log(logging.WARNING if failed else logging.INFO, "run.ended", extra=extra)
