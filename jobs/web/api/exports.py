"""The operations on exports and their links."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from ninja import Path, Query, Router, Status

from jobs.bootstrap import application
from jobs.domain.job import Job
from jobs.domain.listing import parse_cursor
from jobs.domain.wrong_use import InvalidExport
from jobs.models import ExportLink
from jobs.web import export_links, exports
from jobs.web.api import inputs
from jobs.web.api.auth import Forbidden, may, needing
from jobs.web.api.export_schemas import (
    ExportIn,
    ExportOut,
    ExportsOut,
    LinkIn,
    LinkOut,
    LinksOut,
    NewLinkOut,
)
from jobs.web.api.schemas import PROBLEMS, Problem
from jobs.web.permissions import Permission
from jobs.web.request_context import actor, public_url

export_router = Router(tags=["exports"], by_alias=True)

#: Gone: the export has expired.
_PROBLEMS = {**PROBLEMS, HTTPStatus.GONE: Problem}
_ZIP = {
    "responses": {
        200: {"description": "The ZIP", "content": {"application/zip": {}}},
        206: {"description": "The requested bytes of the ZIP", "content": {"application/zip": {}}},
    }
}
_MANIFEST = {"responses": {200: {"description": "The manifest", "content": {"application/octet-stream": {}}}}}


@export_router.post("/exports", auth=needing(Permission.EXPORT), response={201: ExportOut, **PROBLEMS})
def create_export(request: HttpRequest, body: ExportIn) -> Status[ExportOut]:
    """Order documents as ZIP files, which a worker packs. Returns the unfinished export of the same documents, if any.

    The documents are those stored now; the manifest lists the others with the reason.
    """
    return Status(HTTPStatus.CREATED, ExportOut.of(_ordered(request, body)))


def _ordered(request: HttpRequest, body: ExportIn) -> Job:
    if sum(each is not None for each in (body.job_id, body.cin, body.documents)) != 1:
        raise InvalidExport("Give one of jobId, cin and documents.")
    if body.cin is None and (body.category is not None or body.year is not None):
        raise InvalidExport("category and year choose among the filings of a company: give cin, too.")
    if body.job_id:
        return exports.of_order(body.job_id, actor(request))
    if body.documents:
        chosen = exports.chosen((each.job_id, each.number) for each in body.documents)
        return exports.of_selection(chosen, actor(request))
    is_narrow = body.category is not None or body.year is not None
    return exports.of_company(body.cin or "", actor(request), body.matching if is_narrow else None)


@export_router.get("/exports", auth=needing(Permission.VIEW), response={200: ExportsOut, **PROBLEMS})
def list_exports(request: HttpRequest, query: Query[inputs.CursorQuery]) -> dict[str, Any]:
    """A page of exports. Those that have expired are listed until they are deleted."""
    page = application().exporting.exports.latest(parse_cursor(query.cursor), query.limit)
    return {"items": [ExportOut.of(job) for job in page.items], "next": page.next, "previous": page.previous}


@export_router.get("/exports/{export_id}", auth=needing(Permission.VIEW), response={200: ExportOut, **_PROBLEMS})
def get_export(request: HttpRequest, export_id: str) -> ExportOut:
    """One export with its finished parts; 410 once it has expired."""
    return ExportOut.of(application().exporting.get(export_id)[0])


@export_router.post(
    "/exports/{export_id}/cancel", auth=needing(Permission.EXPORT), response={200: ExportOut, **_PROBLEMS}
)
def cancel_export(request: HttpRequest, export_id: str) -> ExportOut:
    """Cancel an export, or ask its worker to stop. Finished parts are kept. Idempotent."""
    job = _own(request, export_id)
    return ExportOut.of(application().service.cancel(job.id, actor(request)))


@export_router.delete("/exports/{export_id}", auth=needing(Permission.EXPORT), response={204: None, **_PROBLEMS})
def delete_export(request: HttpRequest, export_id: str) -> Status[None]:
    """Delete an ended export of your own, or any with the scope `delete`. 409 while it is being packed: cancel it."""
    exports.delete(_own(request, export_id), actor(request))
    return Status(HTTPStatus.NO_CONTENT, None)


def _own(request: HttpRequest, export_id: str) -> Job:
    job, _ = application().exporting.get(export_id)
    if job.requested_by != actor(request).name and not may(request, Permission.DELETE):
        raise Forbidden("The export belongs to somebody else. This requires the scope 'delete'.")
    return job


@export_router.get(
    "/exports/{export_id}/parts/{number}",
    auth=needing(Permission.VIEW),
    response={**_PROBLEMS, 416: Problem},
    openapi_extra=_ZIP,
)
def download_part(request: HttpRequest, export_id: str, number: Path[inputs.RunNumber]) -> HttpResponseBase:
    """A finished part, streamed. `Range` with the `ETag` in `If-Range` resumes an interrupted download."""
    job, export = application().exporting.get(export_id)
    return exports.part_response(request, job, export, exports.part_of(export, number))


@export_router.get(
    "/exports/{export_id}/manifest", auth=needing(Permission.VIEW), response=_PROBLEMS, openapi_extra=_MANIFEST
)
def download_manifest(request: HttpRequest, export_id: str) -> HttpResponse:
    """The manifest as JSON: an array with one object for each document. Each ZIP contains it too, also as CSV."""
    job, export = application().exporting.get(export_id)
    return exports.manifest_response(job, export, "json")


@export_router.get("/exports/{export_id}/links", auth=needing(Permission.SHARE), response={200: LinksOut, **_PROBLEMS})
def list_links(request: HttpRequest, export_id: str) -> LinksOut:
    """An export's links, also those that have ended."""
    job, _ = application().exporting.get(export_id)
    found = ExportLink.objects.filter(export_id=job.id)
    return LinksOut.model_construct(items=[LinkOut.model_construct(**_fields(link)) for link in found])


@export_router.post(
    "/exports/{export_id}/links", auth=needing(Permission.SHARE), response={201: NewLinkOut, **_PROBLEMS}
)
def create_link(request: HttpRequest, export_id: str, body: LinkIn) -> Status[NewLinkOut]:
    """Create a link by which people without an account download a finished export."""
    job, _ = application().exporting.get(export_id)
    link, secret = export_links.issue(job, request.user, body.note, body.days, actor(request))  # type: ignore[arg-type]
    url = public_url(request, reverse("shared", args=[secret]))
    return Status(HTTPStatus.CREATED, NewLinkOut.model_construct(**_fields(link), url=url))


@export_router.delete(
    "/exports/{export_id}/links/{link_id}", auth=needing(Permission.SHARE), response={204: None, **_PROBLEMS}
)
def revoke_link(request: HttpRequest, export_id: str, link_id: Path[inputs.RunNumber]) -> Status[None]:
    """Revoke a link. Idempotent."""
    link = ExportLink.objects.filter(pk=link_id, export_id=export_id).first()
    if link is None:
        raise Http404
    export_links.revoke(link, actor(request))
    return Status(HTTPStatus.NO_CONTENT, None)


def _fields(link: ExportLink) -> dict[str, Any]:
    return {
        "link_id": link.pk,
        "note": link.note,
        "prefix": link.prefix,
        "created_at": link.created_at,
        "expires_at": link.expires_at,
        "revoked_at": link.revoked_at,
        "downloads": link.downloads,
    }
