"""The operations of ``/api/v1/`` and ``/create-job``."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver
from ninja import Header, NinjaAPI, Query, Router, Status
from ninja.openapi.docs import DocsBase
from ninja.openapi.schema import OpenAPISchema

from jobs.api import schemas
from jobs.api.auth import DemoAuth, ReadLimit, WriteLimit, actor, caller_key, needing
from jobs.api.creating import create
from jobs.api.problems import CONTENT_TYPE, handle_all
from jobs.bootstrap import application
from jobs.domain.errors import UnknownDocument
from jobs.domain.listing import DocumentFilter, JobFilter, parse_cursor
from jobs.permissions import Permission
from jobs.serialization import audit_as_json, document_as_json, job_as_json, run_as_json
from jobs.services import Order
from jobs.streaming import stream

COUNTED = 10_000
SHOWN_RUNNING = 1_000
_PROBLEMS = dict.fromkeys((400, 401, 403, 404, 405, 409, 422, 429, 503), schemas.Problem)


class Docs(DocsBase):
    """The documentation as a page of our own: no scripts from elsewhere, none in the page."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **_: Any) -> HttpResponse:
        """All operations with their parameters."""
        schema = api.get_openapi_schema()
        operations = [
            {"method": method.upper(), "path": path, **operation}
            for path, methods in schema["paths"].items()
            for method, operation in methods.items()
        ]
        return render(request, "api_docs.html", {"operations": operations, "schemas": schema["components"]["schemas"]})


class _Api(NinjaAPI):
    """Says in its document of which type errors are: ninja takes every answer for plain JSON."""

    def get_openapi_schema(self, **given: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**given)
        answers = [
            answer
            for path in schema["paths"].values()
            for operation in path.values()
            for status, answer in operation["responses"].items()
            if int(status) >= HTTPStatus.BAD_REQUEST
        ]
        for answer in answers:
            answer["content"] = {CONTENT_TYPE: answer["content"]["application/json"]}
        return schema


api = _Api(
    title="Filesure", version="1", urls_namespace="api", throttle=[ReadLimit(), WriteLimit()],
    docs=Docs(), docs_url="docs", openapi_url="openapi.json",
    description="Times are ISO 8601 in UTC. Errors are problem details (RFC 9457). Lists go on at `next`, a cursor.",
)  # fmt: skip
create_job_api = NinjaAPI(
    title="create-job", urls_namespace="create-job", throttle=[WriteLimit()],
    docs_url=None, openapi_url=None,
)  # fmt: skip
v1 = Router()


# --- jobs


@v1.get("/jobs", auth=needing(Permission.VIEW), response={200: schemas.JobsOut, **_PROBLEMS}, tags=["jobs"])
def list_jobs(request: HttpRequest, query: Query[schemas.JobsQuery]) -> dict[str, Any]:
    """A page of jobs."""
    wanted = JobFilter(
        text=query.text, statuses=frozenset(query.status), requested_by=query.requestedBy, priority=query.priority,
        reason=query.reason, since=query.since, until=query.until,
    )  # fmt: skip
    page = application().catalogue.jobs(wanted, query.order, parse_cursor(query.cursor), query.limit)
    return {"items": [job_as_json(job) for job in page.items], **_ends(page)}


def _ends(page: Any) -> dict[str, str | None]:
    return {
        "next": str(page.next) if page.next else None,
        "previous": str(page.previous) if page.previous else None,
    }


@v1.post("/jobs", auth=needing(Permission.ORDER), response={201: schemas.JobOut, **_PROBLEMS}, tags=["jobs"])
def create_job(request: HttpRequest, body: schemas.OrderIn) -> Status[dict[str, Any]]:
    """Order one company's filings. 409 with `jobId` if an unfinished job exists."""
    service = application().service
    order = Order(cin=body.cin, company_name=body.companyName, priority=body.priority)
    job = service.prepare(order, requested_by=actor(request).name)
    service.place([job])
    return Status(201, job_as_json(job))


@v1.get(
    "/jobs/{job_id}", auth=needing(Permission.VIEW), response={200: schemas.JobDetailOut, **_PROBLEMS}, tags=["jobs"]
)
def get_job(request: HttpRequest, job_id: str) -> dict[str, Any]:
    """One job with its runs and documents, and what was done to it."""
    details = application().service.details(job_id)
    return {
        **job_as_json(details.job),
        "runHistory": [run_as_json(run) for run in details.runs],
        "documents": [document_as_json(document) for document in details.documents],
        "audit": [audit_as_json(entry) for entry in details.audit],
    }


@v1.post(
    "/jobs/{job_id}/retry", auth=needing(Permission.RETRY), response={200: schemas.JobOut, **_PROBLEMS}, tags=["jobs"]
)
def retry_job(request: HttpRequest, job_id: str) -> dict[str, Any]:
    """Have a failed or cancelled job fetch what it lacks."""
    return job_as_json(application().service.retry(job_id, actor(request)))


@v1.post(
    "/jobs/{job_id}/cancel", auth=needing(Permission.CANCEL), response={200: schemas.JobOut, **_PROBLEMS}, tags=["jobs"]
)
def cancel_job(request: HttpRequest, job_id: str) -> dict[str, Any]:
    """Cancel, or ask the job's worker to: `cancelRequestedAt` is set then. Idempotent."""
    return job_as_json(application().service.cancel(job_id, actor(request)))


