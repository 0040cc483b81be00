"""One action on many jobs: first a confirmation that shows their number, then the action, in the background if it is
large.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from jobs.bootstrap import application
from jobs.domain.audit import Action
from jobs.domain.bulk_action import MOST_SELECTED, BulkAction, BulkState
from jobs.domain.errors import WrongUse
from jobs.domain.job import Job
from jobs.domain.listing import Count, JobOrder
from jobs.domain.wrong_use import InvalidJobId, UnknownJob
from jobs.services.orders import priority_of
from jobs.web.access import needs, what_is_missing
from jobs.web.actions import ACTIONS, JobAction, Several
from jobs.web.bulk_runner import COUNTED, SMALL, Selection, start
from jobs.web.forms import JobSearch
from jobs.web.pages.jobs import matching
from jobs.web.permissions import Permission
from jobs.web.request_context import actor, own_path

MOST_FILTER_CHARACTERS = 2_000
#: The confirmation looks at so many jobs.
_LOOKED_AT = 1_000
_SHOWN_REFUSALS = 5


@needs(Permission.VIEW)
@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """Ask for confirmation, or begin. Both forms contain the action, the jobs or filters, and the page to return to."""
    name, action, several = _chosen_action(request)
    back = own_path(request, request.POST.get("back")) or reverse("jobs")
    filters = request.POST.get("filters", "")
    search = _search(filters)
    everything = request.POST.get("scope") == "all"
    ids = [] if everything else _selected(request)
    if not ids and not everything:
        messages.warning(request, "No job is selected. Select some, or choose “all that match”.")
        return HttpResponseRedirect(back)
    priority = priority_of(request.POST.get("priority", "")) if name is Action.PRIORITISE else None
    if request.POST.get("confirmed") == "yes":
        selection = Selection(ids=ids, filters=filters)
        begun = start(name, selection, actor(request), priority=priority, back=back, at_once=True)
        return _after(request, begun, several)
    count = application().catalogue.count(search.wanted, COUNTED) if everything else Count(number=len(ids))
    jobs = matching(search.wanted, JobOrder.OLDEST) if everything else _found(ids)
    offered = [action.is_offered(job) for job in islice(jobs, _LOOKED_AT)]
    context: dict[str, Any] = {name: request.POST.get(name, "") for name in ("action", "scope", "filters", "priority")}
    context |= {
        "will": sum(offered),
        "rest": len(offered) - sum(offered),
        "several": several,
        "title": title(several, count, priority),
        "count": count,
        "ids": ids,
        "back": back,
        "looked_at": _LOOKED_AT,
        "small": SMALL,
    }
    return render(request, "confirm_bulk.html", context)


def _selected(request: HttpRequest) -> list[str]:
    ids = list(dict.fromkeys(request.POST.getlist("job")))
    if len(ids) > MOST_SELECTED:
        raise WrongUse(f"At most {MOST_SELECTED:,} jobs can be selected one by one. Nothing was changed.")
    return ids


def _found(ids: Iterable[str]) -> Iterator[Job]:
    for job_id in ids:
        with suppress(InvalidJobId, UnknownJob):
            yield application().jobs.get(job_id)


def title(several: Several, count: Count, priority: int | None) -> str:
    """For example: Change the priority of 3 jobs to 7."""
    number = f"{count.number:,}{'+' if count.more else ''} {'job' if count.number == 1 else 'jobs'}"
    return f"{several.verb} {number}" if priority is None else f"{several.verb} {number} to {priority}"


def _chosen_action(request: HttpRequest) -> tuple[Action, JobAction, Several]:
    name = request.POST.get("action", "")
    action = ACTIONS.get(Action(name)) if name in set(Action) else None
    if action is None or action.several is None:
        raise WrongUse("Choose an action: retry, cancel or another priority.")
    if not request.user.has_perm(action.permission):
        raise PermissionDenied(what_is_missing(request.user, action.permission))
    return Action(name), action, action.several


def _search(filters: str) -> JobSearch:
    """Refuse filters that are truncated or invalid, since ignoring one would select jobs that the user did not see."""
    if len(filters) > MOST_FILTER_CHARACTERS:
        raise WrongUse(f"The filters are longer than {MOST_FILTER_CHARACTERS:,} characters. Nothing was changed.")
    search = JobSearch(QueryDict(filters))
    if search.ignored:
        raise WrongUse(f"{search.ignored} Nothing was changed. Fix the filters and try again.")
    return search


def _after(request: HttpRequest, begun: BulkAction, several: Several) -> HttpResponse:
    """A small action is done: return to the user's page with its result. Others have a page that shows progress."""
    report = reverse("bulk_action", args=[begun.id])
    if begun.state is not BulkState.DONE:
        return HttpResponseRedirect(report)
    if begun.done:
        messages.success(request, f"{begun.done:,} {'job' if begun.done == 1 else 'jobs'} {several.done}.")
    if begun.refused:
        reasons = [each.reason for each in islice(application().bulk_actions.refusals(begun.id), _SHOWN_REFUSALS)]
        sentence = f"{begun.refused:,} not changed: {' '.join(reasons)}"
        messages.warning(request, format_html('{} <a href="{}">Show all</a>', sentence, report))
    if not begun.acted:
        messages.warning(request, "No job matched any more. Nothing was changed.")
    return HttpResponseRedirect(begun.back)
