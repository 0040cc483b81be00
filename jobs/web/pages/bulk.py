"""One action on many jobs: first a confirmation that shows their number, then the action."""

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
from django.views.decorators.http import require_POST

from jobs.bootstrap import application
from jobs.domain.audit import Action
from jobs.domain.errors import FilesureError, InvalidJobId, UnknownJob, WrongUse
from jobs.domain.job import Job
from jobs.domain.listing import Count, JobOrder
from jobs.web import actions
from jobs.web.access import needs, what_is_missing
from jobs.web.actions import ACTIONS, JobAction, Several
from jobs.web.forms import JobSearch
from jobs.web.pages.jobs import matching
from jobs.web.permissions import Permission
from jobs.web.request_context import actor, own_path

MOST_AT_ONCE = 1_000
COUNTED = 10_000
MOST_FILTER_CHARACTERS = 2_000
_SHOWN_REFUSALS = 5


@needs(Permission.VIEW)
@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """Ask for confirmation, or act. Both forms contain the action, the jobs or filters, and the page to return to."""
    action, several = _chosen_action(request)
    back = own_path(request, request.POST.get("back")) or reverse("jobs")
    search = _search(request.POST.get("filters", ""))
    everything = request.POST.get("scope") == "all"
    ids = list(dict.fromkeys(request.POST.getlist("job")))[:MOST_AT_ONCE]
    if not ids and not everything:
        messages.warning(request, "No job is selected. Select some, or choose “all that match”.")
        return HttpResponseRedirect(back)
    if request.POST.get("confirmed") == "yes":
        if everything:
            ids = [job.id for job in islice(matching(search.wanted, JobOrder.OLDEST), MOST_AT_ONCE)]
        _act(request, action, several, ids)
        return HttpResponseRedirect(back)
    count = application().catalogue.count(search.wanted, COUNTED) if everything else Count(number=len(ids))
    jobs = matching(search.wanted, JobOrder.OLDEST) if everything else _found(ids)
    offered = [action.is_offered(job) for job in islice(jobs, MOST_AT_ONCE)]
    context: dict[str, Any] = {name: request.POST.get(name, "") for name in ("action", "scope", "filters", "priority")}
    question = _question(several, count, context["priority"] if action is ACTIONS[Action.PRIORITISE] else "")
    context |= {
        "will": sum(offered),
        "rest": len(offered) - sum(offered),
        "several": several,
        "question": question,
        "count": count,
        "ids": ids,
        "back": back,
    }
    return render(request, "confirm_bulk.html", context | {"most": MOST_AT_ONCE})


def _found(ids: Iterable[str]) -> Iterator[Job]:
    for job_id in ids:
        with suppress(InvalidJobId, UnknownJob):
            yield application().jobs.get(job_id)


def _question(several: Several, count: Count, priority: str) -> str:
    number = f"{count.number:,}{'+' if count.more else ''} {'job' if count.number == 1 else 'jobs'}"
    return f"{several.verb} {number} to {priority}?" if priority else f"{several.verb} {number}?"


def _chosen_action(request: HttpRequest) -> tuple[JobAction, Several]:
    name = request.POST.get("action", "")
    action = ACTIONS.get(Action(name)) if name in set(Action) else None
    if action is None or action.several is None:
        raise WrongUse("Choose an action: retry, cancel or another priority.")
    if not request.user.has_perm(action.permission):
        raise PermissionDenied(what_is_missing(request.user, action.permission))
    return action, action.several


def _search(filters: str) -> JobSearch:
    """Refuse filters that are truncated or invalid, since ignoring one would select jobs that the user did not see."""
    if len(filters) > MOST_FILTER_CHARACTERS:
        raise WrongUse(f"The filters are longer than {MOST_FILTER_CHARACTERS:,} characters. Nothing was changed.")
    search = JobSearch(QueryDict(filters))
    if search.ignored:
        raise WrongUse(f"{search.ignored} Nothing was changed. Fix the filters and try again.")
    return search


def _act(request: HttpRequest, action: JobAction, several: Several, ids: Iterable[str]) -> None:
    """Act on each job separately, so that a refused one does not stop the others."""
    service, done, refused = application().service, 0, []
    for job_id in ids:
        wanted = actions.Request(job_id=job_id, actor=actor(request), priority=request.POST.get("priority", ""))
        try:
            action.run(service, wanted)
            done += 1
        except FilesureError as error:
            if error.retryable:
                raise
            refused.append(str(error))
    if done:
        messages.success(request, f"{done:,} {'job' if done == 1 else 'jobs'} {several.done}.")
    if refused:
        shown = " ".join(refused[:_SHOWN_REFUSALS])
        more = f" And {len(refused) - _SHOWN_REFUSALS:,} more." if len(refused) > _SHOWN_REFUSALS else ""
        messages.warning(request, f"{len(refused):,} not changed: {shown}{more}")
