"""Pauses and resumes the queue or this installation's source."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from jobs.bootstrap import application
from jobs.domain.errors import WrongUse
from jobs.domain.pausing import LONGEST_MINUTES, LONGEST_REASON
from jobs.web.access import needs
from jobs.web.pause_banner import watch
from jobs.web.permissions import Permission
from jobs.web.request_context import actor

_GIVEN = {"source": "", "reason": "", "minutes": "60", "runs": "finish"}


@needs(Permission.PAUSE)
@require_http_methods(["GET", "HEAD", "POST"])
def pause(request: HttpRequest) -> HttpResponse:
    """The form and the current pauses; a POST pauses."""
    given = {name: request.POST.get(name, first) for name, first in _GIVEN.items()}
    error = None
    if request.method == "POST":
        try:
            made = application().pausing.pause(
                minutes=given["minutes"],
                reason=given["reason"],
                actor=actor(request),
                source=given["source"] or None,
                stop_runs=given["runs"] == "stop",
            )
        except WrongUse as refused:
            error = str(refused)
        else:
            watch().forget()
            messages.success(request, f"{made.subject} is paused until {timezone.localtime(made.until):%-d %b, %H:%M}.")
            return HttpResponseRedirect(reverse("pause"))
    context = {
        "current": application().pauses.current(),
        "on_hold": [each for each in application().breakers.all() if each.is_open],
        "source": application().configuration.source,
        "given": given,
        "error": error,
        "most_minutes": LONGEST_MINUTES,
        "longest_reason": LONGEST_REASON,
    }
    return render(request, "pause.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK)


@needs(Permission.PAUSE)
@require_POST
def resume(request: HttpRequest) -> HttpResponse:
    try:
        ended = application().pausing.resume(request.POST.get("source") or None, actor(request))
    except WrongUse as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, f"{ended.subject} works again.")
    watch().forget()
    return HttpResponseRedirect(reverse("pause"))


@needs(Permission.PAUSE)
@require_POST
def release(request: HttpRequest) -> HttpResponse:
    """Close the breaker of the source by hand."""
    try:
        ended = application().pausing.release(actor(request))
    except WrongUse as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, f"The source {ended.source} is no longer on hold. Its jobs are due.")
    return HttpResponseRedirect(reverse("pause"))
