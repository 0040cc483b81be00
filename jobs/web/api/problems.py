"""Errors as problem details (RFC 9457): ``detail`` for people and ``kind`` for programs."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from jobs.domain.allowances import MonthlyLimit
from jobs.domain.errors import FilesureError
from jobs.domain.wrong_use import AlreadyOrdered
from jobs.web.answers import UNAVAILABLE, answer_to
from jobs.web.api.auth import Forbidden

CONTENT_TYPE = "application/problem+json"
PATHS = ("/api/", "/create-job")
_NOTHING_HERE = "There is nothing at this address."
_KEPT_HEADERS = frozenset({"Allow", "Content-Range"})
_DJANGOS_OWN = {
    HTTPStatus.NOT_FOUND: _NOTHING_HERE,
    HTTPStatus.METHOD_NOT_ALLOWED: "Method not allowed.",
    HTTPStatus.BAD_REQUEST: "The request cannot be read, or it is too large.",
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: "The requested range begins after the end of the file.",
    HTTPStatus.FORBIDDEN: "The CSRF token is missing or wrong. With a session, send it as X-CSRFToken.",
}


def problem(request: HttpRequest, status: int, detail: str, kind: str, **more: Any) -> HttpResponse:
    """A problem response. ``type`` is about:blank, because the status and ``kind`` are enough.

    ``error`` repeats ``detail`` for clients of the first version of ``/create-job``.
    """
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "error": detail,
        "instance": request.path,
        "kind": kind,
        **more,
    }
    response = JsonResponse(body, status=status, content_type=CONTENT_TYPE)
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Bearer realm="filesure"'
    return response


def handle_all(api: NinjaAPI) -> None:
    """Make the API respond to every error with a problem."""
    api.add_exception_handler(FilesureError, _ours)  # type: ignore[arg-type]  # ninja's handlers take any Exception
    api.add_exception_handler(ValidationError, _invalid)  # type: ignore[arg-type]
    api.add_exception_handler(AuthenticationError, _unknown_caller)
    api.add_exception_handler(Forbidden, _forbidden)
    api.add_exception_handler(Throttled, _throttled)  # type: ignore[arg-type]
    api.add_exception_handler(Http404, _not_found)
    api.add_exception_handler(HttpError, _http)  # type: ignore[arg-type]


def _ours(request: HttpRequest, error: FilesureError) -> HttpResponse:
    answer = answer_to(request, error)
    detail = UNAVAILABLE if answer.is_private else str(error)
    return answer.with_headers(problem(request, answer.status, detail, error.kind, **_more(error)))


def _more(error: FilesureError) -> dict[str, Any]:
    if isinstance(error, AlreadyOrdered):
        return {"jobId": error.job_id}
    if isinstance(error, MonthlyLimit):
        orders = error.orders
        return {"ordered": orders.used, "limit": orders.limit, "renews": orders.renews.isoformat()}
    return {}


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    found = [{"where": _where(each["loc"]), "what": each["msg"].removeprefix("Value error, ")} for each in error.errors]
    detail = "; ".join(f"{each['where']}: {each['what']}" for each in found[:5])
    return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail, "invalid", errors=found)


def _where(place: tuple[str | int, ...]) -> str:
    """For example "body.cin". ninja repeats the first part, since our functions name their argument like it."""
    return ".".join(str(part) for part in (place[1:] if place[:1] == place[1:2] else place))


def _unknown_caller(request: HttpRequest, _error: object) -> HttpResponse:
    """Without double quotes, which JSON would escape, so that what to type can be copied from a terminal."""
    fault = "Authentication is required."
    if request.headers.get("Authorization", "").lower().startswith("bearer "):
        fault = "The token is unknown, revoked or expired."
    page = request.build_absolute_uri(reverse("tokens"))
    detail = f"{fault} Log in, create a token at {page} and repeat the request with -H 'Authorization: Bearer TOKEN'"
    return problem(request, HTTPStatus.UNAUTHORIZED, detail, "not_authenticated")


def _forbidden(request: HttpRequest, error: object) -> HttpResponse:
    return problem(request, HTTPStatus.FORBIDDEN, str(error), "forbidden")


def _throttled(request: HttpRequest, error: Throttled) -> HttpResponse:
    wait = max(1, int(error.wait or 1))
    response = problem(request, HTTPStatus.TOO_MANY_REQUESTS, f"Too many requests. Wait {wait} s.", "too_many")
    response["Retry-After"] = str(wait)
    return response


def _not_found(request: HttpRequest, _error: object) -> HttpResponse:
    return problem(request, HTTPStatus.NOT_FOUND, _NOTHING_HERE, "not_found")


def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(request, error.status_code, str(error), "http")


class ProblemMiddleware:
    """Turns Django's own errors at API URLs (no route, wrong method, no CSRF token) into problems."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < HTTPStatus.BAD_REQUEST or not request.path.startswith(PATHS):
            return response
        if response.headers.get("Content-Type", "").startswith("application/"):
            return response
        status = HTTPStatus(response.status_code)
        converted = problem(request, status, _DJANGOS_OWN.get(status, "The request failed."), status.name.lower())
        for name in _KEPT_HEADERS & response.headers.keys():
            converted[name] = response[name]
        return converted
