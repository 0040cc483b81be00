"""One job: its progress, runs and documents, what was done to it, and what can be."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from jobs.access import needs, what_is_missing
from jobs.bootstrap import application
from jobs.domain.document import Document
from jobs.domain.errors import UnknownDocument, WrongUse
from jobs.domain.job import PRIORITIES, TRANSITIONS, UNFINISHED, JobStatus, Transition
from jobs.permissions import Permission
from jobs.streaming import stream
from jobs.views.acting import actor, is_partial

SHOWN_CHARACTERS = 200_000
_RIGHTS = {
    "retry": Permission.RETRY, "cancel": Permission.CANCEL, "prioritise": Permission.PRIORITISE,
    "delete": Permission.DELETE,
}  # fmt: skip
_SHOWN_INLINE = {"application/pdf"}


@needs(Permission.VIEW)
@require_GET
def job(request: HttpRequest, job_id: str) -> HttpResponse:
    """The page; for htmx its live part only."""
    details = application().service.details(job_id)
    status = details.job.status
    context = {
        "job": details.job, "runs": list(reversed(details.runs)), "documents": details.documents,
        "audit": details.audit, "priorities": PRIORITIES,
        "can": {
            "retry": status in TRANSITIONS[Transition.RETRY].sources,
            "cancel": status in UNFINISHED and not details.job.cancel_requested_at,
            "prioritise": status in UNFINISHED, "delete": status not in UNFINISHED,
        },
        "stages": _stages(details.job.status, details.job.progress.total),
        "bytes": sum(each.file.size for each in details.documents if each.file),
    }  # fmt: skip
    return render(request, "_job.html" if is_partial(request) else "job.html", context)


def _stages(status: JobStatus, total: int | None) -> list[tuple[str, str]]:
    """What a job goes through, and how far it is: done, now, or still to come."""
    names = ["Ordered", "Filings listed", "Documents stored", "Completed"]
    reached = 1 if total is None else 2
    if status is JobStatus.COMPLETED:
        reached = len(names)
    if status in (JobStatus.FAILED, JobStatus.CANCELLED):
        names[-1] = status.capitalize()
        return [(name, "done" if at < reached else "later") for at, name in enumerate(names[:-1])] + [
            (names[-1], "stopped")
        ]
    return [(name, "done" if at < reached else "now" if at == reached else "later") for at, name in enumerate(names)]


@needs(Permission.VIEW)
@require_POST
def act(request: HttpRequest, job_id: str, action: str) -> HttpResponse:
    """Retry, cancel, prioritise or delete."""
    right = _RIGHTS[action]
    if not request.user.has_perm(right):
        raise PermissionDenied(what_is_missing(request.user, right))
    try:
        _act(request, job_id, action)
    except WrongUse as error:
        messages.error(request, str(error))
    gone = action == "delete" and not messages_hold_an_error(request)
    return HttpResponseRedirect(reverse("jobs") if gone else reverse("job", args=[job_id]))


def messages_hold_an_error(request: HttpRequest) -> bool:
    """Whether something was refused in this request."""
    queued = getattr(messages.get_messages(request), "_queued_messages", [])
    return any(message.level >= messages.ERROR for message in queued)


def _act(request: HttpRequest, job_id: str, action: str) -> None:
    service, who = application().service, actor(request)
    if action == "retry":
        service.retry(job_id, who)
        messages.success(request, "The job is pending again; only what it lacks is fetched.")
    elif action == "cancel":
        cancelled = service.cancel(job_id, who)
        done = cancelled.status is JobStatus.CANCELLED
        asked = "Its worker is asked to stop; the job is cancelled at its next heartbeat."
        messages.success(request, "The job is cancelled. Retry takes it up again." if done else asked)
    elif action == "prioritise":
        changed = service.prioritise(job_id, request.POST.get("priority", ""), who)
        messages.success(request, f"The priority is {changed.priority} now.")
    else:
        service.delete(job_id, who)
        messages.success(request, "The job, its documents and its files are deleted.")


# --- documents


@needs(Permission.VIEW)
@require_GET
def document_file(request: HttpRequest, job_id: str, number: int) -> FileResponse:
    """The original, streamed. PDFs are shown, all else is saved: a page of somebody else's must not run here."""
    document = application().documents.get(job_id, number)
    file = document.file
    if file is None:
        raise UnknownDocument(job_id, number)
    shown = file.content_type in _SHOWN_INLINE and "download" not in request.GET
    return stream(file.blob_name, file.content_type, _file_name(document), save=not shown)


@needs(Permission.VIEW)
@require_GET
def document_text(request: HttpRequest, job_id: str, number: int) -> HttpResponse | FileResponse:
    """What was read out of a document: as a page, or as a file to save."""
    document = application().documents.get(job_id, number)
    if document.file is None or document.file.text_blob_name is None:
        raise UnknownDocument(job_id, number)
    if "download" in request.GET:
        name = f"{_file_name(document)}.txt"
        return stream(document.file.text_blob_name, "text/plain; charset=utf-8", name, save=True)
    with application().blobs.open(document.file.text_blob_name) as file:
        text = file.read(SHOWN_CHARACTERS * 4).decode("utf-8", errors="replace")
    pages = text[:SHOWN_CHARACTERS].split("\f")
    context = {"document": document, "pages": pages, "cut": len(text) > SHOWN_CHARACTERS}
    return render(request, "document_text.html", context)


def _file_name(document: Document) -> str:
    return f"{document.cin}_{document.filing.file_name}"
