"""The audit log: actions on all jobs, including deleted ones, and on accounts."""

from __future__ import annotations

from dataclasses import asdict
from itertools import chain, islice

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jobs.bootstrap import application
from jobs.domain.audit import AuditEntry
from jobs.domain.listing import every, parse_cursor
from jobs.web.access import needs
from jobs.web.csv_export import csv_response
from jobs.web.forms import AuditSearch
from jobs.web.permissions import Permission

PAGE = 50
_READ_AT_ONCE = 500
_COLUMNS = ("at", "by", "address", "action", "job_id", "details", "bulk_id", "outcome", "refused")


@needs(Permission.AUDIT)
@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    search = AuditSearch(request.GET)
    page = application().service.audit.entries(search.wanted, parse_cursor(request.GET.get("cursor", "")), PAGE)
    filters = request.GET.copy()
    filters.pop("cursor", None)
    return render(request, "audit.html", {"page": page, "search": search, "query": filters.urlencode()})


@needs(Permission.AUDIT)
@require_safe
def export(request: HttpRequest) -> StreamingHttpResponse:
    """Stream all matching entries as CSV."""
    wanted, audit = AuditSearch(request.GET).wanted, application().audit
    entries = every(lambda cursor: audit.entries(wanted, cursor, _READ_AT_ONCE))
    first = list(islice(entries, 1))  # before the response begins, so that an unreachable MongoDB shows an error page
    return csv_response("audit.csv", _COLUMNS, map(_row, chain(first, entries)))


def _row(entry: AuditEntry) -> dict[str, object]:
    return {**asdict(entry), "at": entry.at.isoformat(timespec="seconds"), "outcome": entry.outcome}
