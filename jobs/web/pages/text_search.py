"""Searches the text and the records of all documents."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jobs.domain.errors import TooSlow
from jobs.domain.filings.records import BY_FORM
from jobs.domain.forms import FORMS
from jobs.domain.record_search import parse_records
from jobs.domain.search import LONGEST, PageFilter
from jobs.domain.wrong_use import InvalidSearch
from jobs.web.access import needs
from jobs.web.permissions import Permission
from jobs.web.request_context import whole_number
from jobs.web.text_search import Place, parse_company, search, search_records

_FILTERS = {
    "cin": "Company",
    "form": "Form",
    "year": "Year ends in",
    "director": "Director or auditor",
    "din": "DIN",
    "least": "Amount from",
    "most": "Amount to",
}
#: The most requested forms, then the others that are read.
_FORMS = tuple(dict.fromkeys((*FORMS, *sorted(BY_FORM))))
#: "cursor" and "filings" are places in the lists of hits.
_FIELDS = ("q", *_FILTERS, "cursor", "filings")


@needs(Permission.VIEW)
@require_safe
def text_search(request: HttpRequest) -> HttpResponse:
    given = {name: request.GET.get(name, "").replace("\x00", "").strip() for name in _FIELDS}
    ignored = ""
    if given["year"] and whole_number(given["year"], most_digits=4) is None:
        ignored, given["year"] = f"“{given['year'][:40]}” is not a year, and was ignored.", ""
    chips = [(name, f"{label}: {given[name]}") for name, label in _FILTERS.items() if given[name]]
    forms = dict.fromkeys((*_FORMS, given["form"])) if given["form"] else _FORMS
    context = {"given": given, "chips": chips, "forms": forms, "longest": LONGEST, "ignored": ignored}
    try:
        found = _found(given)
    except InvalidSearch as error:
        return render(request, "search.html", {**context, "problem": error}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    is_too_slow = found.keys() == {"problem"}
    status = HTTPStatus.SERVICE_UNAVAILABLE if is_too_slow else HTTPStatus.OK
    return render(request, "search.html", {**context, **found}, status=status)


def _found(given: dict[str, str]) -> dict[str, object]:
    """Of records, of pages, or nothing if nothing is sought; one is shown although the other takes too long.

    Raises InvalidSearch, InvalidCursor.
    """
    cin, form, year = parse_company(given["cin"]), given["form"][:60], whole_number(given["year"], most_digits=4)
    records = parse_records(given, cin=cin, form=form, year=year)
    searches: dict[str, Callable[[], object]] = {}
    if records:
        searches["records"] = partial(search_records, records, Place.parse(given["filings"]))
    if given["q"]:
        wanted = PageFilter(cin=cin, form=form, year=year)
        searches["found"] = partial(search, given["q"], wanted, Place.parse(given["cursor"]))
    found: dict[str, object] = {}
    for name, each in searches.items():
        try:
            found[name] = each()
        except TooSlow:
            found["problem"] = "This search takes too long. Add a rarer word, or choose a company."
    return found
