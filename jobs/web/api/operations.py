"""The operations of ``/api/v1/`` and ``/create-job``."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from ninja import Header, Path, Query, Router, Status

from jobs.bootstrap import application
from jobs.domain.audit import Action
from jobs.domain.job import Job
from jobs.domain.listing import DocumentFilter, JobFilter, Page, parse_cursor
from jobs.domain.run_details import RunDetails
from jobs.domain.wrong_use import UnknownRun
from jobs.services import Order
from jobs.web import actions
from jobs.web.actions import ACTIONS
from jobs.web.api import inputs, schemas
from jobs.web.api.auth import DemoAuth, caller_key, needing, sees_pans
from jobs.web.api.create_job import create, place_once
from jobs.web.api.document_schemas import DocumentDetailOut, DocumentsOut
from jobs.web.api.run_schemas import RunLogOut
from jobs.web.api.schemas import PROBLEMS
from jobs.web.directory import warning_of
from jobs.web.documents import original_response, stored, stored_text, text_response
from jobs.web.order_limits import limit_of
from jobs.web.permissions import Permission
from jobs.web.records import stored_record
from jobs.web.request_context import actor

COUNTED = 10_000
SHOWN_RUNNING = 1_000
_BYTES: Any = {"application/octet-stream": {}}
_FILE = {"responses": {200: {"description": "The bytes", "content": _BYTES}}}
_ORIGINAL = {"responses": {**_FILE["responses"], 206: {"description": "The requested bytes", "content": _BYTES}}}

job_router = Router(tags=["jobs"], by_alias=True)
document_router = Router(tags=["documents"], by_alias=True)
stats_router = Router(tags=["stats"], by_alias=True)
create_job_router = Router(tags=["jobs"], by_alias=True)


@job_router.get("/jobs", auth=needing(Permission.VIEW), response={200: schemas.JobsOut, **PROBLEMS})
def list_jobs(request: HttpRequest, query: Query[inputs.JobsQuery]) -> Page[Job]:
    """A page of jobs."""
    wanted = JobFilter(
        text=query.text,
        statuses=frozenset(query.status),
        requested_by=query.requested_by,
        priority=query.priority,
        reason=query.reason,
        list_id=query.list,
        since=query.since,
        until=query.until,
        ended_since=query.ended_since,
        ended_until=query.ended_until,
    )
    return application().catalogue.jobs(wanted, query.order, parse_cursor(query.cursor), query.limit)


@job_router.post("/jobs", auth=needing(Permission.ORDER), response={201: schemas.OrderedJobOut, **PROBLEMS})
def create_job(
    request: HttpRequest, body: inputs.OrderIn, idempotency_key: Header[str | None] = None
) -> Status[schemas.OrderedJobOut]:
    """Order one company's filings. 409 with `jobId` if an unfinished job exists; 403 above the monthly limit.

    The same Idempotency-Key orders once within a day.
    """
    order = Order(**dict(body))
    planned = application().service.prepare(order, requested_by=actor(request).name)
    warning = warning_of(planned.cin, planned.company_name)
    (job,) = place_once(body, [planned], idempotency_key, caller_key(request), limit=limit_of(request))
    ordered = schemas.OrderedJobOut.model_construct(**dict(schemas.JobOut.model_validate(job)), warning=warning)
    return Status(HTTPStatus.CREATED, ordered)


@job_router.get("/jobs/{job_id}", auth=needing(Permission.VIEW), response={200: schemas.JobDetailOut, **PROBLEMS})
def get_job(request: HttpRequest, job_id: str) -> schemas.JobDetailOut:
    """One job with its runs, documents and log, and its expected completion."""
    details = application().service.details(job_id)
    return schemas.JobDetailOut.of(details, application().estimates.of_job(details.job))


@job_router.get("/jobs/{job_id}/runs/{run}/log", auth=needing(Permission.VIEW), response={200: RunLogOut, **PROBLEMS})
def get_run_log(request: HttpRequest, job_id: str, run: Path[inputs.RunNumber]) -> RunDetails:
    """The last log lines of a run, and how long each document took."""
    details = application().runs.details(job_id, run)
    if details is None:
        raise UnknownRun(job_id, run)
    return details


def _act(request: HttpRequest, name: Action, job_id: str, *, priority: int = 0, again: bool = False) -> Job | None:
    wanted = actions.Request(job_id=job_id, actor=actor(request), priority=priority, again=again)
    return ACTIONS[name].run(application().service, wanted)


def _needing(name: Action) -> Any:
    return needing(ACTIONS[name].permission)


@job_router.post("/jobs/{job_id}/retry", auth=_needing(Action.RETRY), response={200: schemas.JobOut, **PROBLEMS})
def retry_job(request: HttpRequest, job_id: str, body: inputs.RetryIn | None = None) -> Job | None:
    """Let an ended job download its missing documents; 409 if it is completed, or the company has an unfinished job."""
    return _act(request, Action.RETRY, job_id, again=body is not None and body.again)


@job_router.post("/jobs/{job_id}/cancel", auth=_needing(Action.CANCEL), response={200: schemas.JobOut, **PROBLEMS})
def cancel_job(request: HttpRequest, job_id: str) -> Job | None:
    """Cancel a job, or ask its worker to: then `cancelRequestedAt` is set. Idempotent."""
    return _act(request, Action.CANCEL, job_id)


@job_router.post(
    "/jobs/{job_id}/priority", auth=_needing(Action.PRIORITISE), response={200: schemas.JobOut, **PROBLEMS}
)
def prioritise_job(request: HttpRequest, job_id: str, body: inputs.PriorityIn) -> Job | None:
    """Change an unfinished job's priority."""
    return _act(request, Action.PRIORITISE, job_id, priority=body.priority)


