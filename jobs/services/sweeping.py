"""Removes data that belongs to no job, left behind by interrupted workers and deletions."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from jobs.domain.document import job_of_blob
from jobs.domain.export import blob_names, is_plan
from jobs.domain.job import JOB_ID, UNFINISHED
from jobs.ports import BlobStore, DocumentRepository, JobRepository, PageIndex, RunRepository
from jobs.services.exporting import EXPIRY, ExportService
from jobs.services.ordering import JobService
from jobs.services.releasing import existing, unneeded

T = TypeVar("T")

PREFIX = "jobs/"
BATCH = 500
_ORDERING_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class Swept:
    """The number of deletions finished, of expired exports, of jobs whose rows were removed, and of blobs removed."""

    deletions: int
    exports: int
    rows: int
    blobs: int


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """Safe to run concurrently with workers: one that starts meanwhile has a higher fence, which protects its blobs.

    Each call scans everything that is stored, so its cost grows with history.
    """

    service: JobService
    jobs: JobRepository
    documents: DocumentRepository
    runs: RunRepository
    blobs: BlobStore
    #: None: nothing is indexed.
    pages: PageIndex | None = None
    #: None: exports do not expire.
    exports: ExportService | None = None

    def sweep(self) -> Swept:
        """Idempotent and safe to interrupt: the next call continues."""
        deletions, exports = self.service.finish_deletions(BATCH), 0
        while self.exports and (removed := self.exports.remove_expired(EXPIRY, BATCH)):
            exports += removed
        rows = sum(self._remove_rows(repository) for repository in (self.documents, self.runs))
        self._forget_pages()
        self._settle()
        owned = (name for name in self.blobs.names(PREFIX) if JOB_ID.fullmatch(job_of_blob(name)))
        blobs = sum(self._remove_blobs(folder, names) for folder, names in itertools.groupby(owned, key=_folder_of))
        self.blobs.tidy()
        return Swept(deletions=deletions, exports=exports, rows=rows, blobs=blobs)

    def _remove_rows(self, repository: DocumentRepository | RunRepository) -> int:
        """Remove the rows of jobs that no longer exist. Returns the number of these jobs."""
        gone = 0
        for job_ids in _batches(repository.job_ids()):
            orphaned = set(job_ids) - self.jobs.existing(job_ids)
            for job_id in orphaned:
                repository.delete_of_job(job_id)
            gone += len(orphaned)
        return gone

    def _forget_pages(self) -> None:
        """Remove the pages of documents that no longer exist."""
        if self.pages:
            for contents in _batches(self.pages.contents()):
                self.pages.forget(contents)

    def _remove_blobs(self, folder: str, names: Iterable[str]) -> int:
        """Remove blobs that no document of any job needs. While a worker may still record them, the job is skipped.

        A worker that begins after these checks has a higher fence.
        """
        job_id = job_of_blob(folder)
        job = existing(self.jobs, job_id)
        if job and (job.status in UNFINISHED or self.jobs.holder(job.reread_key)):
            return 0
        found = list(names) if job else [name for name in names if not self._may_be_ordered(job_id, name)]
        named = {name for each in self.documents.of_job(job_id) for name in each.blob_names}
        if job and job.export:
            named |= blob_names(job.id, job.export)
        unnamed = [name for name in unneeded(found, folder, self.documents) if name not in named]
        for name in unnamed:
            self.blobs.delete(name, up_to_fence=job.fence if job else None)
        return len(unnamed)

    def _may_be_ordered(self, job_id: str, name: str) -> bool:
        """The plan of an export is stored shortly before its job, whose id begins with its time."""
        age = self.service.clock().timestamp() - int(job_id[:8], 16)
        return is_plan(name) and abs(age) < _ORDERING_SECONDS

    def _settle(self) -> None:
        """Settle ended jobs with unended runs: the worker died, and the cancellation was then interrupted."""
        for job_id in self.runs.unended():
            job = existing(self.jobs, job_id)
            if job and job.status not in UNFINISHED:
                self.service.settle(job)


def _folder_of(name: str) -> str:
    return "/".join(name.split("/")[:2]) + "/"


def _batches(each: Iterator[T]) -> Iterator[list[T]]:
    while batch := list(itertools.islice(each, BATCH)):
        yield batch
