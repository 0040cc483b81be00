"""Documents for benchmarks, inserted directly: some per job, most of them stored and read."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from pymongo import ASCENDING
from pymongo.collection import Collection

from jobs.adapters.mongo.document_records import file_fields, new_document_record
from jobs.adapters.mongo.queue_filters import EVERY_ID
from jobs.adapters.mongo.readings import reading_fields
from jobs.adapters.mongo.records import to_job
from jobs.bootstrap import Application
from jobs.domain.document import DocumentStatus, Filing, StoredFile
from jobs.domain.filings.reading import Method, ReadingState
from jobs.domain.filings.stated import Stated
from jobs.domain.filings.summary import DocumentReading, Facts
from jobs.domain.job import Job

BATCH = 5_000
_FORMS = ("AOC-4", "MGT-7", "ADT-1", "DIR-12", "CHG-1")
_FAILED_OF = 500
#: Documents are filed on this many days, and one of so many at an unknown time.
_DAYS, _UNDATED_OF = 5_000, 10


def insert(app: Application, collection: str, rows: Iterable[dict[str, Any]]) -> None:
    """In batches, so that any number of rows fits into memory."""
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH)):
        app.database[collection].insert_many(batch, ordered=False)


def fill_documents(app: Application, per_job: int) -> None:
    """Insert documents for each stored job; one in 500 failed."""
    jobs = _every_job(app.database["jobs"])
    insert(app, "documents", (record for job in jobs for record in _records(job, per_job)))


def _every_job(collection: Collection[dict[str, Any]]) -> Iterator[Job]:
    """In batches, each with a query of its own, since a cursor would expire meanwhile."""
    after: dict[str, Any] = EVERY_ID
    while rows := list(collection.find(after, sort=[("_id", ASCENDING)], limit=BATCH)):
        yield from map(to_job, rows)
        after = {"_id": {"$gt": rows[-1]["_id"]}}


def _records(job: Job, count: int) -> Iterator[dict[str, Any]]:
    at = job.created_at
    seed = int(job.created_at.timestamp())
    for number in range(1, count + 1):
        form, spread = _FORMS[(seed + number) % len(_FORMS)], _spread(at, number)
        filing = Filing(
            number=number,
            document_type=form,
            file_name=f"{form}_{number}.pdf",
            srn=f"H{(seed * count + number) % 10**8:08d}",
            filed_on=at.date() - timedelta(days=spread % _DAYS) if spread % _UNDATED_OF else None,
        )
        record = new_document_record(job, filing, f"{filing.key}#1", 1, at)
        yield record | (_failed(at) if (seed + number) % _FAILED_OF == 0 else stored(job, filing, at, at.date()))


def _spread(at: datetime, number: int) -> int:
    """A number without regard to the order of documents."""
    return zlib.crc32(f"{at.timestamp()} {number}".encode())


def _failed(at: datetime) -> dict[str, Any]:
    error = {"kind": "document_unavailable", "message": "The source did not send the document.", "at": at}
    return {"status": str(DocumentStatus.FAILED), "attempts": 3, "error": error}


def stored(job: Job, filing: Filing, at: datetime, year_end: date, stated: tuple[Stated, ...] = ()) -> dict[str, Any]:
    """The additional fields of a stored and read document."""
    name = f"jobs/000-{job.id}/document_{filing.number}"
    file = StoredFile(
        blob_name=f"{name}.pdf",
        blob_url=f"file:///{name}.pdf",
        size=20_000 + _spread(at, filing.number) % 1_000_000,
        content_type="application/pdf",
        checksum=f"sha256:{job.id}{filing.number:040d}",
    )
    facts = Facts(form=filing.document_type, company_name=job.company_name, cin=job.cin, year_end=year_end)
    reading = DocumentReading(
        state=ReadingState.READ,
        kind="pdf",
        method=Method.TEXT,
        pages=3,
        characters=4_000,
        facts=facts,
        stated=stated,
        text_blob_name=f"{name}.txt",
    )
    fields = {"status": str(DocumentStatus.STORED), "downloadedAt": at, **file_fields(file)}
    return fields | reading_fields(reading, at.astimezone(UTC))
