"""Usage per person and month: as a page and as CSV."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from itertools import groupby

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.views.decorators.http import require_safe

from jobs.bootstrap import application
from jobs.domain.usage import Usage, months_to, up_to
from jobs.web.access import needs
from jobs.web.bar_chart import bar_chart
from jobs.web.bulk_access import whose
from jobs.web.csv_export import csv_response
from jobs.web.order_limits import this_month
from jobs.web.permissions import Permission

MONTHS = 12
MOST_ROWS, MOST_EXPORTED = 2_000, 100_000
COLUMNS = ("month", "by", "orders", "documents", "bytes", "pages")
STORAGE_COLUMNS = ("month", "stored", "deleted", "total")
_FOLD_SECONDS = 0.3
_SUMS = ("orders", "documents", "bytes", "pages")


@needs(Permission.VIEW)
@require_safe
def usage(request: HttpRequest) -> HttpResponse:
    """The user's own; everybody's for users who may see who did what."""
    by = whose(request)
    rows, is_cut = _whole_months(_rows(by, MOST_ROWS + 1))
    months = [(month, _summed(month, group), group) for month, group in _by_month(rows)]
    everybody = by is None
    context = {
        "months": months,
        "everybody": everybody,
        "is_cut": is_cut,
        "monthly": this_month(request),
        "limits": application().configuration.orders_per_month if everybody else (),
    }
    return render(request, "usage.html", context | (_storage() if everybody else {}))


def _storage() -> dict[str, object]:
    """The last months' storage and its chart; empty if nothing was ever stored."""
    storage = up_to(application().ledger.storage(), f"{application().clock():%Y-%m}", MONTHS)
    if not storage:
        return {}
    names = [f"{date.fromisoformat(f'{each.month}-01'):%b}" for each in storage]
    labels = [name if (len(names) - at) % 2 else "" for at, name in enumerate(names)]  # each second one has room
    totals = ", ".join(f"{each.month}: {filesizeformat(each.total)}" for each in storage)
    chart = bar_chart(labels, [each.total for each in storage], f"Stored at the end of each month. {totals}")
    return {"storage": storage, "chart": chart}


@needs(Permission.AUDIT)
@require_safe
def storage_export(_request: HttpRequest) -> StreamingHttpResponse:
    """The storage of all months since the first."""
    _fold()
    return csv_response("storage.csv", STORAGE_COLUMNS, map(asdict, application().ledger.storage()))


@needs(Permission.VIEW)
@require_safe
def export(request: HttpRequest) -> StreamingHttpResponse:
    return csv_response("usage.csv", COLUMNS, map(asdict, _rows(whose(request), MOST_EXPORTED)))


def _rows(by: str | None, limit: int) -> list[Usage]:
    """The last MONTHS months, with what has changed since the last fold as far as there is time."""
    _fold()
    app = application()
    return app.ledger.usage.since(months_to(f"{app.clock():%Y-%m}", MONTHS)[0], by, limit)


def _fold() -> None:
    deadline = time.monotonic() + _FOLD_SECONDS
    while application().ledger.fold() and time.monotonic() < deadline:
        pass


def _whole_months(rows: list[Usage]) -> tuple[list[Usage], bool]:
    """The rows to show, and whether there are others. A month that does not fit is left out, since its sum is wrong."""
    if len(rows) <= MOST_ROWS:
        return rows, False
    return [each for each in rows if each.month != rows[-1].month], True


def _by_month(rows: list[Usage]) -> Iterator[tuple[str, list[Usage]]]:
    for month, group in groupby(rows, key=lambda each: each.month):
        yield month, list(group)


def _summed(month: str, rows: list[Usage]) -> Usage:
    return Usage(month=month, by="", **{name: sum(getattr(each, name) for each in rows) for name in _SUMS})
