"""Exports: ZIP files of an order's, a company's or some chosen documents.

An export is a job of its own. What goes into which part is decided when it is ordered, and stored as its plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from jobs.domain.document import Document, StoredFile, folders_of

#: How long an export is kept after its job has ended.
KEPT = timedelta(days=7)
MOST_DOCUMENTS = 20_000
MOST_BYTES = 100 * 1024**3
#: More than the records of one document in a ZIP, besides its path, which each of them repeats.
_RECORD_BYTES = 200
#: A copied document grows by less than this share in a ZIP, see ``worker.zipping``.
_GROWTH = 4_000
#: More than one line of both manifests, besides the path.
_LINE_BYTES = 600


class Scope(StrEnum):
    """The scope of an export: the documents of one order, of one company, or a selection."""

    ORDER = "order"
    COMPANY = "company"
    SELECTION = "selection"


class Missing(StrEnum):
    """Why the worker left a document out, or included it with a warning."""

    GONE = "The document was deleted before it could be packed."
    DAMAGED = "The stored file does not match its checksum; it is included as it is."


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One document of an export. ``part`` is 0, and ``problem`` the reason, if it was not stored at the order.

    ``srn`` and ``filed_on`` of an attachment are those of its filing.
    """

    path: str
    part: int
    job_id: str
    number: int
    cin: str
    company_name: str
    form: str
    srn: str | None
    filed_on: date | None
    original_name: str
    file: StoredFile | None
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class Part:
    """A finished ZIP. ``size`` is in bytes; ``documents`` counts the files in it.

    ``gone`` and ``damaged`` are positions in the plan, see ``Missing``.
    """

    number: int
    blob_name: str
    size: int
    documents: int
    gone: tuple[int, ...] = ()
    damaged: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Export:
    """The contents of an export. ``of`` is the order's id, the CIN, or a digest of the selection.

    ``planned`` is the number of parts, ``size`` the bytes of all documents, ``unstored`` how many documents were not
    stored at the order, and ``parts`` those that are finished: the first ones, in order.
    """

    scope: Scope
    of: str
    planned: int
    size: int
    unstored: int = 0
    parts: tuple[Part, ...] = ()

    @property
    def packed(self) -> int:
        """Documents that finished parts are done with."""
        return sum(part.documents + len(part.gone) for part in self.parts)

    @property
    def included(self) -> int:
        """Documents in the finished parts."""
        return sum(part.documents for part in self.parts)

    @property
    def missing(self) -> int:
        """Documents that are not in the parts, as far as it is known."""
        return self.unstored + sum(len(part.gone) for part in self.parts)

    @property
    def stored(self) -> int:
        """Bytes of the finished parts."""
        return sum(part.size for part in self.parts)


def plan_blob_name(job_id: str) -> str:
    return f"{folders_of(job_id)[0]}export_plan.json"


def part_blob_name(job_id: str, fence: int, number: int) -> str:
    """Unique for each run, so that a killed worker's part never takes the place of a later one."""
    return f"{folders_of(job_id)[0]}export_{fence}_part_{number}.zip"


def blob_names(job_id: str, export: Export) -> frozenset[str]:
    """All blobs that the export needs."""
    return frozenset([plan_blob_name(job_id), *(part.blob_name for part in export.parts)])


def is_plan(blob_name: str) -> bool:
    return blob_name.endswith("/export_plan.json")


def planned(documents: Sequence[Document], part_bytes: int) -> list[Entry]:
    """An entry for each document, in parts of at most ``part_bytes``, unless a single document is larger.

    The documents of one filing follow each other, and the sequence of the filings is kept.
    """
    from jobs.domain.export_names import Namer  # a claim, which loads this module, needs no names

    namer, entries = Namer(), []
    part, size = 1, 0
    filings = {(each.job_id, each.filing.number): each for each in documents if each.parent is None}
    for document in documents:
        filing = filings.get((document.job_id, document.place[0]), document)
        path = namer.path_of(document, filing)
        if document.file is None:
            entries.append(_entry(document, filing, path, 0))
            continue
        needed = document.file.size + document.file.size // _GROWTH + 3 * len(path.encode()) + _RECORD_BYTES
        listed = (len(entries) + 1) * (_LINE_BYTES + 2 * len(path.encode()))
        if size and size + needed + listed > part_bytes:
            part, size = part + 1, 0
        size += needed
        entries.append(_entry(document, filing, path, part))
    return entries


def _entry(document: Document, filing: Document, path: str, part: int) -> Entry:
    reason = document.error.message if document.error else "Not downloaded yet."
    return Entry(
        path=path,
        part=part,
        job_id=document.job_id,
        number=document.filing.number,
        cin=document.cin,
        company_name=document.company_name,
        form=document.form,
        srn=filing.filing.srn,
        filed_on=filing.filed_on,
        original_name=document.filing.file_name,
        file=document.file,
        problem=None if document.file else reason,
    )
