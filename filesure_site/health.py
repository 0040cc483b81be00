"""Liveness and readiness for probes."""

from __future__ import annotations

from http import HTTPStatus

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from jobs.bootstrap import application
from jobs.domain.errors import FilesureError
from jobs.web.access import open_to_all


@open_to_all
def healthz(_request: HttpRequest) -> HttpResponse:
    """Liveness. It does not check MongoDB, because restarting the site would not fix it."""
    return HttpResponse("ok\n", content_type="text/plain")


@open_to_all
def readyz(_request: HttpRequest) -> JsonResponse:
    """Readiness of each service; 503 if one is unavailable."""
    services = {"mongodb": _mongodb(), "sessions": _sessions()}
    ready = all(state == "ok" for state in services.values())
    return JsonResponse(
        {"ready": ready, "services": services}, status=HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
    )


def _mongodb() -> str:
    """The state without details, because the page is public."""
    try:
        application().ping()
    except FilesureError as error:
        return error.kind
    return "ok"


def _sessions() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM django_session LIMIT 1")
    except DatabaseError:
        return "sessions_unavailable"
    return "ok"
