"""What probes ask: is the process alive, and can it serve?"""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from jobs.access import open_to_all
from jobs.bootstrap import application
from jobs.domain.errors import FilesureError

HTTP_UNAVAILABLE = 503


@open_to_all
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers. Looks at nothing else: restarting it would not mend MongoDB."""
    return HttpResponse("ok\n", content_type="text/plain")


@open_to_all
def readyz(_request: HttpRequest) -> JsonResponse:
    """Whether requests can be served, by service; 503 if one of them is away."""
    services = {"mongodb": _mongodb(), "sessions": _sessions()}
    ready = all(state == "ok" for state in services.values())
    return JsonResponse({"ready": ready, "services": services}, status=200 if ready else HTTP_UNAVAILABLE)


def _mongodb() -> str:
    """A word, no details: anybody may ask."""
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
