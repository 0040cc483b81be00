"""Exports: all of them, one with its progress and links, and its files."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from jobs.bootstrap import application
from jobs.domain.audit import Action
from jobs.domain.errors import WrongUse
from jobs.domain.job import UNFINISHED, Job
from jobs.domain.listing import parse_cursor
from jobs.domain.wrong_use import InvalidExport
from jobs.models import ExportLink
from jobs.services import expires_at
from jobs.web import export_links, exports
from jobs.web.access import needs, what_is_missing
from jobs.web.actions import ACTIONS, offered
from jobs.web.company_filings import FilingsSearch
from jobs.web.live import live_page
from jobs.web.permissions import Permission
from jobs.web.private import private_page
from jobs.web.request_context import actor, own_path, public_url, whole_number

PAGE = 50


@needs(Permission.VIEW)
@require_safe
def export_list(request: HttpRequest) -> HttpResponse:
    page = application().exporting.exports.latest(parse_cursor(request.GET.get("cursor", "")), PAGE)
    rows = [(job, exports.title(job), expires_at(job)) for job in page.items]
    return render(request, "exports.html", {"page": page, "rows": rows, "now": application().clock()})


@needs(Permission.EXPORT)
@require_POST
def order(request: HttpRequest) -> HttpResponse:
    """Order a ZIP of an order, of a company, or of a company's filings that match a search."""
    try:
        job = _ordered(request)
    except WrongUse as error:
        messages.error(request, str(error))
        back = own_path(request, request.headers.get("Referer"))
        return HttpResponseRedirect(back or reverse("exports"))
    return HttpResponseRedirect(reverse("zip_export", args=[job.id]))


def _ordered(request: HttpRequest) -> Job:
    given = request.POST
    if given.get("job"):
        return exports.of_order(given["job"], actor(request))
    if not given.get("cin"):
        raise InvalidExport("Choose an order or a company to pack.")
    search = FilingsSearch(given)
    return exports.of_company(given["cin"], actor(request), search.matching if search.is_narrow else None)


@needs(Permission.VIEW)
@require_safe
def export_page(request: HttpRequest, export_id: str) -> HttpResponse:
    return live_page(request, "zip_export.html", "_zip_export.html", _context(request, export_id))


def _context(request: HttpRequest, export_id: str) -> dict[str, Any]:
    job, export = application().exporting.get(export_id)
    may_share = request.user.has_perm(Permission.SHARE)
    may_delete = ACTIONS[Action.DELETE].is_offered(job) and exports.may_delete(request, job)
    links, ended = export_links.split(job.id) if may_share else ([], [])
    return {
        "job": job,
        "export": export,
        "title": exports.title(job),
        "is_unfinished": job.status in UNFINISHED,
        "expires": expires_at(job),
        "can": {**offered(job, request.user), "delete": may_delete},
        "may_share": may_share,
        "links": links,
        "ended_links": ended,
        "longest_days": export_links.LONGEST_DAYS,
    }


@needs(Permission.EXPORT)
@require_POST
def delete(request: HttpRequest, export_id: str) -> HttpResponse:
    job, _ = application().exporting.get(export_id)
    if not exports.may_delete(request, job):
        raise PermissionDenied(what_is_missing(request.user, Permission.DELETE))
    try:
        exports.delete(job, actor(request))
    except WrongUse as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("zip_export", args=[job.id]))
    messages.success(request, "The ZIP is deleted. The documents themselves are kept.")
    return HttpResponseRedirect(reverse("exports"))


@needs(Permission.VIEW)
@require_safe
def part(request: HttpRequest, export_id: str, number: int) -> HttpResponseBase:
    job, export = application().exporting.get(export_id)
    return exports.part_response(request, job, export, exports.part_of(export, number))


@needs(Permission.VIEW)
@require_safe
def manifest(_request: HttpRequest, export_id: str, kind: str) -> HttpResponse:
    job, export = application().exporting.get(export_id)
    return exports.manifest_response(job, export, kind)


# --- links


@needs(Permission.SHARE)
@require_POST
def share(request: HttpRequest, export_id: str) -> HttpResponse:
    """Create a link and show it once."""
    job, _ = application().exporting.get(export_id)
    days = whole_number(request.POST.get("days", ""), most_digits=2) or 0
    try:
        _, secret = export_links.issue(job, request.user, request.POST.get("note", ""), days, actor(request))  # type: ignore[arg-type]
    except InvalidExport as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("zip_export", args=[job.id]))
    address = public_url(request, reverse("shared", args=[secret]))
    return private_page(request, "zip_export.html", {**_context(request, export_id), "address": address})


@needs(Permission.SHARE)
@require_POST
def unshare(request: HttpRequest, export_id: str, link_id: int) -> HttpResponse:
    link = get_object_or_404(ExportLink, pk=link_id, export_id=export_id)
    export_links.revoke(link, actor(request))
    messages.success(request, "The link is revoked.")
    return HttpResponseRedirect(reverse("zip_export", args=[export_id]))
