"""One job: its progress, runs, documents and log, and the actions on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from jobs.bootstrap import application
from jobs.domain.audit import Action
from jobs.domain.document import Document, DocumentStatus
from jobs.domain.errors import WrongUse
from jobs.domain.export import Scope
from jobs.domain.job import DONE, ENDED, PRIORITIES, Job, JobStatus, Progress
from jobs.domain.listing import JobDocuments, parse_cursor
from jobs.web import actions, exports
from jobs.web.access import needs, what_is_missing
from jobs.web.actions import ACTIONS
from jobs.web.expected import sentence
from jobs.web.live import live_page
from jobs.web.permissions import Permission
from jobs.web.request_context import actor
from jobs.web.run_details import shown_run, trace_url

PAGE = 50
_NAMED = 5


@needs(Permission.VIEW)
@require_safe
def job(request: HttpRequest, job_id: str) -> HttpResponse:
    details = application().service.history(job_id)
    job, cin = details.job, details.job.cin
    if job.export:
        return HttpResponseRedirect(reverse("zip_export", args=[job.id]))
    given = request.GET.get("documents", "")
    which = JobDocuments(given) if given in set(JobDocuments) else None
    cursor = parse_cursor(request.GET.get("cursor", ""))
    shown = job.reread.job_id if job.reread else job.id
    page = application().catalogue.documents_of_job(shown, which, cursor, PAGE)
    is_first = not (which or cursor or job.reread)
    failed = [each for each in page.items if each.status is DocumentStatus.FAILED] if is_first else []
    now = application().clock().replace(second=0, microsecond=0)
    context = {
        "job": job,
        "expected": sentence(application().estimates.of_job(job), now),
        "runs": list(reversed(details.runs)),
        "shown_run": shown_run(job, details.runs, request.GET.get("run", "")),
        "documents_of": shown,
        "trace_url": trace_url(job),
        "page": page,
        "failed": failed[:_NAMED],
        "now": now,
        "which": which,
        "tabs": [] if job.reread else _tabs(job.progress),
        "audit": details.audit,
        "priorities": PRIORITIES,
        "unfinished_job": None if job.reread else application().jobs.unfinished([cin]).get(cin),
        "can": actions.offered(job, request.user),
        "stages": _stages(job, _listed_at(page.items)),
        "bytes": sum(run.bytes for run in details.runs),
        "packed": exports.latest_of(Scope.ORDER, job.id) if job.is_order else None,
        "can_pack": job.is_order and job.progress.downloaded > 0 and request.user.has_perm(Permission.EXPORT),
    }
    return live_page(request, "job.html", "_job.html", context)


def _tabs(progress: Progress) -> list[tuple[JobDocuments | None, str, int | None]]:
    """The choices of documents: value, text, and number if it is known."""
    waiting = (progress.total or 0) - progress.downloaded - progress.failed
    return [
        (None, "Filings", progress.total),
        (JobDocuments.FAILED, "Failed", progress.failed),
        (JobDocuments.LISTED, "Not downloaded yet", waiting),
        (JobDocuments.STORED, "Stored", progress.downloaded),
        (JobDocuments.ATTACHMENTS, "Attachments", None),
    ]


def _listed_at(documents: Sequence[Document]) -> datetime | None:
    times = [each.created_at for each in documents if each.parent is None and each.created_at]
    return min(times, default=None)


def _stages(job: Job, listed_at: datetime | None) -> list[tuple[str, str, datetime | None]]:
    """The stages of a job, each with how far it is (done, partly, now, later, stopped) and its time, if known."""
    names = ["Ordered", "Started", "Filings listed", "Documents stored", "Completed"]
    times = [job.created_at, job.started_at, listed_at, None, job.completed_at]
    status, reached = job.status, 1 if job.started_at is None else 2 if job.progress.total is None else 3
    if job.reread:
        names[2:4], times[2:4], reached = ["Documents read"], [None], min(reached, 2)
    if status in DONE:
        reached = len(names)
    hows = ["done" if at < reached else "now" if at == reached else "later" for at in range(len(names))]
    if status in ENDED:
        names[-1] = status.replace("_", " ").capitalize()
    if status in (JobStatus.FAILED, JobStatus.CANCELLED):
        hows = [how.replace("now", "later") for how in hows[:-1]] + ["stopped"]
    elif status is JobStatus.PARTIAL:
        hows[-2:] = ["partly", "partly"]
    return list(zip(names, hows, times, strict=True))


@needs(Permission.VIEW)
@require_POST
def act(request: HttpRequest, job_id: str, action: str) -> HttpResponse:
    chosen = ACTIONS[Action(action)]
    if not request.user.has_perm(chosen.permission):
        raise PermissionDenied(what_is_missing(request.user, chosen.permission))
    wanted = actions.Request(
        job_id=job_id,
        actor=actor(request),
        priority=request.POST.get("priority", ""),
        again="again" in request.POST,
    )
    try:
        changed = chosen.run(application().service, wanted)
    except WrongUse as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("job", args=[job_id]))
    messages.success(request, chosen.message(changed))
    return HttpResponseRedirect(reverse("job", args=[changed.id]) if changed else reverse("jobs"))
