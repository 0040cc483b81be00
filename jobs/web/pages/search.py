"""Pages for documents of all jobs, failures by reason, and workers."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jobs.bootstrap import application
from jobs.domain.document import Document
from jobs.domain.errors import TooSlow
from jobs.domain.listing import Count, DocumentOrder, parse_cursor
from jobs.domain.saved_view import Listing
from jobs.ports import Catalogue
from jobs.web.access import needs
from jobs.web.forms import DocumentSearch
from jobs.web.live import live_page
from jobs.web.pause_banner import watch
from jobs.web.permissions import Permission
from jobs.web.retries import latest
from jobs.web.saved_views import menu

PAGE = 50
AMONG = _COUNTED = 1_000
SHOWN_WORKERS = 200
#: Orders in which a company's documents are shown together.
_GROUPED = (DocumentOrder.NEWEST, DocumentOrder.OLDEST, DocumentOrder.COMPANY)


@needs(Permission.VIEW)
@require_safe
def documents(request: HttpRequest) -> HttpResponse:
    search = DocumentSearch(request.GET)
    catalogue = application().catalogue
    order, cursor = search.document_order, parse_cursor(request.GET.get("cursor", ""))
    page = catalogue.documents(search.wanted, order, cursor, PAGE)
    context = {
        "page": page,
        "companies": _by_company(page.items) if order in _GROUPED else None,
        "search": search,
        "forms": sorted({*catalogue.document_types(), search.wanted.document_type} - {""}),
        "views": menu(request, Listing.DOCUMENTS),
        "totals": {} if search.chips else _totals(catalogue),
    }
    return render(request, "documents.html", context)


def _totals(catalogue: Catalogue) -> dict[str | None, Count]:
    """The number of documents in each state and, with None, of all; empty if counting takes too long."""
    try:
        totals = catalogue.document_totals(_COUNTED)
    except TooSlow:
        return {}
    return {None: Count.sum_of(totals.values()), **{str(state): count for state, count in totals.items()}}


def _by_company(documents: Sequence[Document]) -> list[list[Document]]:
    """The page's documents with those of a company together. Workers of several jobs store theirs in turns."""
    groups: dict[str, list[Document]] = {}
    for each in documents:
        groups.setdefault(each.cin, []).append(each)
    return list(groups.values())


@needs(Permission.VIEW)
@require_safe
def failures(request: HttpRequest) -> HttpResponse:
    catalogue, now = application().catalogue, application().clock()
    retried = latest(catalogue, application().audit)
    newest = {each.retry.reason: each for each in reversed(retried)}
    context = {
        "jobs": [(reason, newest.get(reason.kind)) for reason in catalogue.failed_jobs(now, AMONG)],
        "retried": retried,
        "documents": catalogue.failed_documents(now, AMONG),
        "readings": catalogue.poor_readings(now, AMONG),
        "among": AMONG,
    }
    return render(request, "failures.html", context)


@needs(Permission.VIEW)
@require_safe
def workers(request: HttpRequest) -> HttpResponse:
    catalogue, now = application().catalogue, application().clock()
    running = catalogue.running(SHOWN_WORKERS)
    context = {
        "running": running,
        "late": sorted(job.id for job in running if job.lease_expires_at and job.lease_expires_at < now),
        "shown": SHOWN_WORKERS,
        "oldest_due": catalogue.oldest_due(),
        "is_paused": bool(watch()()),
    }
    return live_page(request, "workers.html", "_workers.html", context)
