"""Ordering: one company, a list, a file, or companies that do not exist. Nothing of a list is stored before a yes."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass, field

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jobs.access import needs
from jobs.bootstrap import application
from jobs.domain.cin import CLASSES, STATES, Cin, parse_cin
from jobs.domain.errors import FilesureError, InvalidCin, InvalidOrder, WrongUse
from jobs.domain.job import PRIORITIES, Job
from jobs.domain.simulated_companies import simulated_companies
from jobs.forms import UploadForm
from jobs.orders_csv import Row, batches, rows_of
from jobs.permissions import Permission
from jobs.services import DryRun, Order

SIMULATED = (1, 3, 5, 10)
MOST_ROWS = 20_000
_SHOWN_ROWS, _SHOWN_PROBLEMS = 20, 100


@needs(Permission.ORDER)
@require_http_methods(["GET", "POST"])
def order(request: HttpRequest) -> HttpResponse:
    """The page with all ways to order; its first form orders one company."""
    if request.method == "GET":
        return _page(request)
    given = {name: request.POST.get(name, "") for name in ("cin", "company", "priority")}
    again = request.POST.get("again") == "yes"
    wanted = Order(cin=given["cin"], company_name=given["company"], priority=given["priority"] or 0)
    result = application().service.order([wanted], requested_by=request.user.get_username(), again=again)[0]
    if isinstance(result, FilesureError):
        return _page(request, status=422, given=given, problem=result)
    messages.success(request, f"Ordered: {result.company_name}.")
    return HttpResponseRedirect(reverse("job", args=[result.id]))


def _page(request: HttpRequest, status: int = 200, **more: object) -> HttpResponse:
    context = {"priorities": PRIORITIES, "simulated": SIMULATED, "most_rows": MOST_ROWS, **more}
    return render(request, "order.html", context, status=status)


@needs(Permission.ORDER)
@require_GET
def check(request: HttpRequest) -> HttpResponse:
    """What a CIN says, while it is typed."""
    text = request.GET.get("cin", "").strip()[:100]
    if len(text) < 21:
        return render(request, "_cin.html", {"missing": 21 - len(text) if text else 0})
    try:
        cin = parse_cin(text, this_year=application().clock().year)
    except InvalidCin as error:
        return render(request, "_cin.html", {"problem": str(error)})
    return render(request, "_cin.html", {"cin": cin, "about": _about(cin), "holder": _holder(cin)})


def _about(cin: Cin) -> str:
    listed = "listed" if cin.listed else "unlisted"
    return f"{CLASSES.get(cin.kind, cin.kind)}, {listed}, {STATES.get(cin.state, cin.state)}, since {cin.year}"


def _holder(cin: Cin) -> str | None:
    return application().jobs.unfinished([str(cin)]).get(str(cin))


@needs(Permission.ORDER)
@require_POST
def simulated(request: HttpRequest) -> HttpResponse:
    """Order for companies that do not exist."""
    count = request.POST.get("count", "")
    if count not in {str(number) for number in SIMULATED}:
        messages.error(request, "Choose one of the offered numbers of simulated jobs.")
        return HttpResponseRedirect(reverse("order"))
    companies = simulated_companies(int(count), random.Random())  # noqa: S311
    orders = [Order(cin=cin, company_name=name) for cin, name in companies]
    results = application().service.order(orders, requested_by=request.user.get_username())
    ordered = [result for result in results if isinstance(result, Job)]
    messages.success(request, f"{len(ordered)} simulated {'job' if len(ordered) == 1 else 'jobs'} ordered.")
    return HttpResponseRedirect(reverse("jobs"))


# --- lists: first a look at what would become of them, then a yes


@needs(Permission.ORDER)
@require_POST
def pasted(request: HttpRequest) -> HttpResponse:
    """Lines of CIN, company and, if wanted, priority, separated by commas, semicolons or tabs."""
    text = request.POST.get("list", "").replace("\x00", "")
    if not text.strip():
        return _page(request, status=422, list_problem="Paste at least one line: a CIN, a comma, the company's name.")
    if len(text) > UploadForm.MOST_BYTES:
        return _page(request, status=422, list_problem="That is too much for a page; upload a file instead.")
    return _preview(request, "pasted list", _as_csv(text))


def _as_csv(text: str) -> bytes:
    lines = text.strip("\r\n").splitlines()
    separator = next((each for each in "\t;" if each in lines[0]), ",")
    out = io.StringIO()
    if "cin" not in lines[0].lower().split(separator)[0]:
        out.write("cin,companyName,priority\n")
    writer = csv.writer(out)
    for line in lines:
        writer.writerow(_values(line, separator))
    return out.getvalue().encode()


def _values(line: str, separator: str) -> list[str]:
    """As CSV; without quotes a comma may stand in the name: what is left of the last number is one name."""
    if separator != "," or '"' in line:
        return next(csv.reader([line], delimiter=separator), [])
    cin, _, rest = line.partition(",")
    name, comma, last = rest.rpartition(",")
    return [cin, name, last] if comma and last.strip().isdigit() else [cin, rest]


@needs(Permission.ORDER)
@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """A CSV file."""
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, status=422, file_problem=form.errors["file"].as_data()[0].messages[0])
    file = form.cleaned_data["file"]
    return _preview(request, file.name, file.read())


@dataclass(kw_only=True)
class Preview:
    """What would become of a list."""

    good: int = 0
    bad: int = 0
    rows: list[Job] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)

    def add(self, row: Row, result: Job | FilesureError) -> None:
        """Count one row, and keep it while there is room to show it."""
        if isinstance(result, Job):
            self.good += 1
            if len(self.rows) < _SHOWN_ROWS:
                self.rows.append(result)
        else:
            self.bad += 1
            if len(self.problems) < _SHOWN_PROBLEMS:
                self.problems.append((row.line, str(result)))


def _preview(request: HttpRequest, name: str, data: bytes) -> HttpResponse:
    try:
        preview = _go_through(name, data, request.user.get_username(), DryRun())
    except WrongUse as error:
        return _page(request, status=422, **{"list_problem" if name == "pasted list" else "file_problem": error})
    upload_id = application().uploads.keep(request.user.get_username(), name, data) if preview.good else None
    context = {"name": name, "preview": preview, "upload_id": upload_id}
    return render(request, "order_preview.html", context, status=200 if preview.good else 422)


def _go_through(name: str, data: bytes, who: str, dry_run: DryRun | None) -> Preview:
    """Order a list, or see what would become of it. Raises WrongUse."""
    preview, service = Preview(), application().service
    for batch in batches(rows_of(name, io.BytesIO(data))):
        if preview.good + preview.bad + len(batch) > MOST_ROWS:
            raise InvalidOrder(
                f"The list has more than {MOST_ROWS:,} rows. For such lists: manage.py create_jobs --csv FILE."
            )
        orders = [row.order for row in batch if row.order]
        results = iter(service.order(orders, requested_by=who, dry_run=dry_run))
        for row in batch:
            preview.add(row, row.problem or next(results))
    return preview


@needs(Permission.ORDER)
@require_POST
def confirm(request: HttpRequest, upload_id: str) -> HttpResponse:
    """The yes. The list goes after its last row: cut off before, it can be said again, and orders nothing twice."""
    who = request.user.get_username()
    try:
        name, data = application().uploads.get(upload_id, who)
    except WrongUse as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("order"))
    done = _go_through(name, data, who, None)
    application().uploads.delete(upload_id)
    messages.success(request, f"{done.good:,} {'job' if done.good == 1 else 'jobs'} ordered.")
    if done.bad:
        shown = " ".join(f"Line {line}: {problem}" for line, problem in done.problems[:5])
        messages.warning(request, f"{done.bad:,} {'row' if done.bad == 1 else 'rows'} refused. {shown}")
    return HttpResponseRedirect(reverse("jobs"))
