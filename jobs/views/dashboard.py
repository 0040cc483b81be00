"""The dashboard: everything at a glance, kept up to date by one cheap request."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils.http import quote_etag
from django.views.decorators.http import require_GET

from jobs.access import needs
from jobs.bootstrap import application
from jobs.live import WIDTHS, Live, ServiceStates, Snapshot, Span
from jobs.permissions import Permission


@cache
def live() -> Live:
    """This process's snapshots."""
    services = ServiceStates({
        "MongoDB": lambda: application().ping(),
        "Blob store": application().blobs.check,
    })  # fmt: skip
    return Live(lambda: application().catalogue, lambda: application().clock(), services)


@needs(Permission.VIEW)
@require_GET
def dashboard(request: HttpRequest) -> HttpResponse:
    """The page."""
    span = _span(request)
    return render(request, "dashboard.html", _context(live().snapshot(span), span))


@needs(Permission.VIEW)
@require_GET
def dashboard_live(request: HttpRequest) -> HttpResponse:
    """The part that changes; 304 while it does not."""
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
        [bucket.completed for bucket in snapshot.buckets],
        [bucket.failed for bucket in snapshot.buckets],
    ]
    lengths = {Span.HOUR: timedelta(hours=1), Span.DAY: timedelta(days=1), Span.WEEK: timedelta(weeks=1)}
    hours = lengths[span].total_seconds() / 3600
    ratio = snapshot.failure_ratio
    return {
        "now": snapshot, "span": span, "spans": list(Span), "series": json.dumps(series), "width": WIDTHS[span][0],
        "per_hour": snapshot.completed / hours, "failure_percent": None if ratio is None else ratio * 100,
    }  # fmt: skip
