"""Bulk actions: the recent ones, one with its progress, and the jobs that it refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from jobs.bootstrap import application
from jobs.domain.bulk_action import MOST_REFUSALS, BulkAction
from jobs.domain.listing import Count, parse_cursor
from jobs.web.access import needs, what_is_missing
from jobs.web.actions import ACTIONS
from jobs.web.bulk_access import missing_right, stopped, visible, whose
from jobs.web.bulk_runner import COUNTED, runner
from jobs.web.csv_export import csv_response
from jobs.web.live import live_page
from jobs.web.pages.bulk import title
from jobs.web.permissions import Permission

PAGE = 50
SHOWN_REFUSALS = 100
COLUMNS = ("jobId", "reason")


@needs(Permission.VIEW)
@require_safe
def bulk_actions(request: HttpRequest) -> HttpResponse:
    """The user's actions; all for users who may see who did what."""
    page = application().bulk_actions.latest(whose(request), parse_cursor(request.GET.get("cursor", "")), PAGE)
    if any(each.is_running for each in page.items):
        runner().begin()
    rows = [(each, title_of(each)) for each in page.items]
    return render(request, "bulk_actions.html", {"page": page, "rows": rows, "everybody": whose(request) is None})


@needs(Permission.VIEW)
@require_safe
def bulk_action(request: HttpRequest, action_id: str) -> HttpResponse:
    found = visible(request, action_id)
    refusals = application().bulk_actions.refusals(found.id) if found.refused else iter(())
    several = ACTIONS[found.action].several
    context: dict[str, Any] = {
        "action": _shown(found),
        "title": title_of(found),
        "done_word": several.done if several else "",
        "filters": found.filters,
        "selected": bool(found.job_ids),
        "back": found.back or reverse("jobs"),
        "refusals": list(islice(refusals, SHOWN_REFUSALS)),
        "kept": min(found.refused, MOST_REFUSALS),
    }
    return live_page(request, "bulk_action.html", "_bulk_action.html", context)


@needs(Permission.VIEW)
@require_POST
def stop(request: HttpRequest, action_id: str) -> HttpResponse:
    found = visible(request, action_id)
    if missing := missing_right(request, found):
        raise PermissionDenied(what_is_missing(request.user, missing))
    return HttpResponseRedirect(reverse("bulk_action", args=[stopped(found).id]))


@needs(Permission.VIEW)
@require_safe
def refused(request: HttpRequest, action_id: str) -> StreamingHttpResponse:
    found = visible(request, action_id)
    return csv_response(f"refused-{found.id}.csv", COLUMNS, _rows(found.id))


def _rows(action_id: str) -> Iterator[dict[str, object]]:
    for each in application().bulk_actions.refusals(action_id):
        yield dict(zip(COLUMNS, (each.job_id, each.reason), strict=True))


def title_of(action: BulkAction) -> str:
    several = ACTIONS[action.action].several
    count = Count(number=COUNTED, more=True) if action.total is None else Count(number=action.total)
    return title(several, count, action.priority) if several else str(action.action)


def _shown(action: BulkAction) -> BulkAction:
    """Without what changes by the second and is not shown, so that an unchanged page is not sent again."""
    return replace(action, job_ids=(), batch=(), lease_until=None, owner="", fence=0)
