"""A run: one worker processes one claimed job.

list (first run)  →  the next 35 % of the documents  →  fetch and read them, several at a time  →  release or end

A job that reads documents again lists and fetches nothing, see ``tasks``; an export packs, see ``exporting``.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace

from jobs.domain.ending import Ending, cancelled, ended_badly, ended_early, ended_well
from jobs.domain.errors import (
    DocumentsInUse,
    DocumentUnavailable,
    FilesureError,
    LeaseLost,
    RunTimedOut,
    UnexpectedError,
    WorkerDied,
)
from jobs.domain.job import Job, Lease, Progress, Run, RunOutcome
from jobs.ports import BlobStore, Clock, DocumentRepository, Extractor, JobRepository, PageIndex, RunRepository, Source
from jobs.services.releasing import exists
from jobs.telemetry.metrics import Instruments, Unmeasured
from worker.fetching import Fetcher, Result
from worker.heartbeat import Heartbeat
from worker.hold import Hold
from worker.limits import Limits
from worker.linking import Linker
from worker.listing import with_listing
from worker.progress import OnProgress, ignored
from worker.reading_document import DocumentReader
from worker.recording import Recording
from worker.stopping import Reason, Stop
from worker.tally import Tally, log_end, measure_end, measure_lost, measure_start
from worker.tasks import Task, task_of
from worker.waiting import Deadline

logger = logging.getLogger(__name__)

_SAVE_SECONDS = 1.0  # how often progress is counted and saved


@dataclass(kw_only=True)
class Pipeline:
    """Runs one claimed job. One object per run.

    A thread that hangs in a source may outlive the run, and the process must not wait for it.
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
    on_progress: OnProgress = ignored
    pages: PageIndex | None = None
    is_paused: Callable[[], bool] = bool  # asked about once a second
    _task: Task = field(init=False)
    #: With which this run writes documents.
    _lease: Lease = field(init=False)
    _recording: Recording = field(init=False)

    def run(self, job: Job) -> RunOutcome:
        """Run the job once. Returns the run's outcome. Raises LeaseLost, DatabaseUnavailable, DatabaseRefused."""
        run = Run.of(job, self.clock())
        hold, self._lease = self._hold(job), job.lease
        self._task = task_of(job, self.jobs, self.documents)
        tally, self._recording = Tally(), Recording(self.runs, run)
        try:
            with self._recording, Heartbeat(hold, self.limits.lease_seconds, self.instruments, self._recording.save):
                logger.info("run.started")
                ending = self._ending(job, run, hold, tally)
                self._record(job, run, tally, ending)
                self.jobs.end(job.lease, ending)
        except LeaseLost:
            self._lost(run)
            raise
        finally:
            hold.end()
        measure_end(self.instruments, job, run, ending, self.clock())
        log_end(tally, ending)
        return ending.outcome

    def close(self) -> None:
        self.extractor.close()

    def _hold(self, job: Job) -> Hold:
        """A hold for the rest of the lease, since this process may have been frozen since its claim."""
        seconds = self.limits.lease_seconds
        left = (job.lease_expires_at - self.clock()).total_seconds() if job.lease_expires_at else seconds
        return Hold(self.jobs, job.lease, seconds, self.stop, min(left, seconds))

    def _lost(self, run: Run) -> None:
        measure_lost(self.instruments)
        self.runs.finish(replace(run, outcome=RunOutcome.LOST, finished_at=self.clock()))
        self._recording.save()
        if not exists(self.jobs, run.job_id):  # this run may have been recorded after the deletion removed all others
            self.runs.delete_of_job(run.job_id)

    def _ending(self, job: Job, run: Run, hold: Hold, tally: Tally) -> Ending:
        try:
            hold.check()
            self._lease = self._task.begin(job)
            measure_start(self.instruments, job, self.runs.start(run))
            job = self._credited(job)
            job = self._work(job, hold, tally)
        except LeaseLost as error:
            if error.job_id == job.id:
                raise
            tally.failure = DocumentsInUse(error.job_id)
        except FilesureError as error:
            tally.failure = error
        except Exception as error:  # the worker's outermost handler: the error is recorded, and the job retried
            logger.exception("run.unexpected")
            tally.failure = UnexpectedError(f"{type(error).__name__}: {error}")
        hold.check()
        self._shut_out_threads(hold)
        return replace(self._judge(job, tally), bytes=tally.bytes, pages=tally.pages)

    def _shut_out_threads(self, hold: Hold) -> None:
        """From here on only the run and the job can change: threads left behind are rejected by a higher fence.

        The next claim gets the same fence, so it is not rejected.
        """
        hold.end()
        self.documents.take_over(replace(self._lease, fence=self._lease.fence + 1))

    def _credited(self, job: Job) -> Job:
        """Count no attempts before the last progress, which a killed worker may have made without recording it."""
        if job.attempts < 2 or job.progress.total is None:
            return job
        progress = self._task.progress(job)
        if progress.pending >= job.progress.pending:
            return job
        self.jobs.save_progress(job.lease, progress, advanced=True)
        return replace(job, progress=progress, attempts=1)

    def _work(self, job: Job, hold: Hold, tally: Tally) -> Job:
        """Returns the job with its saved progress. Raises WorkerDied, and the errors of listing and fetching."""
        if job.cancel_requested_at:
            self.stop.request(Reason.CANCELLED)
            return job
        if job.attempts > job.max_attempts:
            raise WorkerDied(f"{job.max_attempts} workers in a row died while holding this job.")
        deadline = Deadline(
            self.stop, run_timeout_seconds=self.limits.run_timeout_seconds, stop_seconds=self.limits.stop_seconds
        )
        # Twice the threads: while some download, the others extract and upload.
        pool = ThreadPoolExecutor(2 * self.limits.concurrency)
        try:
            listed = job if job.progress.total is not None else self._listed(job, hold, deadline, pool)
            if job.export:
                self._pack_all(job, hold, deadline, pool, tally)
            elif listed:
                self._fetch_all(listed, hold, deadline, pool, tally)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return listed or job

    def _listed(self, job: Job, hold: Hold, deadline: Deadline, pool: ThreadPoolExecutor) -> Job | None:
        """The job with its total; None if the run must end before the source answers."""
        asked = pool.submit(copy_context().run, self.source.filings, job.cin, job.company_name)
        filings = deadline.result(asked)
        if filings is None:
            return None
        hold.check()
        return with_listing(job, filings, self.jobs, self.documents)

    def _fetch_all(self, job: Job, hold: Hold, deadline: Deadline, pool: ThreadPoolExecutor, tally: Tally) -> None:
        fetcher = self._fetcher(job, hold, tally)
        done, total = job.progress.downloaded + job.progress.failed, job.progress.total or 0
        documents, unread = self._task.waiting(job, self.limits.run_fraction)
        saved_at = time.monotonic()
        self.on_progress(done, total)
        waiting = {pool.submit(copy_context().run, fetcher.fetch, document) for document in documents}
        waiting |= {pool.submit(copy_context().run, fetcher.read_again, document) for document in unread}
        for future in deadline.finished(waiting):
            self._count(future, tally)
            self.on_progress(done + (tally.read if job.reread else tally.stored + tally.given_up), total)
            if time.monotonic() - saved_at >= _SAVE_SECONDS:
                progress = self._task.progress(job)
                self.jobs.save_progress(job.lease, progress, advanced=tally.advanced)
                if self.is_paused():
                    self.stop.request(Reason.PAUSED)
                saved_at = time.monotonic()

    def _pack_all(self, job: Job, hold: Hold, deadline: Deadline, pool: ThreadPoolExecutor, tally: Tally) -> None:
        from worker.exporting import Exporter  # most runs pack nothing

        exporter = Exporter(
            jobs=self.jobs,
            documents=self.documents,
            blobs=self.blobs,
            hold=hold,
            stop=self.stop,
            seconds=self.limits.run_timeout_seconds / 3,
            save_seconds=_SAVE_SECONDS,
            on_stored=tally.store,
            on_progress=self.on_progress,
            is_paused=self.is_paused,
        )
        for packed in deadline.finished({pool.submit(copy_context().run, exporter.pack, job)}):
            self._count(packed, tally)

    def _reader(self, hold: Hold, tally: Tally) -> DocumentReader:
        return DocumentReader(
            extractor=self.extractor,
            blobs=self.blobs,
            documents=self.documents,
            lease=self._lease,
            check=hold.check,
            instruments=self.instruments,
            pages=self.pages,
            on_read=tally.count_pages,
        )

    def _fetcher(self, job: Job, hold: Hold, tally: Tally) -> Fetcher:
        return Fetcher(
            source=self.source,
            reader=self._reader(hold, tally),
            linker=Linker(
                jobs=self.jobs,
                documents=self.documents,
                blobs=self.blobs,
                lease=self._lease,
                check=hold.check,
                fresh=job.fresh,
                since=job.created_at if job.reread else None,
            ),
            blobs=self.blobs,
            documents=self.documents,
            hold=hold,
            stop=self.stop,
            max_attempts=job.max_attempts,
            downloads=threading.Semaphore(self.limits.concurrency),
            instruments=self.instruments,
            on_stored=tally.store,
            measure=self._recording.step,
        )

    def _count(self, future: Future[Result], tally: Tally) -> None:
        try:
            tally.add(future.result())
        except LeaseLost:
            raise
        except FilesureError as error:
            tally.failure = tally.failure or error
            self.stop.request(Reason.FAILED)

    def _judge(self, job: Job, tally: Tally) -> Ending:
        """The run's outcome for the job. Once all is listed, progress is counted, but not from the tally."""
        progress, now = self._task.progress(job) if job.progress.total is not None else job.progress, self.clock()
        if self.stop.reason is Reason.CANCELLED:
            return cancelled(job, progress)
        failure = self._failure(job, tally, progress)
        if failure:
            counted = replace(job, attempts=1) if tally.advanced else job
            return ended_badly(counted, progress, failure, now, self.limits.backoff)
        if self.stop.reason in (Reason.ASKED, Reason.PAUSED) and self._remains(job, progress):
            return ended_early(job, progress, now)
        return ended_well(job, progress, now)

    def _remains(self, job: Job, progress: Progress) -> bool:
        """Whether there is something left to list, download or read."""
        return bool(progress.total is None or progress.pending or self._task.has_unread(job))

    def _failure(self, job: Job, tally: Tally, progress: Progress) -> FilesureError | None:
        if self.stop.reason is Reason.TIMED_OUT:
            return RunTimedOut(f"The run took longer than {self.limits.run_timeout_seconds:g} seconds.")
        if job.reread and progress.pending and not (tally.failure or tally.advanced or self.stop):
            return DocumentUnavailable("No document could be read. See the worker's log.")
        if tally.failure or tally.advanced or tally.document_error is None:
            return tally.failure
        return DocumentUnavailable(f"No document could be retrieved. {tally.document_error}")

    def _record(self, job: Job, run: Run, tally: Tally, ending: Ending) -> None:
        """Call before storing the job's end: if the process dies in between, the job is taken over and run again."""
        self.runs.finish(
            replace(
                run,
                finished_at=self.clock(),
                outcome=ending.outcome,
                documents=tally.read if job.reread else tally.stored,
                bytes=tally.bytes,
                error=ending.error,
            )
        )
        self._recording.save()
