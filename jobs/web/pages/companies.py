"""Companies: their list, the profile of one, and its filings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from jobs.bootstrap import application
from jobs.domain.companies.filings import Category, year_name
from jobs.domain.companies.finances import MEASURES
from jobs.domain.companies.profile import Profile
from jobs.domain.company_names import company_key
from jobs.domain.export import Scope
from jobs.domain.job import UNFINISHED, Job
from jobs.domain.listing import CompanyOrder, Page, parse_cursor
from jobs.domain.saved_view import Listing
from jobs.domain.watching import Interval
from jobs.web import companies as shown
from jobs.web import exports
from jobs.web.access import needs
from jobs.web.company_filings import FilingsSearch
from jobs.web.company_parts import MOST, Part, dues_part, parts_of
from jobs.web.company_records import lines_response, values_response
from jobs.web.company_workbook import workbook_response
from jobs.web.directory import listed
from jobs.web.forms import CompanySearch
from jobs.web.permissions import Permission
from jobs.web.request_context import whole_number
from jobs.web.saved_views import menu
from jobs.web.watching import of_company

PAGE = 50
FILINGS_PAGE = 100
_FOUND = 200
_LATEST = 6
_ORDERS = 6
_CHARTS = ("revenue", "profit", "net_worth", "debt")
_CHART_YEARS = 8


@needs(Permission.VIEW)
@require_safe
def companies(request: HttpRequest) -> HttpResponse:
    """All companies, or those that match a search."""
    search = CompanySearch(request.GET)
    order, text = search.company_order, search.given.get("q", "")
    port = application().companies
    if text:
        page = Page(items=_sorted(port.found(text, _FOUND), order))
    else:
        page = port.listed(order, parse_cursor(request.GET.get("cursor", "")), PAGE)
    context = {
        "search": search,
        "page": page,
        "is_cut": len(page.items) == _FOUND,
        "views": menu(request, Listing.COMPANIES),
    }
    return render(request, "companies.html", context)


def _sorted(found: list[Job], order: CompanyOrder) -> list[Job]:
    """The newest orders come first."""
    if order is CompanyOrder.NEWEST:
        return found
    return sorted(found, key=lambda job: (company_key(job.company_name), job.cin))


@needs(Permission.VIEW)
@require_safe
def company(request: HttpRequest, cin: str) -> HttpResponse:
    profile = shown.profile(cin)
    own = [each for each in profile.years if not each.consolidated]
    years = own or list(profile.years)
    parts, heading = parts_of(profile), _heading(request, profile)
    context = {
        **heading,
        "parts": [each for each in parts if each.rows],
        "dues": dues_part(profile, heading["listed"]),
        "unstated": _unstated(parts),
        "latest": profile.filings[:_LATEST],
        "orders": profile.jobs[:_ORDERS],
        "most_orders": shown.MOST_ORDERS,
        "most_rows": MOST,
        "charts": [(MEASURES[name], name) for name in _CHARTS if any(name in each.measures for each in years)],
        "chart_years": list(reversed(years[:_CHART_YEARS])),
        "measures": [
            (label, name) for name, label in MEASURES.items() if any(name in each.measures for each in profile.years)
        ],
    }
    return render(request, "company.html", context)


def _unstated(parts: Sequence[Part]) -> str:
    """The parts of the page that no filing states, in one sentence instead of an empty table each."""
    *others, last = [each.name for each in parts if not each.rows] or [""]
    return f"{', '.join(others)} or {last}" if others else last


def _heading(request: HttpRequest, profile: Profile) -> dict[str, Any]:
    own, others = of_company(request, profile.cin)
    return {
        "profile": profile,
        "packed": exports.latest_of(Scope.COMPANY, profile.cin),
        "watch": own,
        "watches": [own, *others] if own else others,
        "intervals": list(Interval),
        "about": shown.about(profile.cin),
        "listed": listed(profile.cin),
        "most_documents": shown.MOST_DOCUMENTS,
        "unfinished": next((job for job in profile.jobs if job.status in UNFINISHED), None),
    }


@needs(Permission.VIEW)
@require_safe
def filings(request: HttpRequest, cin: str) -> HttpResponse:
    """Every filing once, by category and financial year."""
    profile = shown.profile(cin)
    search = FilingsSearch(request.GET)
    matching = search.matching(profile.filings)
    begin = (whole_number(request.GET.get("from", ""), most_digits=6) or 0) // FILINGS_PAGE * FILINGS_PAGE
    categories = Counter(each.category for each in profile.filings)
    context = {
        **_heading(request, profile),
        "filings": matching[begin : begin + FILINGS_PAGE],
        "matching": len(matching),
        "begin": begin,
        "next": begin + FILINGS_PAGE if begin + FILINGS_PAGE < len(matching) else None,
        "previous": begin - FILINGS_PAGE if begin else None,
        "categories": [(each, categories[each]) for each in Category if categories[each]],
        "years": sorted(Counter(each.year for each in profile.filings if each.year).items(), reverse=True),
        "search": search,
        "chips": _chips(search),
    }
    return render(request, "company_filings.html", context)


def _chips(search: FilingsSearch) -> list[tuple[str, str]]:
    """The active filters: name in the URL, and text."""
    after = None if search.after is None else timezone.localtime(datetime.fromtimestamp(search.after, UTC))
    year = whole_number(search.year, most_digits=4)
    return [
        (name, text)
        for name, text in (
            ("q", f"Search: {search.text}" if search.text.strip() else ""),
            ("category", f"Category: {search.category}" if search.category else ""),
            ("year", f"Financial year: {year_name(year)}" if year else ""),
            ("after", f"First listed after {after:%-d %b %Y, %H:%M}" if after else ""),
        )
        if text
    ]


@needs(Permission.VIEW)
@require_safe
def export(request: HttpRequest, cin: str, kind: str) -> FileResponse | StreamingHttpResponse:
    """All records as JSON Lines or CSV, or the company as a workbook."""
    profile = shown.profile(cin)
    if kind == "xlsx":
        return workbook_response(profile, listed(profile.cin))
    respond = lines_response if kind == "jsonl" else values_response
    return respond(profile, full=request.user.has_perm(Permission.PAN))
