"""Searches the text of all documents."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jobs.domain.company_id import as_stored
from jobs.domain.errors import TooSlow
from jobs.domain.forms import FORMS
from jobs.domain.search import LONGEST, PageFilter
from jobs.domain.wrong_use import InvalidSearch
from jobs.web.access import needs
from jobs.web.permissions import Permission
from jobs.web.request_context import whole_number
from jobs.web.text_search import search


@needs(Permission.VIEW)
@require_safe
def text_search(request: HttpRequest) -> HttpResponse:
    given = {name: request.GET.get(name, "").replace("\x00", "").strip() for name in ("q", "cin", "form", "year")}
    context: dict[str, object] = {
        "given": given | {"q": given["q"][: LONGEST + 1]},
        "forms": list(FORMS),
        "longest": LONGEST,
    }
    if not given["q"]:
        return render(request, "search.html", context)
    year = whole_number(given["year"], most_digits=4)
    wanted = PageFilter(cin=as_stored(given["cin"])[:40], form=given["form"][:60], year=year)
    try:
        return render(request, "search.html", {**context, "found": search(given["q"], wanted)})
    except InvalidSearch as error:
        return render(request, "search.html", {**context, "problem": error}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except TooSlow:
        problem = "This search takes too long. Add a rarer word, or choose a company."
        return render(request, "search.html", {**context, "problem": problem}, status=HTTPStatus.SERVICE_UNAVAILABLE)
