"""Exports opened by link, without an account. Every view answers with headers that keep the address private."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jobs.domain.errors import FilesureError
from jobs.services import expires_at
from jobs.web import export_links, exports
from jobs.web.access import open_to_all
from jobs.web.answers import UNAVAILABLE, answer_to
from jobs.web.export_links import Opened

_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
_RETRY_SECONDS = 60

View = Callable[..., HttpResponseBase]


def by_link(view: View) -> View:
    """Find what the link leads to, or answer with a page that gives the reason."""

    @wraps(view)
    def guarded(request: HttpRequest, secret: str, **given: object) -> HttpResponseBase:
        response = _answered(view, request, secret, given)
        for name, value in _HEADERS.items():
            response[name] = value
        return response

    return open_to_all(require_safe(guarded))


def _answered(view: View, request: HttpRequest, secret: str, given: dict[str, object]) -> HttpResponseBase:
    if not export_links.is_within_limit(request):
        response = _refusal(request, "Too many requests. Try again in a minute.", HTTPStatus.TOO_MANY_REQUESTS)
        response["Retry-After"] = str(_RETRY_SECONDS)
        return response
    try:
        return view(request, export_links.opened(secret), secret, **given)
    except FilesureError as error:
        answer = answer_to(request, error)
        sentence = UNAVAILABLE if answer.is_private else str(error)
        return answer.with_headers(_refusal(request, sentence, answer.status))


def _refusal(request: HttpRequest, reason: str, status: int) -> HttpResponse:
    return render(request, "shared_problem.html", {"reason": reason}, status=status)


@by_link
def shared(request: HttpRequest, found: Opened, secret: str) -> HttpResponse:
    context = {
        "job": found.job,
        "export": found.export,
        "title": exports.title(found.job),
        "secret": secret,
        "until": min(found.link.expires_at, expires_at(found.job) or found.link.expires_at),
    }
    return render(request, "shared.html", context)


@by_link
def shared_part(request: HttpRequest, found: Opened, secret: str, number: int) -> HttpResponseBase:
    del secret
    response = exports.part_response(request, found.job, found.export, exports.part_of(found.export, number))
    if request.method == "GET" and response.status_code in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
        export_links.count_download(found, request, number, response.get("Content-Range", ""))
    return response


@by_link
def shared_manifest(_request: HttpRequest, found: Opened, secret: str, kind: str) -> HttpResponseBase:
    del secret
    return exports.manifest_response(found.job, found.export, kind)
