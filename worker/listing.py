"""Stores a source's list: for an order every filing, for a recheck those that no other order has tried to download."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from jobs.domain.document import DocumentStatus, Filing
from jobs.domain.errors import CompanyNotFound, LeaseLost, NothingNew

if TYPE_CHECKING:
    from jobs.domain.job import Job, Progress
    from jobs.ports import DocumentRepository, JobRepository

logger = logging.getLogger(__name__)


def with_listing(job: Job, filings: Sequence[Filing], jobs: JobRepository, documents: DocumentRepository) -> Job:
    """Store the documents of a job and return it with its total. Raises CompanyNotFound, LeaseLost, NothingNew."""
    if not filings:
        raise CompanyNotFound(f"The source lists no filings of {job.cin}.")
    try:
        progress = _store_listing(documents, job, filings)
        jobs.save_progress(job.lease, progress)
    except LeaseLost:  # the job may be deleted, and nobody else would remove these rows
        documents.withdraw(job.lease)
        raise
    logger.info("job.listed", extra={"documents": progress.total})
    return replace(job, progress=progress)


def _store_listing(documents: DocumentRepository, job: Job, filings: Sequence[Filing]) -> Progress:
    """Store the filings as the job's documents. Returns the job's progress. Raises LeaseLost, NothingNew."""
    documents.add(job.lease, job, _untried(documents, job, filings) if job.recheck else filings)
    progress = documents.progress(job.id)
    if job.recheck and progress.total is None:
        raise NothingNew(f"All {len(filings)} filings of {job.cin} are known.")
    return progress


def _untried(documents: DocumentRepository, job: Job, filings: Sequence[Filing]) -> list[Filing]:
    """The filings that no other order has stored or failed to retrieve; staff retry the latter.

    An order may list several filings alike, of which each counts.
    """
    by_order = Counter(
        (each.job_id, each.filing.key)
        for each in documents.listed(job.cin)
        if each.job_id != job.id and each.status is not DocumentStatus.LISTED
    )
    known: Counter[str] = Counter()
    for (_, key), number in by_order.items():
        known[key] = max(known[key], number)
    untried = []
    for filing in filings:
        known[filing.key] -= 1
        if known[filing.key] < 0:
            untried.append(filing)
    return untried
