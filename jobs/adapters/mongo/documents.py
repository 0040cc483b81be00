"""Documents in MongoDB. A worker's writes match only rows whose fence is not higher than its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.cursor import Cursor
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DuplicateKeyError

from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.connection import translated
from jobs.adapters.mongo.document_records import (
    attachment_fields,
    file_fields,
    new_document_record,
    to_document,
    to_filing,
)
from jobs.adapters.mongo.racing import duplicates
from jobs.adapters.mongo.readings import reading_fields
from jobs.adapters.mongo.runs import distinct_jobs
from jobs.domain.document import (
    ATTACHMENTS_FROM,
    Document,
    DocumentError,
    DocumentStatus,
    Filing,
    StoredFile,
    attachment_number,
    listing_keys,
    not_yet_listed,
)
from jobs.domain.errors import LeaseLost
from jobs.domain.job import Job, Lease, Progress, parse_job_id
from jobs.domain.sharing import only_lender
from jobs.domain.watching import ListedFiling
from jobs.domain.wrong_use import UnknownDocument

if TYPE_CHECKING:
    from jobs.domain.filings.summary import DocumentReading
    from jobs.ports import Clock

_LISTINGS = 5
#: Fields that a reading replaces, of documents stored before readings had a record of their own.
_REPLACED = {"extraction": "", "textBlobName": ""}
#: The fields of a reserved file.
_UNRESERVED = dict.fromkeys(("blobName", "blobUrl", "fileSize", "contentType", "checksum"), "")
_NOT_RESERVED = {"$unset": {"reserved": ""}}
#: The fields of a filing as it was listed.
_AS_LISTED = ("jobId", "status", "createdAt", "documentNumber", "documentType", "fileName", "srn", "filedOn")
MOST_ALIKE = 50
BATCH = 500
_LISTED, _STORED, _FAILED = (str(status) for status in DocumentStatus)


class MongoDocumentRepository:
    """``jobs.ports.DocumentRepository`` on the collection ``documents``."""

    def __init__(self, database: Database[Record], clock: Clock) -> None:
        self._documents = database["documents"]
        self._clock = clock

    @translated
    def take_over(self, lease: Lease) -> None:
        """Each row stores the highest fence that it has seen."""
        rows = {"jobId": lease.job_id, "fence": {"$lt": lease.fence}}
        self._documents.update_many(rows, {"$set": {"fence": lease.fence}})

    @translated
    def add(self, lease: Lease, job: Job, filings: Sequence[Filing]) -> None:
        """A worker that lost its lease may list concurrently, so rows count only once they have our fence."""
        for _ in range(_LISTINGS):
            self.take_over(lease)
            ours = {
                "jobId": lease.job_id,
                "fence": {"$gte": lease.fence},
                "documentNumber": {"$lt": ATTACHMENTS_FROM},
            }
            listed = [to_filing(record) for record in self._documents.find(ours)]
            if self._added(job, not_yet_listed(filings, listed), listed, lease.fence):
                return
        raise LeaseLost(lease.job_id, lease.fence)

    def _added(self, job: Job, filings: Sequence[Filing], listed: Sequence[Filing], fence: int) -> bool:
        """Store the filings; False if another worker has listed one of them or taken its number."""
        now, keys = self._clock(), listing_keys(filings, listed)
        records = [new_document_record(job, filing, key, fence, now) for filing, key in zip(filings, keys, strict=True)]
        try:
            if records:
                self._documents.insert_many(records, ordered=False)
        except BulkWriteError as error:
            duplicates(error)  # re-raises any other failure
            return False
        return True

    @translated
    def listed(self, cin: str) -> list[ListedFiling]:
        rows = self._documents.find({"cin": cin, "documentNumber": {"$lt": ATTACHMENTS_FROM}}, _AS_LISTED)
        return [
            ListedFiling(
                job_id=row["jobId"],
                filing=to_filing(row),
                status=DocumentStatus(row["status"]),
                listed_at=row["createdAt"],
            )
            for row in rows
        ]

    @translated
    def withdraw(self, lease: Lease) -> None:
        self._documents.delete_many({"jobId": lease.job_id, "fence": lease.fence})

    @translated
    def to_download(self, job_id: str, limit: int) -> list[Document]:
        if limit <= 0:  # for MongoDB, 0 means no limit
            return []
        order = [("attempts", ASCENDING), ("documentNumber", ASCENDING)]
        rows = {"jobId": parse_job_id(job_id), "status": _LISTED}
        return [to_document(record) for record in self._documents.find(rows, sort=order, limit=limit)]

    @translated
    def of_filing(self, document: Document) -> Document | None:
        filing = document.filing
        if not filing.srn:
            return None
        alike = {"srn": filing.srn, "cin": document.cin, "fileName": filing.file_name}
        return only_lender(document, self._newest(alike, MOST_ALIKE))

    @translated
    def with_content(self, cin: str, checksum: str) -> Document | None:
        filings = {"status": _STORED, "documentNumber": {"$lt": ATTACHMENTS_FROM}}
        return next(iter(self._newest({"checksum": checksum, "cin": cin, **filings}, 1)), None)

    @translated
    def first_with_content(self, cin: str, checksum: str) -> Document | None:
        rows = {"checksum": checksum, "cin": cin, "status": _STORED, "documentNumber": {"$lt": ATTACHMENTS_FROM}}
        record = self._documents.find_one(rows, sort=[("_id", ASCENDING)])
        return to_document(record) if record else None

    @translated
    def with_blob(self, blob_name: str, limit: int) -> list[Document]:
        return self._newest({"blobName": blob_name, "status": _STORED}, limit)

    def _newest(self, rows: Record, limit: int) -> list[Document]:
        return [to_document(record) for record in self._documents.find(rows, sort=[("_id", DESCENDING)], limit=limit)]

    def referring(self, folder: str) -> Iterator[Document]:
        within = {"$gte": folder, "$lt": f"{folder[:-1]}0"}  # "0" follows "/"
        for field in ("reserved.blobName", "blobName"):  # in this order: ``replace_file`` moves a name to the second
            cursor = self._documents.find({field: within})
            while batch := self._next(cursor):
                yield from batch

    @translated
    def _next(self, cursor: Cursor[Record]) -> list[Document]:
        return [to_document(record) for record in itertools.islice(cursor, BATCH)]

    @translated
    def reserve(self, lease: Lease, document: Document, file: StoredFile | None) -> None:
        if document.file:
            self._write(lease, document, {"$set": {"reserved": file_fields(file)}} if file else _NOT_RESERVED)
        else:
            self._write(lease, document, {"$set": file_fields(file)} if file else {"$unset": _UNRESERVED})

    @translated
    def replace_file(self, lease: Lease, document: Document, file: StoredFile) -> None:
        self._write(lease, document, {"$set": file_fields(file), **_NOT_RESERVED})

    @translated
    def save_stored(self, lease: Lease, document: Document, file: StoredFile) -> None:
        changes = {"status": _STORED, "downloadedAt": self._clock(), **file_fields(file)}
        self._write(lease, document, {"$set": changes, "$unset": {"error": ""}})

    @translated
    def save_failure(self, lease: Lease, document: Document, error: DocumentError, *, final: bool) -> None:
        """``attempts`` is set, not incremented, so that a repeated write is counted once."""
        changes = {
            "status": _FAILED if final else _LISTED,
            "attempts": document.attempts + 1,
            "error": {"kind": error.kind, "message": error.message, "at": self._clock()},
        }
        self._write(lease, document, {"$set": changes, "$unset": _UNRESERVED})

    def _write(self, lease: Lease, document: Document, update: Record, condition: Record | None = None) -> None:
        row = {"_id": ObjectId(document.id), "fence": {"$lte": lease.fence}}
        if not self._documents.update_one(row | (condition or {}), update).matched_count:
            raise LeaseLost(lease.job_id, lease.fence)

    @translated
    def to_read(self, job_id: str, limit: int) -> list[Document]:
        if limit <= 0:
            return []
        unread = {
            "jobId": parse_job_id(job_id),
            "status": _STORED,
            "reading": {"$exists": False},
            "extraction": {"$exists": False},
        }
        rows = self._documents.find(unread, sort=[("documentNumber", ASCENDING)], limit=limit)
        return [to_document(record) for record in rows]

    @translated
    def mark_reading(self, lease: Lease, document: Document, unended: int) -> None:
        self._write(lease, document, {"$set": {"unendedReadings": unended}})

    @translated
    def save_reading(self, lease: Lease, document: Document, reading: DocumentReading) -> None:
        fields = reading_fields(reading, reading.at or self._clock())
        update = {"$set": fields, "$unset": {"unendedReadings": "", **_REPLACED}}
        not_newer = [{"reading": {"$exists": False}}, {"reading.version": {"$lte": reading.version}}]
        try:
            self._write(lease, document, update, {"$or": not_newer})
        except LeaseLost:
            newer = {"_id": ObjectId(document.id), "reading.version": {"$gt": reading.version}}
            if not self._documents.find_one(newer, {"_id": True}):
                raise

    @translated
    def save_attachment(self, lease: Lease, attachment: Document) -> None:
        """If a row with a higher fence has this number, the upsert violates the unique index."""
        assert attachment.reading  # noqa: S101  attachments are recorded once they are read
        now = self._clock()
        row = {"jobId": lease.job_id, "documentNumber": attachment.filing.number, "fence": {"$lte": lease.fence}}
        fields = {**attachment_fields(attachment, now), **reading_fields(attachment.reading, now), "fence": lease.fence}
        update = {"$set": fields, "$setOnInsert": {"createdAt": now}}
        try:
            self._documents.update_one(row, update, upsert=True)
        except DuplicateKeyError as error:
            raise LeaseLost(lease.job_id, lease.fence) from error

    @translated
    def drop_attachments(self, lease: Lease, document: Document, kept: int) -> None:
        rows = {"jobId": lease.job_id, "documentNumber": _inside(document.filing.number, after=kept)}
        self._documents.delete_many({**rows, "fence": {"$lte": lease.fence}})

    @translated
    def attachments(self, job_id: str, number: int) -> list[Document]:
        rows = {"jobId": parse_job_id(job_id), "documentNumber": _inside(number)}
        return [to_document(record) for record in self._documents.find(rows, sort=[("documentNumber", ASCENDING)])]

    @translated
    def progress(self, job_id: str) -> Progress:
        rows = {"jobId": parse_job_id(job_id), "documentNumber": {"$lt": ATTACHMENTS_FROM}}
        groups = self._documents.aggregate([{"$match": rows}, {"$group": {"_id": "$status", "count": {"$sum": 1}}}])
        counts = {group["_id"]: group["count"] for group in groups}
        return Progress(
            total=sum(counts.values()) or None, downloaded=counts.get(_STORED, 0), failed=counts.get(_FAILED, 0)
        )

    @translated
    def of_job(self, job_id: str) -> list[Document]:
        rows = self._documents.find({"jobId": parse_job_id(job_id)})
        return sorted((to_document(record) for record in rows), key=lambda document: document.place)

    @translated
    def list_again(self, job_id: str) -> int:
        rows = {"jobId": parse_job_id(job_id), "status": _FAILED}
        update = {"$set": {"status": _LISTED, "attempts": 0}, "$unset": {"error": ""}}
        return self._documents.update_many(rows, update).modified_count

    @translated
    def get(self, job_id: str, number: int) -> Document:
        record = self._documents.find_one({"jobId": parse_job_id(job_id), "documentNumber": number})
        if record is None:
            raise UnknownDocument(job_id, number)
        return to_document(record)

    @translated
    def job_ids(self, cin: str | None = None) -> Iterator[str]:
        return distinct_jobs(self._documents, {"cin": cin} if cin else {})

    @translated
    def delete_of_job(self, job_id: str) -> None:
        self._documents.delete_many({"jobId": parse_job_id(job_id)})


def _inside(number: int, after: int = 0) -> Record:
    """The numbers of a filing's attachments after the first ``after``."""
    first, beyond = attachment_number(number, 1), attachment_number(number + 1, 1)
    return {"$gte": first + after, "$lt": beyond}