@job_router.post("/jobs/{job_id}/run-now", auth=_needing(Action.RUN_NOW), response={200: schemas.JobOut, **PROBLEMS})
def run_job_now(request: HttpRequest, job_id: str) -> Job | None:
    """Make a pending job due at once, with the highest priority."""
    return _act(request, Action.RUN_NOW, job_id)


@job_router.delete("/jobs/{job_id}", auth=_needing(Action.DELETE), response={204: None, **PROBLEMS})
def delete_job(request: HttpRequest, job_id: str) -> Status[None]:
    """Delete a finished job with its documents, and with the files that no other order needs."""
    _act(request, Action.DELETE, job_id)
    return Status(HTTPStatus.NO_CONTENT, None)


@document_router.get("/documents", auth=needing(Permission.VIEW), response={200: DocumentsOut, **PROBLEMS})
def list_documents(request: HttpRequest, query: Query[inputs.DocumentsQuery]) -> Page[Any]:
    """A page of documents. Those without a filing date or size come last.

    With filters, other orders than `newest` may sort only the newest matches: `among` is their number.
    """
    wanted = DocumentFilter(
        text=query.text,
        document_type=query.document_type,
        status=query.status,
        text_kind=query.text_kind,
        reading=query.reading,
        reason=query.reason,
        since=query.since,
        until=query.until,
    )
    return application().catalogue.documents(wanted, query.order, parse_cursor(query.cursor), query.limit)


@document_router.get(
    "/jobs/{job_id}/documents/{number}",
    auth=needing(Permission.VIEW),
    response={200: DocumentDetailOut, **PROBLEMS},
)
def get_document(request: HttpRequest, job_id: str, number: int) -> DocumentDetailOut:
    """A stored document with its record and attachments. PANs are masked without the scope `pan`."""
    document, _ = stored(job_id, number)
    record = stored_record(document, full=sees_pans(request))
    return DocumentDetailOut.of(document, record, application().documents.attachments(job_id, document.place[0]))


@document_router.get(
    "/jobs/{job_id}/documents/{number}/file",
    auth=needing(Permission.VIEW),
    response={**PROBLEMS, 416: schemas.Problem},
    openapi_extra=_ORIGINAL,
)
def download_document(request: HttpRequest, job_id: str, number: int) -> HttpResponseBase:
    """The original, streamed. `Range` with the `ETag` in `If-Range` resumes an interrupted download."""
    document, file = stored(job_id, number)
    return original_response(request, file, document.filing.file_name, save=True)


@document_router.get(
    "/jobs/{job_id}/documents/{number}/text",
    auth=needing(Permission.VIEW),
    response=PROBLEMS,
    openapi_extra=_FILE,
)
def download_text(request: HttpRequest, job_id: str, number: int) -> FileResponse:
    """The text of a document in UTF-8, streamed. Form feeds separate its pages."""
    document, blob_name = stored_text(job_id, number)
    return text_response(blob_name, document.filing.file_name, full=sees_pans(request))


@stats_router.get("/stats", auth=needing(Permission.VIEW), response={200: schemas.StatsOut, **PROBLEMS})
def stats(request: HttpRequest) -> dict[str, Any]:
    """The queue at a glance."""
    catalogue, now = application().catalogue, application().clock()
    oldest = catalogue.oldest_due()
    return {
        "jobs": catalogue.totals(COUNTED),
        "oldest_due_seconds": max(0.0, (now - oldest).total_seconds()) if oldest else None,
        "running": len(catalogue.running(SHOWN_RUNNING)),
        "last_hour": catalogue.ended(now - timedelta(hours=1), now, 60),
    }


@create_job_router.post(
    "/create-job", auth=[DemoAuth(), *needing(Permission.ORDER)], response={201: schemas.CreatedOut, **PROBLEMS}
)
def create_jobs(
    request: HttpRequest, body: inputs.CreateJobIn, idempotency_key: Header[str | None] = None
) -> Status[dict[str, Any]]:
    """Order one company, or `num_jobs` simulated ones. The same Idempotency-Key orders once within a day."""
    created = create(body, actor(request).name, idempotency_key, caller_key(request), limit_of(request))
    message = f"{len(created)} {'job' if len(created) == 1 else 'jobs'} created."
    return Status(HTTPStatus.CREATED, {"message": message, "jobs": created, "total_jobs": len(created)})
