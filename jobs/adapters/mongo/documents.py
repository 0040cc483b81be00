"""Documents in MongoDB. A worker's writes match only rows whose fence is not above its own."""

from __future__ import annotations

from collections.abc import Sequence

from bson import ObjectId
from pymongo import ASCENDING
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.connection import translated
from jobs.adapters.mongo.jobs import DUPLICATE_KEY
from jobs.adapters.mongo.records import file_fields, new_document_record, to_document
from jobs.domain.document import Document, DocumentError, DocumentStatus, Filing, StoredFile
from jobs.domain.errors import LeaseLost, UnknownDocument
from jobs.domain.job import Job, Lease, Progress, parse_job_id
from jobs.ports import Clock

_LISTED, _STORED, _FAILED = (str(status) for status in DocumentStatus)


class MongoDocumentRepository:
    """``jobs.ports.DocumentRepository`` on the collection ``documents``."""

    def __init__(self, database: Database[Record], clock: Clock) -> None:
        self._documents = database["documents"]
        self._clock = clock

    @translated
    def take_over(self, lease: Lease) -> None:
        """See the port: each row remembers the highest fence that it has seen."""
        rows = {"jobId": lease.job_id, "fence": {"$lt": lease.fence}}
        self._documents.update_many(rows, {"$set": {"fence": lease.fence}})

    @translated
    def add(self, lease: Lease, job: Job, filings: Sequence[Filing]) -> None:
        """See the port: the unique key keeps what is already there."""
        now = self._clock()
        records = [new_document_record(job, filing, lease.fence, now) for filing in filings]
        try:
            if records:
                self._documents.insert_many(records, ordered=False)
        except BulkWriteError as error:
            if any(failure["code"] != DUPLICATE_KEY for failure in error.details["writeErrors"]):
                raise

    @translated
    def to_download(self, job_id: str, limit: int) -> list[Document]:
        """See the port."""
        order = [("attempts", ASCENDING), ("documentNumber", ASCENDING)]
        rows = {"jobId": parse_job_id(job_id), "status": _LISTED}
        return [to_document(record) for record in self._documents.find(rows, sort=order, limit=limit)]

    @translated
    def save_stored(self, lease: Lease, document: Document, file: StoredFile) -> None:
        """See the port."""
        changes = {"status": _STORED, "downloadedAt": self._clock(), **file_fields(file)}
        self._write(lease, document, {"$set": changes, "$unset": {"error": ""}})

    @translated
    def save_failure(self, lease: Lease, document: Document, error: DocumentError, *, final: bool) -> None:
        """See the port: attempts are set, not incremented, so that twice is once."""
        changes = {
            "status": _FAILED if final else _LISTED,
            "attempts": document.attempts + 1,
            "error": {"kind": error.kind, "message": error.message, "at": self._clock()},
        }
        self._write(lease, document, {"$set": changes})

    def _write(self, lease: Lease, document: Document, update: Record) -> None:
        row = {"_id": ObjectId(document.id), "fence": {"$lte": lease.fence}}
        if not self._documents.update_one(row, update).matched_count:
            raise LeaseLost(lease.job_id, lease.fence)

    @translated
    def progress(self, job_id: str) -> Progress:
        """See the port."""
        rows = {"jobId": parse_job_id(job_id)}
        groups = self._documents.aggregate([{"$match": rows}, {"$group": {"_id": "$status", "count": {"$sum": 1}}}])
        counts = {group["_id"]: group["count"] for group in groups}
        return Progress(
            total=sum(counts.values()) or None, downloaded=counts.get(_STORED, 0), failed=counts.get(_FAILED, 0)
        )

    @translated
    def of_job(self, job_id: str) -> list[Document]:
        """See the port."""
        rows = self._documents.find({"jobId": parse_job_id(job_id)}, sort=[("documentNumber", ASCENDING)])
        return [to_document(record) for record in rows]

    @translated
    def list_again(self, job_id: str) -> int:
        """See the port."""
        rows = {"jobId": parse_job_id(job_id), "status": _FAILED}
        update = {"$set": {"status": _LISTED, "attempts": 0}, "$unset": {"error": ""}}
        return self._documents.update_many(rows, update).modified_count

    @translated
    def get(self, job_id: str, number: int) -> Document:
        """See the port."""
        record = self._documents.find_one({"jobId": parse_job_id(job_id), "documentNumber": number})
        if record is None:
            raise UnknownDocument(job_id, number)
        return to_document(record)

    @translated
    def delete_of_job(self, job_id: str) -> None:
        """See the port."""
        self._documents.delete_many({"jobId": parse_job_id(job_id)})
