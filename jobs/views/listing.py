"""The list of jobs: search, filters, pages, export, and what is done to many at once."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from jobs.access import needs, what_is_missing
from jobs.bootstrap import application
from jobs.domain.errors import FilesureError, WrongUse
from jobs.domain.job import PRIORITIES, Job
from jobs.domain.listing import Count, Cursor, JobFilter, JobOrder, parse_cursor
from jobs.forms import COLUMNS, JobSearch
from jobs.permissions import Permission
from jobs.serialization import job_as_json
from jobs.views.acting import actor, is_partial, way_back

PAGE = 50
AMONG = 1_000
COUNTED = 10_000
MOST_AT_ONCE = 1_000
_READ_AT_ONCE = 500
_BULK = {"retry": Permission.RETRY, "cancel": Permission.CANCEL, "prioritise": Permission.PRIORITISE}
_SHOWN_REFUSALS = 5


@needs(Permission.VIEW)
@require_GET
def jobs(request: HttpRequest) -> HttpResponse:
    """A page of the list; for htmx its table only."""
    search = JobSearch(request.GET)
    cursor = parse_cursor(request.GET.get("cursor", ""))
    catalogue = application().catalogue
    page = catalogue.jobs(search.wanted, search.job_order, cursor, PAGE)
    context: dict[str, Any] = {"page": page, "search": search, "columns": search.shown_columns}
    if is_partial(request):
        return render(request, "_jobs_table.html", context)
    context |= {
        "facets": catalogue.facets(search.wanted, AMONG),
        "all_columns": COLUMNS, "priorities": PRIORITIES, "query": _query(request),
    }  # fmt: skip
    return render(request, "jobs.html", context)


def _query(request: HttpRequest) -> str:
    """The filters of the address without the place in the list."""
    query = request.GET.copy()
    query.pop("cursor", None)
    return query.urlencode()


# --- export


@needs(Permission.VIEW)
@require_GET
def export(request: HttpRequest) -> StreamingHttpResponse:
    """All jobs that match, as CSV, streamed: memory does not depend on how many there are."""
    search = JobSearch(request.GET)
    jobs = matching(search.wanted, search.job_order)
    first = list(islice(jobs, 1))  # read before the answer begins: a MongoDB that is away is told as such
    response = StreamingHttpResponse(_csv(chain(first, jobs)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="jobs.csv"'
    return response


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _csv(jobs: Iterable[Job]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    heading = False
    for job in jobs:
        row = {name: value for name, value in job_as_json(job).items() if name != "lastError"}
        row["lastError"] = job.last_error.message if job.last_error else None
        if not heading:
            yield "\ufeff" + writer.writerow(row)
            heading = True
        yield writer.writerow([_cell(value) for value in row.values()])
    if not heading:
        yield "\ufeff" + writer.writerow(["jobId"])


def _cell(value: object) -> object:
    """Text that a spreadsheet would take for a formula gets an apostrophe (OWASP, CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value


def matching(wanted: JobFilter, order: JobOrder) -> Iterator[Job]:
    """All jobs that match, page by page."""
    cursor: Cursor | None = None
    while True:
        page = application().catalogue.jobs(wanted, order, cursor, _READ_AT_ONCE)
        yield from page.items
        cursor = page.next
        if cursor is None:
            return


# --- many at once


@needs(Permission.VIEW)
@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """Ask whether it is meant, saying how many; then do it."""
    action = request.POST.get("action", "")
    if action not in _BULK:
        raise WrongUse("Choose what to do with the jobs: retry, cancel or another priority.")
    if not request.user.has_perm(_BULK[action]):
        raise PermissionDenied(what_is_missing(request.user, _BULK[action]))
    search = JobSearch(_filters(request))
    back = way_back(request, reverse("jobs"))
    ids = _chosen(request)
    everything = request.POST.get("scope") == "all"
    count = application().catalogue.count(search.wanted, COUNTED) if everything else Count(number=len(ids))
    if not ids and not everything:
        messages.warning(request, "No job is selected: tick some, or choose “all that match”.")
        return HttpResponseRedirect(back)
    if request.POST.get("confirmed") != "yes":
        return render(request, "confirm_bulk.html", {
            "action": action, "count": count, "ids": ids, "scope": request.POST.get("scope", ""), "back": back,
            "filters": request.POST.get("filters", ""), "priority": request.POST.get("priority", ""),
            "most": MOST_AT_ONCE, "search": search,
        })  # fmt: skip
    if everything:
        ids = [job.id for job in islice(matching(search.wanted, JobOrder.OLDEST), MOST_AT_ONCE)]
    _act(request, action, ids)
    return HttpResponseRedirect(back)


def _filters(request: HttpRequest) -> Any:
    from django.http import QueryDict

    return QueryDict(request.POST.get("filters", "")[:2000])


def _chosen(request: HttpRequest) -> list[str]:
    return list(dict.fromkeys(request.POST.getlist("job")))[:MOST_AT_ONCE]


def _act(request: HttpRequest, action: str, ids: list[str]) -> None:
    """Each job by itself: one that cannot be helped does not stop the others."""
    service, who = application().service, actor(request)
    done, refused = 0, []
    for job_id in ids:
        try:
            if action == "prioritise":
                service.prioritise(job_id, request.POST.get("priority", ""), who)
            else:
                getattr(service, action)(job_id, who)
            done += 1
        except FilesureError as error:
            if error.retryable:
                raise
            refused.append(str(error))
    verb = {"retry": "retried", "cancel": "cancelled, or their workers asked to stop", "prioritise": "re-prioritised"}
    if done:
        messages.success(request, f"{done:,} {'job' if done == 1 else 'jobs'} {verb[action]}.")
    if refused:
        shown = " ".join(refused[:_SHOWN_REFUSALS])
        more = f" And {len(refused) - _SHOWN_REFUSALS:,} more." if len(refused) > _SHOWN_REFUSALS else ""
        messages.warning(request, f"{len(refused):,} left as they were: {shown}{more}")


def saved_address(**filters: str) -> str:
    """The list with these filters."""
    return f"{reverse('jobs')}?{urlencode(filters)}"
