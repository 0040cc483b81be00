"""The list of jobs: search, filters, pagination and export."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_safe

from jobs.bootstrap import application
from jobs.domain.job import PRIORITIES, VISIBLE, Job
from jobs.domain.listing import JobFilter, JobOrder, every, parse_cursor
from jobs.domain.saved_view import Listing
from jobs.web.access import needs
from jobs.web.actions import offered_for
from jobs.web.api.schemas import JobOut
from jobs.web.csv_export import csv_response
from jobs.web.forms import COLUMNS, JobSearch
from jobs.web.live import live_page
from jobs.web.permissions import Permission
from jobs.web.request_context import is_partial
from jobs.web.saved_views import PARAMETER, menu

PAGE = 50
AMONG = 1_000
_READ_AT_ONCE = 500
_LAST = "lastError"


@needs(Permission.VIEW)
@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    search = JobSearch(request.GET)
    cursor = parse_cursor(request.GET.get("cursor", ""))
    catalogue = application().catalogue
    page = catalogue.jobs(search.wanted, search.job_order, cursor, PAGE)
    filters = request.GET.copy()
    for name in ("cursor", PARAMETER):
        filters.pop(name, None)
    context = {
        "page": page,
        "search": search,
        "columns": search.shown_columns,
        "facets": catalogue.facets(search.wanted, AMONG),
        "all_columns": COLUMNS,
        "actions": offered_for(VISIBLE, request.user),
        "priorities": PRIORITIES,
        "query": filters.urlencode(),
    }
    if not is_partial(request):
        context["views"] = menu(request, Listing.JOBS)
    return live_page(request, "jobs.html", "_jobs_live.html", context)


@needs(Permission.VIEW)
@require_safe
def export(request: HttpRequest) -> StreamingHttpResponse:
    """Stream all matching jobs as CSV; memory does not grow with their number."""
    search = JobSearch(request.GET)
    jobs = matching(search.wanted, search.job_order)
    first = list(islice(jobs, 1))  # before the response begins, so that an unreachable MongoDB shows an error page
    columns = [*(name for name in JobOut.model_json_schema(mode="serialization")["properties"] if name != _LAST), _LAST]
    return csv_response("jobs.csv", columns, map(_row, chain(first, jobs)))


def _row(job: Job) -> dict[str, object]:
    row = JobOut.model_validate(job).model_dump(mode="json", by_alias=True)
    return {**row, _LAST: job.last_error.message if job.last_error else None}


def matching(wanted: JobFilter, order: JobOrder) -> Iterator[Job]:
    catalogue = application().catalogue
    return every(lambda cursor: catalogue.jobs(wanted, order, cursor, _READ_AT_ONCE))
