"""Jobs that read stored documents again: which documents, how far they are, and who may write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jobs.domain.errors import DocumentsInUse
from jobs.domain.job import Job, Progress
from jobs.domain.wrong_use import UnknownJob
from jobs.services.releasing import exists
from jobs.services.tasks import new_task

if TYPE_CHECKING:
    from jobs.domain.document import Document
    from jobs.domain.rereading import Reread
    from jobs.ports import Clock, DocumentRepository, JobRepository


@dataclass(frozen=True, kw_only=True)
class Reordered:
    """One job whose documents are to be read again. ``job_id``: the job that does so; None if one already does."""

    original: str
    documents: int
    job_id: str | None


@dataclass(frozen=True, kw_only=True)
class RereadService:
    """Orders that stored documents are read again."""

    jobs: JobRepository
    documents: DocumentRepository
    clock: Clock
    new_id: Callable[[], str]
    max_attempts: int

    def order(self, wanted: Reread, *, cin: str | None, requested_by: str, preview: bool) -> Iterator[Reordered]:
        """Order it for every job, or for those of one company, with documents that ``wanted`` selects.

        Reads the documents of all these jobs, so the cost grows with history. If it is interrupted, the next call
        orders what is missing.
        """
        for job_id in sorted(self.documents.job_ids(cin)):  # later orders take over the readings of earlier ones
            documents = self.documents.of_job(job_id)
            selected = [each for each in documents if wanted.selects(each)]
            if not selected or not exists(self.jobs, job_id):
                continue
            job = new_task(
                selected,
                len(selected),
                job_id=self.new_id(),
                requested_by=requested_by,
                now=self.clock(),
                max_attempts=self.max_attempts,
                reread=replace(wanted, job_id=job_id),
            )
            stored = preview or bool(self.jobs.add_tasks([job]))
            yield Reordered(original=job_id, documents=len(selected), job_id=job.id if stored else None)


def to_reread(jobs: JobRepository, documents: DocumentRepository, job: Job) -> list[Document]:
    """The documents that the job still has to read again, by number; none if they are being deleted."""
    if job.reread is None or not exists(jobs, job.reread.job_id):
        return []
    return job.reread.remaining(documents.of_job(job.reread.job_id), job.created_at)


def progress_of(jobs: JobRepository, documents: DocumentRepository, job: Job) -> Progress:
    """A job's progress, counted from what is stored."""
    if job.export:
        return job.export_progress
    if job.reread is None:
        return documents.progress(job.id)
    total = job.progress.total or 0
    return Progress(total=total, downloaded=total - min(total, len(to_reread(jobs, documents, job))))


def shut_out(jobs: JobRepository, documents: DocumentRepository, job: Job) -> None:
    """Reject all later writes by workers of an ended job. Idempotent."""
    documents.take_over(job.lease)
    if job.reread:
        with suppress(UnknownJob, DocumentsInUse):  # deleted, or claimed with a higher fence
            documents.take_over(jobs.borrow(job.reread.job_id))
