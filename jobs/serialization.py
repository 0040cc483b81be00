"""Jobs, runs and documents as JSON shows them: the data model's own names, times in ISO 8601."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from jobs.domain.audit import AuditEntry
from jobs.domain.document import Document, DocumentError
from jobs.domain.job import Job, JobError, Run


def _time(value: datetime | date | None) -> str | None:
    return value.isoformat().replace("+00:00", "Z") if value else None


def _error(error: JobError | DocumentError | None) -> dict[str, Any] | None:
    if error is None:
        return None
    at = {"at": _time(error.at)} if isinstance(error, JobError) else {}
    return {"kind": error.kind, "message": error.message, **at}


def job_as_json(job: Job) -> dict[str, Any]:
    """A job."""
    progress = job.progress
    return {
        "jobId": job.id,
        "cin": job.cin,
        "companyName": job.company_name,
        "jobStatus": str(job.status),
        "priority": job.priority,
        "totalDocuments": progress.total,
        "downloadedDocuments": progress.downloaded,
        "failedDocuments": progress.failed,
        "pendingDocuments": progress.pending,
        "runs": job.runs,
        "attempts": job.attempts,
        "maxAttempts": job.max_attempts,
        "runAfter": _time(job.run_after),
        "lockedBy": job.locked_by,
        "leaseExpiresAt": _time(job.lease_expires_at),
        "cancelRequestedAt": _time(job.cancel_requested_at),
        "lastError": _error(job.last_error),
        "requestedBy": job.requested_by,
        "createdAt": _time(job.created_at),
        "startedAt": _time(job.started_at),
        "completedAt": _time(job.completed_at),
    }


def audit_as_json(entry: AuditEntry) -> dict[str, Any]:
    """Something that was done to a job, or refused."""
    return {
        "action": str(entry.action), "by": entry.by, "at": _time(entry.at), "address": entry.address,
        "details": entry.details, "refused": entry.refused,
    }  # fmt: skip


def run_as_json(run: Run) -> dict[str, Any]:
    """A run."""
    return {
        "number": run.number,
        "worker": run.worker,
        "startedAt": _time(run.started_at),
        "finishedAt": _time(run.finished_at),
        "outcome": str(run.outcome) if run.outcome else None,
        "documents": run.documents,
        "bytes": run.bytes,
        "error": _error(run.error),
    }


def document_as_json(document: Document) -> dict[str, Any]:
    """A document."""
    filing, file = document.filing, document.file
    return {
        "documentNumber": filing.number,
        "documentType": filing.document_type,
        "srn": filing.srn,
        "filedOn": _time(filing.filed_on),
        "fileName": filing.file_name,
        "status": str(document.status),
        "attempts": document.attempts,
        "error": _error(document.error),
        "blobName": file.blob_name if file else None,
        "textBlobName": file.text_blob_name if file else None,
        "fileSize": file.size if file else None,
        "checksum": file.checksum if file else None,
        "downloadedAt": _time(document.downloaded_at),
    }
