"""Documents of all jobs, failures by reason, and workers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from jobs.access import needs
from jobs.bootstrap import application
from jobs.domain.listing import parse_cursor
from jobs.forms import DocumentSearch
from jobs.permissions import Permission
from jobs.views.acting import is_partial

PAGE = 50
AMONG = 10_000
SHOWN_WORKERS = 200


@needs(Permission.VIEW)
@require_GET
def documents(request: HttpRequest) -> HttpResponse:
    """Search over all documents."""
    search = DocumentSearch(request.GET)
    catalogue = application().catalogue
    page = catalogue.documents(search.wanted, parse_cursor(request.GET.get("cursor", "")), PAGE)
    context = {"page": page, "search": search, "forms": catalogue.document_types()}
    return render(request, "documents.html", context)


@needs(Permission.VIEW)
@require_GET
def failures(request: HttpRequest) -> HttpResponse:
    """Why jobs and documents fail, the most frequent reason first."""
    catalogue, now = application().catalogue, application().clock()
    context = {
        "jobs": catalogue.failed_jobs(now, AMONG), "documents": catalogue.failed_documents(now, AMONG), "among": AMONG,
    }  # fmt: skip
    return render(request, "failures.html", context)


@needs(Permission.VIEW)
@require_GET
def workers(request: HttpRequest) -> HttpResponse:
    """Who holds which job, until when."""
    running = application().catalogue.running(SHOWN_WORKERS)
    context = {"running": running, "now": application().clock(), "shown": SHOWN_WORKERS}
    return render(request, "_workers.html" if is_partial(request) else "workers.html", context)
