"""Jobs and runs as stored in MongoDB. Names are in camelCase; unknown values have no field.

``jobId`` is the id as text, as in blob names and logs, because the embedded server can look up an
ObjectId only in ``_id``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bson import ObjectId

from jobs.adapters.mongo.export_records import EXPORT, export_fields, to_export
from jobs.adapters.mongo.notes import noted
from jobs.domain.company_names import company_key, words
from jobs.domain.job import (
    LOW_PRIORITY,
    UNFINISHED,
    Job,
    JobError,
    JobStatus,
    Progress,
    parse_job_id,
)
from jobs.domain.rereading import Reread

if TYPE_CHECKING:
    from jobs.domain.changes import Change

#: Version 2 introduced the states ``partial`` and ``no_filings``, version 3 ``companyKey``; see ``migration.py``.
SCHEMA_VERSION = 3
STAGE = "processingStages.documentDownload"

TIME, TEXT, ID = {"bsonType": "date"}, {"bsonType": "string"}, {"bsonType": "objectId"}
COUNT = {"bsonType": ["int", "long"], "minimum": 0}
PRIORITY = {"bsonType": ["int", "long"], "minimum": LOW_PRIORITY}
ERROR = {
    "bsonType": "object",
    "required": ["kind", "message"],
    "properties": {"kind": TEXT, "message": TEXT, "at": TIME},
}
REREAD = {
    "bsonType": "object",
    "required": ["jobId"],
    "properties": {"jobId": TEXT, "form": TEXT, "storedSince": TIME, "below": COUNT},
}


def object_id(job_id: str) -> ObjectId:
    """Raises InvalidJobId."""
    return ObjectId(parse_job_id(job_id))


def known(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}


def error_fields(error: JobError) -> dict[str, Any]:
    return {"kind": error.kind, "message": error.message, "at": error.at}


def to_error(error: Mapping[str, Any] | None) -> JobError | None:
    return JobError(kind=error["kind"], message=error["message"], at=error["at"]) if error else None


def reread_fields(reread: Reread) -> dict[str, Any]:
    return known(
        {"jobId": reread.job_id, "form": reread.form, "storedSince": reread.stored_since, "below": reread.below}
    )


def _to_reread(stored: Mapping[str, Any]) -> Reread:
    get = stored.get
    return Reread(job_id=stored["jobId"], form=get("form"), stored_since=get("storedSince"), below=get("below"))


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Field:
    """A field of a job in MongoDB: its name and schema, and the conversions for storing and loading its value."""

    name: str
    schema: Mapping[str, Any]
    required: bool = False
    stored: Callable[[Any], Any] = _same
    loaded: Callable[[Any], Any] = _same


#: Each attribute of ``Job`` and its field, except ``progress``, which is stored as a stage, see ``stage_fields``.
JOB_FIELDS: Mapping[str, Field] = {
    "id": Field("_id", ID, stored=ObjectId, loaded=str),
    "cin": Field("cin", TEXT, required=True),
    "company_name": Field("companyName", TEXT, required=True),
    "status": Field("jobStatus", {"enum": [*map(str, JobStatus)]}, required=True, stored=str, loaded=JobStatus),
    "priority": Field("priority", PRIORITY, required=True),
    "turn": Field("turn", COUNT),
    "run_after": Field("runAfter", TIME),
    "due_at": Field("dueAt", TIME),
    "runs": Field("runs", COUNT, required=True),
    "attempts": Field("attempts", COUNT, required=True),
    "max_attempts": Field("maxAttempts", COUNT, required=True),
    "fence": Field("fence", COUNT, required=True),
    "locked_by": Field("lockedBy", TEXT),
    "locked_at": Field("lockedAt", TIME),
    "lease_expires_at": Field("leaseExpiresAt", TIME),
    "cancel_requested_at": Field("cancelRequestedAt", TIME),
    "last_error": Field("lastError", ERROR, stored=error_fields, loaded=to_error),
    "requested_by": Field("requestedBy", TEXT, required=True),
    "list_id": Field("listId", TEXT),
    "created_at": Field("createdAt", TIME, required=True),
    "updated_at": Field("updatedAt", TIME, required=True),
    "started_at": Field("startedAt", TIME),
    "completed_at": Field("completedAt", TIME),
    "expected_at": Field("expectedAt", TIME),
    "trace_context": Field("traceContext", TEXT),
    "fresh": Field("fresh", {"bsonType": "bool"}),
    "recheck": Field("recheck", {"bsonType": "bool"}),
    "bytes_stored": Field("bytesStored", COUNT),
    "pages_read": Field("pagesRead", COUNT),
    "freed_bytes": Field("freedBytes", COUNT),
    "reread": Field("reread", REREAD, stored=reread_fields, loaded=_to_reread),
    "export": Field("export", EXPORT, stored=export_fields, loaded=to_export),
}


def stage_fields(progress: Progress, now: datetime) -> dict[str, Any]:
    """The fields of the download stage."""
    return known(
        {
            "status": progress.stage_status,
            "totalDocuments": progress.total,
            "downloadedDocuments": progress.downloaded,
            "failedDocuments": progress.failed,
            "pendingDocuments": progress.pending,
            "lastUpdated": now,
        }
    )


def new_job_record(job: Job, *, unique: bool) -> dict[str, Any]:
    """The record of a new job. With ``unique``, it is rejected if its company has another unfinished job."""
    values = ((field, getattr(job, name)) for name, field in JOB_FIELDS.items())
    return {
        **{field.name: field.stored(value) for field, value in values if value is not None},
        **({"unfinishedCin": job.unique_key} if unique else {}),
        "companyKey": company_key(job.company_name),
        "words": words(job.company_name),
        "processingStages": {"documentDownload": stage_fields(job.progress, job.created_at)},
        "schemaVersion": SCHEMA_VERSION,
    }


def job_update(change: Change) -> dict[str, Any]:
    """A change as a MongoDB update. None removes a field; ``$min`` keeps an earlier time.

    If it ends the job, its company can be ordered again.
    """
    values = dict(change.values)
    progress = values.pop("progress", None)
    fields = {JOB_FIELDS[name].name: value and JOB_FIELDS[name].stored(value) for name, value in values.items()}
    status = change.values.get("status")
    ended = {"unfinishedCin": ""} if status and status not in UNFINISHED else {}
    if progress:
        # Replaced as a whole, because the embedded server cannot remove nested fields.
        fields[STAGE] = stage_fields(progress, values["updated_at"])
    parts = {
        "$set": known(fields),
        "$unset": {name: "" for name, value in fields.items() if value is None} | ended,
        "$min": {JOB_FIELDS[name].name: at for name, at in change.first.items()},
        "$inc": {JOB_FIELDS[name].name: number for name, number in change.added.items()},
    }
    update = {operator: part for operator, part in parts.items() if part}
    return noted(update, change.note) if change.note else update


def to_job(record: Mapping[str, Any]) -> Job:
    found = {
        attribute: field.loaded(record[field.name]) for attribute, field in JOB_FIELDS.items() if field.name in record
    }
    return Job(**found, progress=_to_progress(record["processingStages"]["documentDownload"]))


def _to_progress(stage: Mapping[str, Any]) -> Progress:
    return Progress(
        total=stage.get("totalDocuments"),
        downloaded=stage["downloadedDocuments"],
        failed=stage["failedDocuments"],
    )
