"""Blobs that documents of one company have in common, since each filing is stored once.

The blobs that come from one download are a *family*: the original, what was read from it, and the files inside it.
A document is *linked* if its original is in the family of another document.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from jobs.domain.document import Document, folders_of, job_of_blob
from jobs.domain.job import JOB_ID

_FAMILY = re.compile(r"(.*/document_\d+)(?:_attachment_\d+)?\..*")


def family_of(blob_name: str) -> str:
    """The common beginning of the names of one download's blobs."""
    found = _FAMILY.fullmatch(blob_name)
    return found[1] if found else blob_name


def is_linked(document: Document) -> bool:
    """Whether its original is, or is about to be, one that another document stored."""
    file = document.file or document.reserved
    own = {f"{folder}document_{document.place[0]}" for folder in folders_of(document.job_id)}
    return file is not None and family_of(file.blob_name) not in own


def only_lender(document: Document, alike: Iterable[Document]) -> Document | None:
    """The first stored one of other orders' documents of one filing, which are given the newest first."""
    by_job: dict[str, list[Document]] = {}
    for each in alike:
        if each.parent is None:
            by_job.setdefault(each.job_id, []).append(each)
    is_ambiguous = len(by_job.pop(document.job_id, [])) > 1
    if is_ambiguous or not document.filing.srn:
        return None
    stored = (group[0] for group in by_job.values() if len(group) == 1 and group[0].file)
    return next(stored, None)


def needed(names: Iterable[str], documents: Iterable[Document]) -> set[str]:
    """Which of these blobs the documents need.

    A linked document that is not settled needs the whole family: a worker may be about to take over its reading.
    """
    exact: set[str] = set()
    families: set[str] = set()
    for document in documents:
        exact |= document.blob_names
        if is_linked(document) and not _is_settled(document):
            families |= {family_of(name) for name in document.blob_names}
    return {name for name in names if name in exact or family_of(name) in families}


def _is_settled(document: Document) -> bool:
    return document.reading is not None and not document.unended_readings


def owners(documents: Collection[Document]) -> set[str]:
    """The ids of the jobs in whose folders the documents' blobs are."""
    found = {job_of_blob(name) for document in documents for name in document.blob_names}
    return {job_id for job_id in found if JOB_ID.fullmatch(job_id)}