@v1.post(
    "/jobs/{job_id}/priority",
    auth=needing(Permission.PRIORITISE),
    response={200: schemas.JobOut, **_PROBLEMS},
    tags=["jobs"],
)
def prioritise_job(request: HttpRequest, job_id: str, body: schemas.PriorityIn) -> dict[str, Any]:
    """Change an unfinished job's priority."""
    return job_as_json(application().service.prioritise(job_id, body.priority, actor(request)))


@v1.delete("/jobs/{job_id}", auth=needing(Permission.DELETE), response={204: None, **_PROBLEMS}, tags=["jobs"])
def delete_job(request: HttpRequest, job_id: str) -> Status[None]:
    """Delete a finished job with its documents and files."""
    application().service.delete(job_id, actor(request))
    return Status(204, None)


# --- documents


@v1.get(
    "/documents", auth=needing(Permission.VIEW), response={200: schemas.DocumentsOut, **_PROBLEMS}, tags=["documents"]
)
def list_documents(request: HttpRequest, query: Query[schemas.DocumentsQuery]) -> dict[str, Any]:
    """A page of documents, the newest first."""
    wanted = DocumentFilter(
        text=query.text, document_type=query.documentType, status=query.status, text_kind=query.textKind,
        reason=query.reason, since=query.since, until=query.until,
    )  # fmt: skip
    page = application().catalogue.documents(wanted, parse_cursor(query.cursor), query.limit)
    items = [{"jobId": document.job_id, **document_as_json(document)} for document in page.items]
    return {"items": items, **_ends(page)}


_FILE = {"responses": {200: {"description": "The bytes", "content": {"application/octet-stream": {}}}}}


@v1.get(
    "/jobs/{job_id}/documents/{number}/file",
    auth=needing(Permission.VIEW),
    response=_PROBLEMS,
    tags=["documents"],
    openapi_extra=_FILE,
)
def download_document(request: HttpRequest, job_id: str, number: int) -> FileResponse:
    """The original, streamed."""
    document = application().documents.get(job_id, number)
    if document.file is None:
        raise UnknownDocument(job_id, number)
    return stream(document.file.blob_name, document.file.content_type, document.filing.file_name, save=True)


@v1.get(
    "/jobs/{job_id}/documents/{number}/text",
    auth=needing(Permission.VIEW),
    response=_PROBLEMS,
    tags=["documents"],
    openapi_extra=_FILE,
)
def download_text(request: HttpRequest, job_id: str, number: int) -> FileResponse:
    """What was read out of a document, as UTF-8; pages are separated by form feeds."""
    document = application().documents.get(job_id, number)
    if document.file is None or document.file.text_blob_name is None:
        raise UnknownDocument(job_id, number)
    name = f"{document.filing.file_name}.txt"
    return stream(document.file.text_blob_name, "text/plain; charset=utf-8", name, save=True)


# --- all together


@v1.get("/stats", auth=needing(Permission.VIEW), response={200: schemas.StatsOut, **_PROBLEMS}, tags=["stats"])
def stats(request: HttpRequest) -> dict[str, Any]:
    """The queue at a glance."""
    catalogue, now = application().catalogue, application().clock()
    oldest = catalogue.oldest_due()
    totals = catalogue.totals(COUNTED)
    buckets = catalogue.ended(now - timedelta(hours=1), now, 60)
    return {
        "jobs": {status: {"number": count.number, "more": count.more} for status, count in totals.items()},
        "oldestDueSeconds": max(0.0, (now - oldest).total_seconds()) if oldest else None,
        "running": len(catalogue.running(SHOWN_RUNNING)),
        "lastHour": [vars(bucket) for bucket in buckets],
    }


@create_job_api.post(
    "/create-job", auth=[DemoAuth(), *needing(Permission.ORDER)], response={201: schemas.CreatedOut, **_PROBLEMS}
)
def create_jobs(
    request: HttpRequest, body: schemas.CreateJobIn, idempotency_key: Header[str | None] = None
) -> Status[dict[str, Any]]:
    """Order one company, or `num_jobs` simulated ones. The same Idempotency-Key orders once within a day."""
    jobs = create(body, actor(request).name, idempotency_key, caller_key(request))
    created = [{"jobId": job.id, "cin": job.cin, "companyName": job.company_name} for job in jobs]
    message = f"{len(jobs)} {'job' if len(jobs) == 1 else 'jobs'} created."
    return Status(201, {"message": message, "jobs": created, "totalJobs": len(created)})


def addresses(ninja: NinjaAPI) -> tuple[list[URLResolver | URLPattern], str, str]:
    """The API's addresses. It asks for its own proof of who calls, and answers 401, not with the login page."""
    patterns, app_name, namespace = ninja.urls
    for pattern in patterns:
        if isinstance(pattern, URLPattern) and pattern.name != "openapi-view":
            pattern.callback = login_not_required(pattern.callback)
    return patterns, app_name, namespace


api.add_router("/v1", v1)
for each in (api, create_job_api):
    handle_all(each)
