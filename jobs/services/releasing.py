"""Removes the blobs that no document needs any more, although other orders may have had them in common.

A worker that links a document to a blob first refers to it, and then checks that the order which it takes it from is
not being deleted. A deletion first marks its order, then removes its documents, and then looks for other documents
that refer to the blob. So whichever comes first, either the deletion sees the link, or the worker sees the deletion.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from jobs.domain.document import Document, folders_of, job_of_blob
from jobs.domain.sharing import needed, owners
from jobs.domain.wrong_use import UnknownJob

if TYPE_CHECKING:
    from jobs.domain.job import Job
    from jobs.ports import BlobStore, DocumentRepository, JobRepository


def release(
    job_id: str, removed: Collection[Document], jobs: JobRepository, documents: DocumentRepository, blobs: BlobStore
) -> None:
    """Remove the blobs of a job whose documents were removed, except those that other jobs need.

    Also removes those of jobs deleted earlier, if these documents were the last to need them. Idempotent; what an
    interruption leaves is found by the sweep.
    """
    deleted = [owner for owner in owners(removed) - {job_id} if not exists(jobs, owner)]
    for owner in (job_id, *sorted(deleted)):
        for folder in folders_of(owner):
            names = list(blobs.names(folder))
            for name in unneeded(names, folder, documents, besides=job_id):
                blobs.delete(name)


def record_freed(job_id: str, jobs: JobRepository, documents: DocumentRepository) -> None:
    """Record the bytes that the deletion of a job frees, before its documents are removed. Idempotent.

    Deleted jobs of one company do so one after another, or files that they have in common would be freed by both or
    by none of them. If another job has the turn, its process may have died, so this one records for it first.
    """
    while turn := jobs.begin_freeing(job_id):
        for job in jobs.counting([turn]).values():
            jobs.record_freed(turn, freed_by(job, jobs, documents))


def freed_by(job: Job, jobs: JobRepository, documents: DocumentRepository) -> int:
    """The bytes of the originals that nothing needs any more once the job and its documents are removed.

    Files of its own that other jobs need stay counted until the last of these jobs is removed. Only orders store
    bytes that count; the parts of an export do not.
    """
    if not job.is_order:
        return 0
    mine = _originals(documents.of_job(job.id))
    kept = _needed_originals(job.id, job.id, jobs, documents)
    freed = max(0, job.bytes_stored - sum(kept.values()))
    others = {job_of_blob(name) for name in mine} - {job.id}
    for owner in others - jobs.counting(others).keys():
        kept = _needed_originals(owner, job.id, jobs, documents)
        freed += sum(size for name, size in mine.items() if job_of_blob(name) == owner and name not in kept)
    return freed


def _needed_originals(owner: str, besides: str, jobs: JobRepository, documents: DocumentRepository) -> dict[str, int]:
    """The originals in a job's folders to which documents of other jobs refer, with their sizes.

    A deleted job needs its files until it has recorded what it frees.
    """
    referring = [each for folder in folders_of(owner) for each in _without(documents.referring(folder), besides)]
    counting = jobs.counting({each.job_id for each in referring})
    needed_ = _originals(each for each in referring if each.job_id in counting)
    return {name: size for name, size in needed_.items() if job_of_blob(name) == owner}


def _originals(documents: Iterable[Document]) -> dict[str, int]:
    """The names and sizes of downloaded files, not of files inside them."""
    return {each.file.blob_name: each.file.size for each in documents if each.file and each.parent is None}


def unneeded(
    names: Collection[str], folder: str, documents: DocumentRepository, besides: str | None = None
) -> list[str]:
    """Those of the folder's blobs to which no document refers, besides the documents of one job."""
    if not names:
        return []
    kept = needed(names, _without(documents.referring(folder), besides))
    return [name for name in names if name not in kept]


def _without(documents: Iterable[Document], job_id: str | None) -> Iterable[Document]:
    return (document for document in documents if document.job_id != job_id)


def existing(jobs: JobRepository, job_id: str) -> Job | None:
    """The job; None if it does not exist, or not any more because it is being deleted."""
    try:
        return jobs.get(job_id)
    except UnknownJob:
        return None


def exists(jobs: JobRepository, job_id: str) -> bool:
    return existing(jobs, job_id) is not None
