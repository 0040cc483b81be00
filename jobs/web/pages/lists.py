"""Lists of orders: all of them, one with its progress, and its refused rows as a file to fix."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from jobs.bootstrap import application
from jobs.domain.job import PRIORITIES, UNFINISHED
from jobs.domain.listing import parse_cursor
from jobs.domain.watching import Interval
from jobs.domain.wrong_use import NoMailAddress
from jobs.web import list_mail
from jobs.web.access import needs
from jobs.web.actions import offered_for
from jobs.web.csv_export import csv_response
from jobs.web.expected import sentence
from jobs.web.live import live_page
from jobs.web.permissions import Permission
from jobs.web.request_context import is_partial

PAGE = 50
COLUMNS = ("line", "cin", "companyName", "priority", "notBefore", "row", "field", "reason")


@needs(Permission.VIEW)
@require_safe
def lists(request: HttpRequest) -> HttpResponse:
    page = application().lists.lists.latest(parse_cursor(request.GET.get("cursor", "")), PAGE)
    return render(request, "lists.html", {"page": page})


@needs(Permission.VIEW)
@require_safe
def order_list(request: HttpRequest, list_id: str) -> HttpResponse:
    stored = application().lists.lists
    found, states = stored.get(list_id), stored.states(list_id)
    total = sum(states.values())
    ended = total - sum(states[status] for status in UNFINISHED)
    now = application().clock().replace(second=0, microsecond=0)
    context: dict[str, Any] = {
        "list": found,
        "states": [(status, number) for status, number in states.items() if number],
        "total": total,
        "ended": ended,
        "expected": sentence(application().estimates.of_list(list_id, total - ended), now, "its last job"),
        "actions": offered_for([status for status, number in states.items() if number], request.user),
        "priorities": PRIORITIES,
        "intervals": list(Interval),
    }
    if not is_partial(request):
        context["mail"] = list_mail.choice_of(request.user.get_username(), found)
    return live_page(request, "list.html", "_list.html", context)


@needs(Permission.VIEW)
@require_POST
def mail(request: HttpRequest, list_id: str) -> HttpResponse:
    """Choose whether the user gets an email when the list ends. Overrides the account's choice."""
    wanted = request.POST.get("mail") == "yes"
    try:
        found = list_mail.choose(request.user.get_username(), list_id, mail=wanted)
    except NoMailAddress as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("account"))
    messages.success(request, f"You get {'an' if wanted else 'no'} email when {found.name} ends.")
    return HttpResponseRedirect(reverse("list", args=[found.id]))


@needs(Permission.VIEW)
@require_safe
def refused(request: HttpRequest, list_id: str) -> StreamingHttpResponse:
    """The refused rows, with field and reason. The file can be fixed and uploaded again."""
    del request
    stored = application().lists.lists
    return csv_response(f"refused-{stored.get(list_id).id}.csv", COLUMNS, _rows(list_id))


def _rows(list_id: str) -> Iterator[dict[str, object]]:
    for row in application().lists.lists.refused(list_id):
        values = (row.line, row.cin, row.company_name, row.priority, row.not_before, row.row, row.field, row.reason)
        yield dict(zip(COLUMNS, values, strict=True))
