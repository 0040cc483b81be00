"""Every component in every state, to check a change of the stylesheet. Only with DEBUG, for staff."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jobs.bootstrap import application
from jobs.domain.filings.reading import ReadingState
from jobs.domain.job import VISIBLE, JobStatus, Progress
from jobs.web.access import needs
from jobs.web.accounts import AccountState
from jobs.web.permissions import Permission

_TOKENS = {
    "Surfaces": ("bg", "surface", "raised", "hover", "idle-soft", "accent-soft"),
    "States": ("ok", "bad", "warn", "busy", "idle", "accent"),
}


@needs(Permission.VIEW)
@require_safe
def style(request: HttpRequest) -> HttpResponse:
    if not (settings.DEBUG and getattr(request.user, "is_staff", False)):
        raise Http404
    now = application().clock()
    context = {
        "tokens": _TOKENS,
        "states": [*VISIBLE, *ReadingState, *AccountState],
        "sizes": ("xs", "sm", "md", "lg", "xl", "2xl"),
        "messages_of": ("", "success", "warning", "error"),
        "progresses": [
            (JobStatus.PENDING, Progress()),
            (JobStatus.PROCESSING, Progress(total=40, downloaded=12)),
            (JobStatus.PARTIAL, Progress(total=40, downloaded=38, failed=2)),
            (JobStatus.COMPLETED, Progress(total=40, downloaded=40)),
            (JobStatus.FAILED, Progress(total=40, downloaded=12, failed=28)),
        ],
        "stages": ("done", "partly", "now", "later", "stopped"),
        "line": [2, 4, 9, 8, 7, 5, 4, 3],
        "past": now - timedelta(minutes=3),
    }
    return render(request, "style.html", context)
