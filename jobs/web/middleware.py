"""Pages for our own errors: a message and links."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from jobs.domain.company_id import kind_of
from jobs.domain.errors import DatabaseRefused, DatabaseSlow, DatabaseUnavailable, FilesureError
from jobs.domain.wrong_use import UnknownCompany
from jobs.web.answers import UNAVAILABLE, answer_to

_FAILED = "The request failed"
#: The most specific class decides.
_DATABASE: Mapping[type[FilesureError], str] = {
    DatabaseSlow: "MongoDB did not answer in time",
    DatabaseRefused: "MongoDB refused the request",
    DatabaseUnavailable: "MongoDB is not reachable",
}
_HEADINGS = {HTTPStatus.NOT_FOUND: "Not found", HTTPStatus.SERVICE_UNAVAILABLE: "Temporarily unavailable"}


class ErrorsMiddleware:
    """Turns our own errors into pages; Django handles all others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, FilesureError):
            return None
        answer = answer_to(request, exception)
        if isinstance(exception, DatabaseUnavailable | DatabaseRefused):
            heading = next(text for kind, text in _DATABASE.items() if isinstance(exception, kind))
            return answer.with_headers(render(request, "503.html", {"heading": heading}, status=answer.status))
        sentence = UNAVAILABLE if answer.is_private else str(exception)
        context: dict[str, object] = {
            "problem": sentence,
            "status": answer.status,
            "heading": _HEADINGS.get(answer.status, _FAILED),
        }
        if isinstance(exception, UnknownCompany) and kind_of(exception.cin):
            context["cin"] = exception.cin
        return answer.with_headers(render(request, "problem.html", context, status=answer.status))
