"""Every component in every state, to check a change of the stylesheet. Only with DEBUG, for staff."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jobs.bootstrap import application
from jobs.domain.document import DocumentStatus
from jobs.domain.filings.reading import ReadingState
from jobs.domain.job import VISIBLE, JobStatus, Progress
from jobs.web.access import needs
from jobs.web.accounts import AccountState
from jobs.web.permissions import Permission

_COLOURS = {
    "Surfaces": ("bg", "surface", "raised", "hover", "idle-soft", "accent-soft"),
    "Lines": ("line", "line-strong", "edge"),
    "Text": ("ink", "ink-2", "ink-3"),
    "States": ("ok", "bad", "warn", "busy", "idle", "accent"),
}
_SIZES = (
    ("xs", "12 px", "column heads, pills"),
    ("sm", "13 px", "tables, hints, controls"),
    ("md", "14 px", "text, section heads"),
    ("lg", "16 px", "section heads of wide pages"),
    ("xl", "20 px", "page heads"),
    ("2xl", "26 px", "key figures"),
)
_SPACES = (
    ("1", "4 px", "between an icon and its text"),
    ("2", "8 px", "between controls"),
    ("3", "12 px", "inside controls and cells"),
    ("4", "16 px", "between and inside cards"),
    ("5", "24 px", "around a page"),
    ("6", "32 px", "below a page, around an empty state"),
)
_SECTIONS = (
    ("type", "Type"),
    ("space", "Space and elevation"),
    ("colour", "Colour"),
    ("controls", "Controls"),
    ("states", "States"),
    ("lists", "Lists"),
    ("figures", "Figures"),
)
_HALF, _ALL = Progress(total=40, downloaded=12), Progress(total=40, downloaded=40)
_PARTLY = Progress(total=40, downloaded=38, failed=2)
#: Status, progress and how the row is.
_ROWS = (
    (JobStatus.PROCESSING, _HALF, ""),
    (JobStatus.COMPLETED, _ALL, "hover"),
    (JobStatus.PARTIAL, _PARTLY, "selected"),
    (JobStatus.FAILED, _HALF, "reason"),
    (JobStatus.PENDING, Progress(), ""),
)


@needs(Permission.VIEW)
@require_safe
def style(request: HttpRequest) -> HttpResponse:
    if not (settings.DEBUG and getattr(request.user, "is_staff", False)):
        raise Http404
    now = application().clock()
    context = {
        "sections": _SECTIONS,
        "colours": _COLOURS,
        "sizes": _SIZES,
        "spaces": _SPACES,
        "elevations": ("shadow", "shadow-lg", "radius", "radius-sm"),
        "buttons": ("", "quiet", "danger"),
        "rows": _ROWS,
        "states": list(dict.fromkeys(str(each) for each in (*VISIBLE, *DocumentStatus, *ReadingState, *AccountState))),
        "messages_of": ("", "success", "warning", "error"),
        "progresses": [
            (JobStatus.PENDING, Progress()),
            (JobStatus.PROCESSING, _HALF),
            (JobStatus.PARTIAL, _PARTLY),
            (JobStatus.COMPLETED, _ALL),
            (JobStatus.FAILED, Progress(total=40, downloaded=12, failed=28)),
        ],
        "stages": ("done", "partly", "now", "later", "stopped"),
        "line": [2, 4, 9, 8, 7, 5, 4, 3],
        "waits": (timedelta(minutes=4), timedelta(hours=-3), timedelta(), None),
        "past": now - timedelta(minutes=3),
    }
    return render(request, "style.html", context)
