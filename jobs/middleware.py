"""What a page shows where a use case said no: a sentence and a way on, and the site stays up."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from jobs.domain import errors

logger = logging.getLogger(__name__)

HTTP_BAD_REQUEST, HTTP_NOT_FOUND, HTTP_CONFLICT, HTTP_UNAVAILABLE = 400, 404, 409, 503
RETRY_SECONDS = "10"

_STATUSES: dict[type[errors.FilesureError], int] = {
    errors.InvalidJobId: HTTP_NOT_FOUND,
    errors.UnknownJob: HTTP_NOT_FOUND,
    errors.UnknownDocument: HTTP_NOT_FOUND,
    errors.BlobNotFound: HTTP_NOT_FOUND,
    errors.WrongState: HTTP_CONFLICT,
    errors.WrongUse: HTTP_BAD_REQUEST,
}
_AWAY = (errors.DatabaseUnavailable, errors.DatabaseRefused)


class ErrorsMiddleware:
    """Turns our own errors into pages; every other is Django's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page for this error; what is nobody's fault here answers 503 and may be tried again."""
        if not isinstance(exception, errors.FilesureError):
            return None
        status = next((_STATUSES[kind] for kind in type(exception).__mro__ if kind in _STATUSES), HTTP_UNAVAILABLE)
        if status != HTTP_UNAVAILABLE:
            return render(request, "problem.html", {"problem": str(exception), "status": status}, status=status)
        logger.error("web.unavailable", extra={"path": request.path, "kind": exception.kind, "reason": str(exception)})
        database = isinstance(exception, _AWAY)
        context = {} if database else {"problem": str(exception), "status": status}
        response = render(request, "503.html" if database else "problem.html", context, status=status)
        response["Retry-After"] = RETRY_SECONDS
        return response
