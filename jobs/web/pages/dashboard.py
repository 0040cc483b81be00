"""The dashboard: an overview, kept current by one cheap request."""

from __future__ import annotations

import json
from datetime import timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from jobs.bootstrap import application
from jobs.bootstrap.once import once
from jobs.domain.pausing import Pause
from jobs.web.access import needs
from jobs.web.permissions import Permission
from jobs.web.snapshots import WIDTHS, Live, ServiceStates, Snapshot, Span
from jobs.web.source_states import SourceWatch
from jobs.web.trends import trends


@once
def live() -> Live:
    """This process's snapshots."""
    services = ServiceStates({"Blob store": application().blobs.check})
    sources = SourceWatch(lambda: application().breakers, lambda: application().hosts)
    return Live(lambda: application().catalogue, lambda: application().clock(), services, sources, _pauses)


def _pauses() -> list[Pause]:
    return application().pauses.latest()


@needs(Permission.VIEW)
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    span = _span(request)
    return render(request, "dashboard.html", _context(live().snapshot(span), span))


@needs(Permission.VIEW)
@require_safe
def dashboard_live(request: HttpRequest) -> HttpResponse:
    """The live part of the page; 304 if it has not changed."""
    span = _span(request)
    snapshot = live().snapshot(span)
    etag = quote_etag(snapshot.etag)
    if request.headers.get("If-None-Match") == etag:
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = render(request, "_dashboard.html", _context(snapshot, span))
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response


def _span(request: HttpRequest) -> Span:
    given = request.GET.get("span", "")
    return Span(given) if given in set(Span) else Span.HOUR


def _context(snapshot: Snapshot, span: Span) -> dict[str, object]:
    series = [
        [int(bucket.begins.timestamp()) for bucket in snapshot.buckets],
        [bucket.completed - bucket.partial for bucket in snapshot.buckets],
        [bucket.partial for bucket in snapshot.buckets],
        [bucket.failed for bucket in snapshot.buckets],
        [bucket.cancelled for bucket in snapshot.buckets],
    ]
    lengths = {Span.HOUR: timedelta(hours=1), Span.DAY: timedelta(days=1), Span.WEEK: timedelta(weeks=1)}
    hours = lengths[span].total_seconds() / 3600
    return {
        "now": snapshot,
        "span": span,
        "spans": list(Span),
        "series": json.dumps(series),
        "width": WIDTHS[span][0],
        "trends": trends(snapshot.totals, snapshot.buckets, snapshot.before, hours, snapshot.waiting),
    }
