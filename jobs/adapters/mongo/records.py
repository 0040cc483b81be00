"""Jobs, documents and runs as MongoDB keeps them: camelCase, and no field for what is unknown.

``jobId`` is the id's text, as in blob names and logs: the embedded server finds an ObjectId only
in ``_id``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from bson import ObjectId

from jobs.adapters.mongo.schema import SCHEMA_VERSION
from jobs.domain import document as doc
from jobs.domain.job import Job, JobError, JobStatus, Progress, Run, RunOutcome, parse_job_id
from jobs.domain.listing import words

STAGE = "processingStages.documentDownload"


def object_id(job_id: str) -> ObjectId:
    """Raises InvalidJobId."""
    return ObjectId(parse_job_id(job_id))


def known(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}


def stage_fields(progress: Progress, now: datetime) -> dict[str, Any]:
    """The download stage's fields."""
    return known({
        "status": progress.stage_status,
        "totalDocuments": progress.total,
        "downloadedDocuments": progress.downloaded,
        "failedDocuments": progress.failed,
        "pendingDocuments": progress.pending,
        "lastUpdated": now,
    })  # fmt: skip


def error_fields(error: JobError) -> dict[str, Any]:
    """An error's fields."""
    return {"kind": error.kind, "message": error.message, "at": error.at}


def new_job_record(job: Job, *, unique: bool) -> dict[str, Any]:
    """A new, pending job. ``unique`` makes it the one unfinished job of its company."""
    return known({
        "_id": ObjectId(job.id),
        "cin": job.cin,
        "companyName": job.company_name,
        "words": words(job.company_name),
        "jobStatus": str(job.status),
        "priority": job.priority,
        "runAfter": job.run_after,
        "dueAt": job.due_at,
        "processingStages": {"documentDownload": stage_fields(job.progress, job.created_at)},
        "runs": job.runs,
        "attempts": job.attempts,
        "maxAttempts": job.max_attempts,
        "fence": job.fence,
        "requestedBy": job.requested_by,
        "createdAt": job.created_at,
        "updatedAt": job.updated_at,
        "schemaVersion": SCHEMA_VERSION,
        "unfinishedCin": job.cin if unique else None,
        "traceContext": job.trace_context,
    })  # fmt: skip


def to_job(record: Mapping[str, Any]) -> Job:
    """A job as stored."""
    get = record.get
    return Job(
        id=str(record["_id"]), cin=record["cin"], company_name=record["companyName"],
        status=JobStatus(record["jobStatus"]), priority=record["priority"], run_after=get("runAfter"),
        due_at=get("dueAt"),
        progress=_to_progress(record["processingStages"]["documentDownload"]),
        runs=record["runs"], attempts=record["attempts"], max_attempts=record["maxAttempts"],
        fence=record["fence"], locked_by=get("lockedBy"), locked_at=get("lockedAt"),
        lease_expires_at=get("leaseExpiresAt"), cancel_requested_at=get("cancelRequestedAt"),
        last_error=_to_error(get("lastError")), requested_by=record["requestedBy"],
        created_at=record["createdAt"], updated_at=record["updatedAt"],
        started_at=get("startedAt"), completed_at=get("completedAt"), trace_context=get("traceContext"),
    )  # fmt: skip


def _to_progress(stage: Mapping[str, Any]) -> Progress:
    return Progress(
        total=stage.get("totalDocuments"),
        downloaded=stage["downloadedDocuments"],
        failed=stage["failedDocuments"],
    )


def _to_error(error: Mapping[str, Any] | None) -> JobError | None:
    return JobError(kind=error["kind"], message=error["message"], at=error["at"]) if error else None


def new_document_record(job: Job, filing: doc.Filing, fence: int, now: datetime) -> dict[str, Any]:
    """A filing as a listed document of a job."""
    return known({
        "jobId": job.id,
        "documentNumber": filing.number,
        "cin": job.cin,
        "companyName": job.company_name,
        "documentType": filing.document_type,
        "srn": filing.srn,
        "filedOn": _midnight(filing.filed_on),
        "fileName": filing.file_name,
        "status": str(doc.DocumentStatus.LISTED),
        "attempts": 0,
        "fence": fence,
        "createdAt": now,
    })  # fmt: skip


def _midnight(day: date | None) -> datetime | None:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None


def file_fields(file: doc.StoredFile) -> dict[str, Any]:
    """What is known of a document once its bytes are stored."""
    return known({
        "blobName": file.blob_name,
        "blobUrl": file.blob_url,
        "textBlobName": file.text_blob_name,
        "fileSize": file.size,
        "contentType": file.content_type,
        "checksum": file.checksum,
        "extraction": known(asdict(file.extraction)) if file.extraction else None,
    })  # fmt: skip


def to_document(record: Mapping[str, Any]) -> doc.Document:
    """A document as stored."""
    get = record.get
    error = get("error")
    return doc.Document(
        id=str(record["_id"]), job_id=record["jobId"], cin=record["cin"],
        company_name=record["companyName"], filing=_to_filing(record),
        status=doc.DocumentStatus(record["status"]), attempts=record["attempts"],
        error=doc.DocumentError(kind=error["kind"], message=error["message"]) if error else None,
        file=_to_file(record) if "blobName" in record else None,
        downloaded_at=get("downloadedAt"), created_at=record["createdAt"],
    )  # fmt: skip


def _to_filing(record: Mapping[str, Any]) -> doc.Filing:
    filed_on = record.get("filedOn")
    return doc.Filing(
        number=record["documentNumber"],
        document_type=record["documentType"],
        file_name=record["fileName"],
        srn=record.get("srn"),
        filed_on=filed_on.date() if filed_on else None,
    )


def _to_file(record: Mapping[str, Any]) -> doc.StoredFile:
    extraction = record.get("extraction")
    return doc.StoredFile(
        blob_name=record["blobName"],
        blob_url=record["blobUrl"],
        size=record["fileSize"],
        content_type=record["contentType"],
        checksum=record["checksum"],
        text_blob_name=record.get("textBlobName"),
        extraction=doc.Extraction(**extraction) if extraction else None,
    )


def to_run(record: Mapping[str, Any]) -> Run:
    """A run as stored."""
    outcome = record.get("outcome")
    return Run(
        job_id=record["jobId"], number=record["number"], worker=record["worker"], fence=record["fence"],
        started_at=record["startedAt"], finished_at=record.get("finishedAt"),
        outcome=RunOutcome(outcome) if outcome else None,
        documents=record.get("documents", 0), bytes=record.get("bytes", 0),
        error=_to_error(record.get("error")),
    )  # fmt: skip
