"""The tasks of a job's runs: retrieve a company's filings, read stored documents again, or pack them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from jobs.domain.wrong_use import UnknownJob
from jobs.services.rereading import progress_of, to_reread

if TYPE_CHECKING:
    from jobs.domain.document import Document
    from jobs.domain.job import Job, Lease, Progress
    from jobs.ports import DocumentRepository, JobRepository


class Task(Protocol):
    """Tells a pipeline which documents wait, and who may write them."""

    def begin(self, job: Job) -> Lease:
        """Reject writes to the documents by earlier workers. Returns the lease with which to write.

        Raises DocumentsInUse.
        """

    def waiting(self, job: Job, fraction: float) -> tuple[list[Document], list[Document]]:
        """The documents to download, and those to read, in this run."""

    def progress(self, job: Job) -> Progress:
        """The job's progress, counted from the stored documents."""

    def has_unread(self, job: Job) -> bool:
        """Whether a stored document still waits to be read."""


@dataclass(frozen=True, kw_only=True)
class Retrieval:
    """Downloads a share of the documents, and reads those that an earlier run stored but did not read."""

    documents: DocumentRepository

    def begin(self, job: Job) -> Lease:
        self.documents.take_over(job.lease)
        return job.lease

    def waiting(self, job: Job, fraction: float) -> tuple[list[Document], list[Document]]:
        total = job.progress.total or 0
        wanted = self.documents.to_download(job.id, math.ceil(fraction * total))
        return wanted, self.documents.to_read(job.id, total)  # before any download could add to them

    def progress(self, job: Job) -> Progress:
        return self.documents.progress(job.id)

    def has_unread(self, job: Job) -> bool:
        return bool(self.documents.to_read(job.id, 1))


@dataclass(frozen=True, kw_only=True)
class Rereading:
    """Reads a share of another job's documents again.

    Its writes carry a fence of that job, so they are rejected once that job runs, is deleted, or has a new reader.
    """

    jobs: JobRepository
    documents: DocumentRepository

    def begin(self, job: Job) -> Lease:
        try:
            lease = self.jobs.borrow(_original(job))
        except UnknownJob:  # deleted: nothing is left to read
            return job.lease
        self.documents.take_over(lease)
        return lease

    def waiting(self, job: Job, fraction: float) -> tuple[list[Document], list[Document]]:
        share = math.ceil(fraction * (job.progress.total or 0))
        return [], to_reread(self.jobs, self.documents, job)[:share]

    def progress(self, job: Job) -> Progress:
        return progress_of(self.jobs, self.documents, job)

    def has_unread(self, job: Job) -> bool:
        return bool(to_reread(self.jobs, self.documents, job))


@dataclass(frozen=True, kw_only=True)
class Exporting:
    """Packs stored documents, which it does not write. Its progress is what finished parts contain."""

    jobs: JobRepository

    def begin(self, job: Job) -> Lease:
        return job.lease

    def waiting(self, job: Job, fraction: float) -> tuple[list[Document], list[Document]]:
        del job, fraction
        return [], []

    def progress(self, job: Job) -> Progress:
        return self.jobs.get(job.id).export_progress

    def has_unread(self, job: Job) -> bool:
        del job
        return False


def task_of(job: Job, jobs: JobRepository, documents: DocumentRepository) -> Task:
    if job.export:
        return Exporting(jobs=jobs)
    return Rereading(jobs=jobs, documents=documents) if job.reread else Retrieval(documents=documents)


def _original(job: Job) -> str:
    assert job.reread  # noqa: S101  only jobs with it get this task
    return job.reread.job_id
