"""Errors as problem details (RFC 9457): what went wrong, as a sentence, and as a word for programs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from jobs.api.auth import Forbidden
from jobs.domain import errors

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
PATHS = ("/api/", "/create-job")
RETRY_SECONDS = 10

STATUSES: dict[type[errors.FilesureError], int] = {
    errors.UnknownJob: HTTPStatus.NOT_FOUND,
    errors.UnknownDocument: HTTPStatus.NOT_FOUND,
    errors.BlobNotFound: HTTPStatus.NOT_FOUND,
    errors.WrongState: HTTPStatus.CONFLICT,
    errors.AlreadyOrdered: HTTPStatus.CONFLICT,
    errors.WrongUse: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.FilesureError: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""By the nearest class. What is none of the caller's doing may be tried again: 503."""


def problem(request: HttpRequest, status: int, detail: str, kind: str, **more: Any) -> HttpResponse:
    """The answer. ``type`` is about:blank: the status and ``kind`` say it all."""
    body = {
        "type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail,
        "instance": request.path, "kind": kind, **more,
    }  # fmt: skip
    response = JsonResponse(body, status=status, content_type=CONTENT_TYPE)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response["Retry-After"] = str(RETRY_SECONDS)
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Bearer realm="filesure"'
    return response


def status_of(error: errors.FilesureError) -> int:
    """The status that fits an error of ours."""
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def handle_all(api: NinjaAPI) -> None:
    """Have the API answer its errors so."""

    @api.exception_handler(errors.FilesureError)
    def _ours(request: HttpRequest, error: errors.FilesureError) -> HttpResponse:
        status = status_of(error)
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            logger.error("api.unavailable", extra={"path": request.path, "kind": error.kind, "reason": str(error)})
            return problem(request, status, "A service behind Filesure does not answer. Try again soon.", error.kind)
        more = {"jobId": error.job_id} if isinstance(error, errors.AlreadyOrdered) else {}
        return problem(request, status, str(error), error.kind, **more)

    @api.exception_handler(ValidationError)
    def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        found = [{"where": ".".join(str(part) for part in each["loc"]), "what": each["msg"]} for each in error.errors]
        detail = "; ".join(f"{each['where']}: {each['what']}" for each in found[:5])
        return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail, "invalid", errors=found)

    @api.exception_handler(AuthenticationError)
    def _unknown(request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
        detail = "Log in on the site, or send a token: Authorization: Bearer fsr_… (made at /tokens/)."
        return problem(request, HTTPStatus.UNAUTHORIZED, detail, "not_authenticated")

    @api.exception_handler(Forbidden)
    def _forbidden(request: HttpRequest, error: Forbidden) -> HttpResponse:
        return problem(request, HTTPStatus.FORBIDDEN, str(error), "forbidden")

    @api.exception_handler(Throttled)
    def _throttled(request: HttpRequest, error: Throttled) -> HttpResponse:
        wait = max(1, int(error.wait or 1))
        response = problem(request, HTTPStatus.TOO_MANY_REQUESTS, f"Too many requests. Wait {wait} s.", "too_many")
        response["Retry-After"] = str(wait)
        return response

    @api.exception_handler(Http404)
    def _not_found(request: HttpRequest, _error: Http404) -> HttpResponse:
        return problem(request, HTTPStatus.NOT_FOUND, "There is nothing at this address.", "not_found")

    @api.exception_handler(HttpError)
    def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
        return problem(request, error.status_code, str(error), "http")


class ProblemMiddleware:
    """Django's own errors at the API's addresses (no such route, wrong method, no CSRF token) as problems too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on; turn an error that is a page into a problem."""
        response = self.get_response(request)
        if response.status_code < HTTPStatus.BAD_REQUEST or not request.path.startswith(PATHS):
            return response
        if response.headers.get("Content-Type", "").startswith("application/"):
            return response
        details = {
            HTTPStatus.NOT_FOUND: "There is nothing at this address.",
            HTTPStatus.METHOD_NOT_ALLOWED: "This address does not know that method.",
            HTTPStatus.FORBIDDEN: "The CSRF token is missing or wrong. With a session, send it as X-CSRFToken.",
        }
        detail = details.get(HTTPStatus(response.status_code), "That did not work.")
        kind = HTTPStatus(response.status_code).name.lower()
        converted = problem(request, response.status_code, detail, kind)
        if "Allow" in response:
            converted["Allow"] = response["Allow"]
        return converted
