"""Watched companies: all of them, and the actions on them."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from jobs.bootstrap import application
from jobs.domain.errors import WrongUse
from jobs.domain.job import JOB_ID
from jobs.domain.listing import parse_cursor
from jobs.domain.wrong_use import InvalidWatch
from jobs.web import watching
from jobs.web.access import needs
from jobs.web.api.auth import may
from jobs.web.permissions import Permission
from jobs.web.request_context import actor, own_path

PAGE = 50


@needs(Permission.VIEW)
@require_safe
def watches(request: HttpRequest) -> HttpResponse:
    """Everybody's watches, or those of one account or list."""
    by, list_id = request.GET.get("by", "")[:150], request.GET.get("list", "")
    list_id = list_id if JOB_ID.fullmatch(list_id) else ""
    cursor = parse_cursor(request.GET.get("cursor", ""))
    page = application().watching.watches.latest(by or None, list_id or None, cursor, PAGE)
    context = {
        "page": page,
        "rows": [(each, watching.may_change(request, each)) for each in page.items],
        "by": by,
        "list": application().lists.lists.get(list_id) if list_id else None,
        "everybody": by != request.user.get_username() and may(request, Permission.AUDIT),
    }
    return render(request, "watches.html", context)


@needs(Permission.WATCH)
@require_POST
def watch(request: HttpRequest, cin: str) -> HttpResponse:
    """Watch a company, or change the interval."""
    try:
        made = watching.watched(request, cin, request.POST.get("interval", ""))
    except WrongUse as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(_back(request))
    messages.success(request, f"{made.company_name} is checked {made.interval} from now on.")
    return HttpResponseRedirect(_back(request))


@needs(Permission.WATCH)
@require_POST
def watch_list(request: HttpRequest, list_id: str) -> HttpResponse:
    """Watch all companies of a list."""
    try:
        number = watching.watched_list(request, list_id, request.POST.get("interval", ""))
    except WrongUse as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(_back(request))
    noun = "company is" if number == 1 else "companies are"
    messages.success(request, f"{number:,} more {noun} watched. You watched the others already.")
    return HttpResponseRedirect(f"{reverse('watches')}?list={list_id}")


@needs(Permission.WATCH)
@require_POST
def change_list(request: HttpRequest, list_id: str, action: str) -> HttpResponse:
    """Pause or resume the watches of a list: the user's, or everybody's for users who may change these."""
    everybody = "everybody" in request.POST and may(request, Permission.AUDIT)
    try:
        number = watching.changed_list(request, list_id, action, request.POST.get("reason", ""), everybody=everybody)
    except InvalidWatch as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(_back(request))
    noun = "watch is" if number == 1 else "watches are"
    messages.success(request, f"{number:,} {noun} {'paused' if action == 'pause' else 'resumed'}.")
    return HttpResponseRedirect(_back(request))


@needs(Permission.WATCH)
@require_POST
def change(request: HttpRequest, watch_id: str, action: str) -> HttpResponse:
    """Pause, resume or end a watch."""
    service = application().watching
    found = service.watches.get(watch_id)
    if not watching.may_change(request, found):
        raise PermissionDenied(f"{found.by} watches this company. Only {found.by} and administrators can change that.")
    try:
        if action == "pause":
            service.pause(found, request.POST.get("reason", ""), actor(request))
            done = "is no longer checked until the watch is resumed"
        elif action == "resume":
            service.resume(found, actor(request))
            done = f"is checked {found.interval} again"
        else:
            service.end(found, actor(request))
            done = "is no longer watched"
    except WrongUse as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{found.company_name} {done}.")
    return HttpResponseRedirect(_back(request))


def _back(request: HttpRequest) -> str:
    return own_path(request, request.POST.get("back")) or reverse("watches")
