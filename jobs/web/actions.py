"""The actions on jobs, in one table for the job's page, for bulk actions and for the API."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Set
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User

from jobs.domain.audit import Action, Actor
from jobs.domain.job import TRANSITIONS, UNFINISHED, Job, JobStatus, Transition
from jobs.services import JobService
from jobs.web.permissions import Permission


@dataclass(frozen=True, kw_only=True)
class Request:
    """One action on one job. Only PRIORITISE uses ``priority``, and only RETRY uses ``again``."""

    job_id: str
    actor: Actor
    priority: int | str = 0
    again: bool = False


@dataclass(frozen=True, kw_only=True)
class Several:
    """The wording of an action on many jobs."""

    #: Completes "Retry 3 jobs?" and "3 jobs retried.".
    verb: str
    done: str
    #: Completes "Unchanged: 29, …".
    rest: str
    about: str
    yes: str
    #: The states of jobs that it can change.
    changes: Set[JobStatus]


@dataclass(frozen=True, kw_only=True)
class JobAction:
    """An action's permission, service call and texts."""

    permission: Permission
    #: The service call. Returns the changed job; None if it was deleted.
    run: Callable[[JobService, Request], Job | None]
    #: Whether the job's page offers it.
    is_offered: Callable[[Job], bool]
    #: The message on the job's page afterwards.
    message: Callable[[Job | None], str]
    #: None if the action is not available in bulk.
    several: Several | None = None


def _cancelled(job: Job | None) -> str:
    if job and job.status is JobStatus.CANCELLED:
        return "The job is cancelled. Use Retry to resume it."
    return "The worker was asked to stop. The job is cancelled at its next heartbeat."


def _delete(service: JobService, request: Request) -> None:
    service.delete(request.job_id, request.actor)


ACTIONS: Mapping[Action, JobAction] = {
    Action.RETRY: JobAction(
        permission=Permission.RETRY,
        run=lambda service, request: service.retry(request.job_id, request.actor, again=request.again),
        is_offered=lambda job: job.status in TRANSITIONS[Transition.RETRY].sources,
        message=lambda _: "The job is pending again. Only missing documents will be downloaded.",
        several=Several(
            verb="Retry",
            done="retried",
            rest="already complete or unfinished",
            about="Failed, partial and cancelled jobs become pending again and download their missing documents."
            " Other jobs do not change.",
            yes="Yes, retry",
            changes=TRANSITIONS[Transition.RETRY].sources,
        ),
    ),
    Action.CANCEL: JobAction(
        permission=Permission.CANCEL,
        run=lambda service, request: service.cancel(request.job_id, request.actor),
        is_offered=lambda job: job.status in UNFINISHED and not job.cancel_requested_at,
        message=_cancelled,
        several=Several(
            verb="Cancel",
            done="cancelled",
            rest="already ended",
            about="Pending jobs are cancelled at once; workers of processing jobs are asked to stop."
            " Use Retry to resume a cancelled job.",
            yes="Yes, cancel the jobs",
            changes=UNFINISHED,
        ),
    ),
    Action.PRIORITISE: JobAction(
        permission=Permission.PRIORITISE,
        run=lambda service, request: service.prioritise(request.job_id, request.priority, request.actor),
        is_offered=lambda job: job.status in UNFINISHED,
        message=lambda job: f"The priority is now {job.priority}." if job else "",
        several=Several(
            verb="Change the priority of",
            done="given the new priority",
            rest="already ended",
            about="Only unfinished jobs have a priority to change.",
            yes="Yes, change",
            changes=UNFINISHED,
        ),
    ),
    Action.RUN_NOW: JobAction(
        permission=Permission.PRIORITISE,
        run=lambda service, request: service.run_now(request.job_id, request.actor),
        is_offered=lambda job: job.status is JobStatus.PENDING,
        message=lambda _: "The job is due now, with the highest priority.",
    ),
    Action.DELETE: JobAction(
        permission=Permission.DELETE,
        run=_delete,
        is_offered=lambda job: job.status not in UNFINISHED,
        message=lambda _: "The job and its documents are deleted, with all files that no other order needs.",
    ),
}


def offered_for(states: Collection[JobStatus], user: User | AnonymousUser) -> dict[str, str]:
    """The actions of this user that can change many jobs in these states, each with the states that it changes."""
    return {
        str(name): " ".join(sorted(each.several.changes))
        for name, each in ACTIONS.items()
        if each.several and each.several.changes & set(states) and user.has_perm(each.permission)
    }


def offered(job: Job, user: User | AnonymousUser) -> dict[str, bool]:
    """By action: whether the job's page offers it to this user."""
    return {str(name): each.is_offered(job) and user.has_perm(each.permission) for name, each in ACTIONS.items()}
