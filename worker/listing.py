"""Stores what a source lists: for an order every filing, for a recheck what no other order has tried to download."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from jobs.domain.document import DocumentStatus, Filing
from jobs.domain.errors import NothingNew
from jobs.domain.job import Job, Progress
from jobs.ports import DocumentRepository


def store_listing(documents: DocumentRepository, job: Job, filings: Sequence[Filing]) -> Progress:
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
