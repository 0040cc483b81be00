"""The operations about companies."""

from __future__ import annotations

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router

from jobs.domain.directory import ListedCompany
from jobs.domain.record_search import parse_records
from jobs.domain.search import PageFilter
from jobs.domain.wrong_use import InvalidSearch
from jobs.web import companies
from jobs.web.api import inputs
from jobs.web.api.auth import needing, sees_pans
from jobs.web.api.company_schemas import CompanyOut, DirectoryOut, FilingsOut
from jobs.web.api.schemas import PROBLEMS
from jobs.web.api.search_schemas import HitsOut, RecordHitsOut
from jobs.web.company_records import lines_response
from jobs.web.directory import listed, suggestions
from jobs.web.permissions import Permission
from jobs.web.text_search import Hit, Place, RecordHit, Results, parse_company, search, search_records

_LINES = {"responses": {200: {"description": "JSON Lines", "content": {"application/x-ndjson": {}}}}}

company_router = Router(tags=["companies"], by_alias=True)


@company_router.get("/companies/{cin}", auth=needing(Permission.VIEW), response={200: CompanyOut, **PROBLEMS})
def get_company(request: HttpRequest, cin: str) -> CompanyOut:
    """A company's profile, each value with the filings that state it."""
    profile = companies.profile(cin)
    found = listed(profile.cin)
    return CompanyOut.of(profile, found.status if found else None)


@company_router.get("/companies/{cin}/filings", auth=needing(Permission.VIEW), response={200: FilingsOut, **PROBLEMS})
def list_filings(request: HttpRequest, cin: str, query: Query[inputs.FilingsQuery]) -> FilingsOut:
    """A company's filings, each once across its orders, newest first."""
    matching = [
        each
        for each in companies.profile(cin).filings
        if query.category in (None, each.category) and query.year in (None, each.year)
    ]
    return FilingsOut.of(matching, query.offset, query.limit)


@company_router.get("/companies/{cin}/records", auth=needing(Permission.VIEW), response=PROBLEMS, openapi_extra=_LINES)
def export_records(request: HttpRequest, cin: str) -> StreamingHttpResponse:
    """The records of a company's filings as JSON Lines, streamed. PANs are masked without the scope `pan`."""
    return lines_response(companies.profile(cin), full=sees_pans(request))


@company_router.get("/directory", auth=needing(Permission.VIEW), response={200: DirectoryOut, **PROBLEMS})
def list_directory(request: HttpRequest, query: Query[inputs.DirectoryQuery]) -> dict[str, list[ListedCompany]]:
    """Companies of the Ministry's master data by id or name, although it is misspelled; ordered or not."""
    return {"items": suggestions(query.q, query.limit)}


@company_router.get("/search", auth=needing(Permission.VIEW), response={200: HitsOut, **PROBLEMS})
def search_text(request: HttpRequest, query: Query[inputs.SearchQuery]) -> Results[Hit]:
    """The best pages that contain all words and "phrases", and none of the -excluded ones. PANs are not searchable."""
    wanted = PageFilter(cin=parse_company(query.cin), form=query.form, year=query.year)
    return search(query.q, wanted, Place.parse(query.cursor, query.limit))


@company_router.get("/search/records", auth=needing(Permission.VIEW), response={200: RecordHitsOut, **PROBLEMS})
def search_in_records(request: HttpRequest, query: Query[inputs.RecordsQuery]) -> Results[RecordHit]:
    """Filings that name a director, auditor or DIN, or that state an amount in a range; with both, in one filing.

    Amounts are typed as on the site (`40,00,000`, `40 lakh`, `4.5 crore`) and returned in paise.
    """
    given = {"director": query.director, "din": query.din, "least": query.least, "most": query.most}
    wanted = parse_records(given, cin=parse_company(query.cin), form=query.form, year=query.year)
    if not wanted:
        raise InvalidSearch("Give a director, a DIN or an amount.")
    return search_records(wanted, Place.parse(query.cursor, query.limit))
