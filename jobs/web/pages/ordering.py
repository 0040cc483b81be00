"""Ordering one company, a list, a file or simulated companies. Lists are previewed before anything is ordered."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jobs.bootstrap import application
from jobs.domain.allowances import MonthlyLimit
from jobs.domain.company_id import IdKind, missing_characters, parse_company_id
from jobs.domain.directory import ListedCompany
from jobs.domain.errors import FilesureError, WrongUse
from jobs.domain.job import PRIORITIES, Job
from jobs.domain.wrong_use import InvalidCin, InvalidOrder
from jobs.services import ListRow, Order
from jobs.simulated_companies import simulated_companies
from jobs.web.access import needs
from jobs.web.companies import about
from jobs.web.csv_export import csv_response
from jobs.web.directory import suggestions, warned_of, warning_of
from jobs.web.forms import UploadForm
from jobs.web.order_limits import limit_of, this_month
from jobs.web.orders_csv import COLUMNS, Row, batches, rows_of
from jobs.web.permissions import Permission

SIMULATED = (1, 3, 5, 10)
WAYS = {"one": "One company", "list": "A list", "file": "A file"}
MOST_ROWS = 20_000
RECENT = timedelta(hours=24)
_SHOWN_ROWS, _SHOWN_PROBLEMS = 20, 100


@needs(Permission.ORDER)
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: HttpRequest) -> HttpResponse:
    """The page with a tab for each way to order; the first one posts here."""
    if request.method != "POST":
        given = {name: request.GET.get(name, "").replace("\x00", "")[:200] for name in ("cin", "company")}
        return _page(request, request.GET.get("by", ""), given)
    given = {name: request.POST.get(name, "") for name in ("cin", "company", "priority", "not_before")}
    again = request.POST.get("again") == "yes"
    wanted = Order(
        cin=given["cin"],
        company_name=given["company"],
        priority=given["priority"] or 0,
        not_before=given["not_before"],
        zone=timezone.get_current_timezone(),
        fresh=request.POST.get("fresh") == "yes",
    )
    warning = warning_of(given["cin"], given["company"])
    result = _ordered(request, [wanted], again=again)[0]
    if isinstance(result, FilesureError):
        return _page(request, "one", given, problem=result)
    messages.success(request, f"Ordered: {result.company_name}.")
    if warning:
        messages.warning(request, warning)
    return HttpResponseRedirect(reverse("job", args=[result.id]))


def _ordered(request: HttpRequest, orders: list[Order], *, again: bool = False) -> list[Job | FilesureError]:
    by, limit = request.user.get_username(), limit_of(request)
    return application().service.order(orders, requested_by=by, again=again, limit=limit)


def _page(request: HttpRequest, way: str, given: Mapping[str, str] | None = None, /, **refused: object) -> HttpResponse:
    way = way if way in WAYS else "one"
    context = {
        "ways": WAYS.items(),
        "way": way,
        "title": WAYS[way],
        "priorities": PRIORITIES,
        "simulated": SIMULATED if way == "one" and _is_simulated() else (),
        "most_rows": MOST_ROWS,
        "given": given or {},
        "monthly": this_month(request),
        **refused,
    }
    return render(request, "order.html", context, status=_status(refused.get("problem"), ok=not refused))


def _status(problem: object, *, ok: bool) -> HTTPStatus:
    if isinstance(problem, MonthlyLimit):
        return HTTPStatus.FORBIDDEN
    return HTTPStatus.OK if ok else HTTPStatus.UNPROCESSABLE_ENTITY


def _is_simulated() -> bool:
    """Other sources know nothing of the simulated companies, so their jobs would fail."""
    return application().configuration.source == "simulated"


@needs(Permission.ORDER)
@require_safe
def check(request: HttpRequest) -> HttpResponse:
    """Explain a CIN, LLPIN or FCRN while the user types it."""
    text = request.GET.get("cin", "").strip()[:100]
    missing = missing_characters(text)
    if not text or (missing and all(missing.values())):
        return render(request, "_cin.html", {"missing": _still_missing(missing)})
    try:
        cin = str(parse_company_id(text, this_year=application().clock().year))
    except InvalidCin as error:
        return render(request, "_cin.html", {"problem": str(error)})
    said, holder = ", ".join(about(cin)), application().jobs.unfinished([cin]).get(cin)
    context = {"about": said[:1].lower() + said[1:], "holder": holder, "warning": warning_of(cin)}
    return render(request, "_cin.html", {"cin": cin, **context})


@needs(Permission.ORDER)
@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """Companies of the directory for a name that is being typed."""
    return render(request, "_suggestions.html", {"companies": suggestions(request.GET.get("company", ""))})


def _still_missing(missing: Mapping[IdKind, int]) -> str:
    """For example "20 more characters of a CIN, or 7 of an LLPIN."; empty before anything is typed."""
    if not missing:
        return ""
    kinds = [f"{number} of {'a' if kind is IdKind.CIN else 'an'} {kind}" for kind, number in missing.items()]
    number = next(iter(missing.values()))
    more = f"{number} more character{'' if number == 1 else 's'}"
    return f"{more}." if len(kinds) == 1 else ", or ".join([kinds[0].replace(str(number), more, 1), *kinds[1:]]) + "."


@needs(Permission.ORDER)
@require_POST
def simulated(request: HttpRequest) -> HttpResponse:
    count = request.POST.get("count", "")
    if not _is_simulated():
        messages.error(request, "Simulated companies can be ordered only with SOURCE=simulated.")
        return HttpResponseRedirect(reverse("order"))
    if count not in {str(number) for number in SIMULATED}:
        messages.error(request, "Choose one of the offered numbers of simulated jobs.")
        return HttpResponseRedirect(reverse("order"))
    companies = simulated_companies(int(count), random.Random())  # noqa: S311
    orders = [Order(cin=cin, company_name=name) for cin, name in companies]
    results = _ordered(request, orders)
    ordered = [result for result in results if isinstance(result, Job)]
    if over := next((result for result in results if isinstance(result, MonthlyLimit)), None):
        messages.error(request, str(over))
        return HttpResponseRedirect(reverse("order"))
    messages.success(request, f"{len(ordered)} simulated {'job' if len(ordered) == 1 else 'jobs'} ordered.")
    return HttpResponseRedirect(reverse("jobs"))


# --- lists: first a preview, then a confirmation


@needs(Permission.ORDER)
@require_POST
def pasted(request: HttpRequest) -> HttpResponse:
    """Lines of CIN, LLPIN or FCRN, company and optionally priority, separated by commas, semicolons or tabs."""
    text = request.POST.get("list", "").replace("\x00", "")
    if not text.strip():
        problem = "Paste at least one line with a CIN, LLPIN or FCRN, a comma and a company name."
        return _page(request, "list", list_problem=problem)
    if len(text) > UploadForm.MOST_BYTES:
        return _page(
            request, "list", list_problem="The list is longer than 5 MB. Use manage.py create_jobs --csv FILE."
        )
    return _preview(request, "list", "pasted list", text.encode(), list_text=text)


@needs(Permission.ORDER)
@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, "file", file_problem=form.errors["file"].as_data()[0].messages[0])
    file = form.cleaned_data["file"]
    return _preview(request, "file", file.name, file.read())


@needs(Permission.ORDER)
@require_safe
def template(_request: HttpRequest) -> StreamingHttpResponse:
    """An empty list with the headings."""
    return csv_response("orders.csv", COLUMNS, [])


@dataclass(kw_only=True)
class Preview:
    """A preview of a list."""

    good: int = 0
    bad: int = 0
    rows: list[Job] = field(default_factory=list)
    problems: list[tuple[int, str, str]] = field(default_factory=list)
    warned: list[ListedCompany] = field(default_factory=list)
    #: How many of the good rows are companies whose filings another order has just retrieved.
    recent: int = 0

    def add(self, row: Row, result: Job | FilesureError) -> None:
        """Count one row, and keep it if it fits on the page."""
        if isinstance(result, Job):
            self.good += 1
            if len(self.rows) < _SHOWN_ROWS:
                self.rows.append(result)
        else:
            self.bad += 1
            if len(self.problems) < _SHOWN_PROBLEMS:
                self.problems.append((row.line, row.text, str(result)))


def _preview(request: HttpRequest, way: str, name: str, data: bytes, **given: str) -> HttpResponse:
    """``given``: what the order page shows again if the list is refused."""
    try:
        preview = _go_through(name, data, request.user.get_username())
    except WrongUse as error:
        return _page(request, way, **{f"{way}_problem": error}, **given)
    monthly = this_month(request)
    over = monthly is not None and preview.good > monthly.left
    may = preview.good and not over
    upload_id = application().uploads.keep(request.user.get_username(), name, data) if may else None
    context = {
        "name": name,
        "preview": preview,
        "upload_id": upload_id,
        "way": way,
        "warned": preview.warned[:_SHOWN_PROBLEMS],
        "monthly": monthly,
        "over": over,
    }
    return render(
        request,
        "order_preview.html",
        context,
        status=HTTPStatus.OK if may else HTTPStatus.UNPROCESSABLE_ENTITY,
    )


def _go_through(name: str, data: bytes, who: str) -> Preview:
    """Preview a list. Raises WrongUse."""
    accepted: set[str] = set()
    preview, service = Preview(), application().service
    for batch in batches(_rows(name, data)):
        if preview.good + preview.bad + len(batch) > MOST_ROWS:
            raise InvalidOrder(
                f"The list has more than {MOST_ROWS:,} rows. For such lists: manage.py create_jobs --csv FILE."
            )
        orders = [row.order for row in batch if row.order]
        results = service.order(orders, requested_by=who, preview=accepted)
        cins = [job.cin for job in results if isinstance(job, Job)]
        accepted |= {*cins}
        preview.recent += len(application().jobs.done_since(cins, application().clock() - RECENT))
        left = iter(results)
        for row in batch:
            preview.add(row, row.problem or next(left))
        preview.warned += warned_of(cins)
    return preview


def _rows(name: str, data: bytes) -> Iterator[Row]:
    """Times are those of the page's zone."""
    return rows_of(name, io.BytesIO(data), timezone.get_current_timezone())


@needs(Permission.ORDER)
@require_POST
def confirm(request: HttpRequest, upload_id: str) -> HttpResponse:
    """Order a previewed list. The upload is deleted last, so an interrupted order can be repeated.

    The list has the upload's id, so nothing is ordered twice.
    """
    who = request.user.get_username()
    try:
        name, data = application().uploads.get(upload_id, who)
    except WrongUse as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("order"))
    rows = ([_list_row(row) for row in batch] for batch in batches(_rows(name, data)))
    try:
        done = application().lists.place(upload_id, name, rows, requested_by=who, limit=limit_of(request))
    except MonthlyLimit as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("order"))
    application().uploads.delete(upload_id)
    messages.success(request, f"{done.ordered:,} {'job' if done.ordered == 1 else 'jobs'} ordered.")
    if done.refused:
        messages.warning(request, f"{done.refused:,} {'row' if done.refused == 1 else 'rows'} refused.")
    return HttpResponseRedirect(reverse("list", args=[done.id]))


def _list_row(row: Row) -> ListRow:
    return ListRow(line=row.line, order=row.order, problem=row.problem, text=row.text)
