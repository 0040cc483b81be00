"""What a page shows when MongoDB is away: a sentence and a way back, and the site stays up."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from jobs.domain.errors import DatabaseRefused, DatabaseUnavailable

logger = logging.getLogger(__name__)

HTTP_UNAVAILABLE = 503
RETRY_SECONDS = "10"


class DatabaseErrorsMiddleware:
    """Answers 503 where a view met a MongoDB that is away or says no."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Only our own two errors; everything else is Django's."""
        if not isinstance(exception, DatabaseUnavailable | DatabaseRefused):
            return None
        logger.error("web.database_error", extra={"path": request.path, "reason": str(exception)})
        response = render(request, "503.html", status=HTTP_UNAVAILABLE)
        response["Retry-After"] = RETRY_SECONDS
        return response
