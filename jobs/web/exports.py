"""Exports as pages and the API order, show and download them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from jobs.bootstrap import application
from jobs.domain.audit import Actor
from jobs.domain.companies.filings import CompanyFiling
from jobs.domain.document import Document
from jobs.domain.export import Export, Part, Scope
from jobs.domain.export_manifest import as_csv, as_json, lines
from jobs.domain.export_names import safe
from jobs.domain.job import Job, JobStatus
from jobs.domain.wrong_use import InvalidExport, UnknownDocument, UnknownPart
from jobs.services import expires_at
from jobs.web import companies
from jobs.web.documents import LARGEST_NUMBER
from jobs.web.permissions import Permission
from jobs.web.ranges import file_response

#: Selects some of a company's filings.
Matching = Callable[[Iterable[CompanyFiling]], list[CompanyFiling]]

_LONGEST_NAME = 80
_MANIFESTS = {"csv": ("text/csv; charset=utf-8", as_csv), "json": ("application/json", as_json)}


def of_order(job_id: str, actor: Actor) -> Job:
    """Order the documents of an order. Raises InvalidJobId, UnknownJob, InvalidExport."""
    app = application()
    job = app.jobs.get(job_id)
    if not job.is_order:
        raise InvalidExport("This job is not an order, so it has no documents of its own.")
    return app.exporting.order(Scope.ORDER, job.id, _sorted(app.documents.of_job(job.id)), actor)


def of_company(cin: str, actor: Actor, matching: Matching | None = None) -> Job:
    """Order a company's filings, each once: all, or those that ``matching`` selects.

    Raises UnknownCompany, InvalidExport, TooSlow.
    """
    profile = companies.profile(cin)
    if profile.is_cut:  # the oldest filings are unknown, so that any selection may be incomplete
        most = f"{companies.MOST_DOCUMENTS:,}"
        raise InvalidExport(f"The company has {most} documents or more. Order a ZIP of one order.")
    if matching:
        return of_selection(flat(matching(profile.filings)), actor)
    return application().exporting.order(Scope.COMPANY, profile.cin, flat(profile.filings), actor)


def of_selection(documents: Sequence[Document], actor: Actor) -> Job:
    """Order some documents. Raises InvalidExport."""
    named = sorted(f"{each.job_id} {each.filing.number}" for each in documents)
    digest = hashlib.sha256("\n".join(named).encode()).hexdigest()[:24]
    return application().exporting.order(Scope.SELECTION, digest, documents, actor)


def chosen(references: Iterable[tuple[str, int]]) -> list[Document]:
    """Documents by job and number, each once, by company. Raises InvalidJobId, UnknownDocument."""
    found = {}
    for job_id, number in references:
        if number > LARGEST_NUMBER:
            raise UnknownDocument(job_id, number)
        document = application().documents.get(job_id, number)
        found[document.job_id, number] = document
    return sorted(found.values(), key=lambda each: (each.company_name, each.cin))


def flat(filings: Iterable[CompanyFiling]) -> list[Document]:
    """The documents, each followed by its attachments."""
    return [document for filing in filings for document in (filing.document, *filing.attachments)]


def _sorted(documents: Iterable[Document]) -> list[Document]:
    return sorted(documents, key=lambda each: each.place)


def may_delete(request: HttpRequest, job: Job) -> bool:
    """Users delete their own exports; with the right to delete jobs, all of them."""
    return bool(
        request.user.has_perm(Permission.DELETE)
        or (request.user.has_perm(Permission.EXPORT) and job.requested_by == request.user.get_username())
    )


def title(job: Job) -> str:
    """The title of the export, for people."""
    scope = job.export.scope if job.export else None
    return {
        Scope.ORDER: f"Order of {job.company_name}",
        Scope.COMPANY: f"All filings of {job.company_name}",
    }.get(scope, f"Selection from {job.company_name}")  # type: ignore[arg-type]


def part_of(export: Export, number: int) -> Part:
    """Raises UnknownPart."""
    for part in export.parts:
        if part.number == number:
            return part
    raise UnknownPart(number)


def part_response(request: HttpRequest, job: Job, export: Export, part: Part) -> HttpResponseBase:
    """A part as a file to save, or a range of it. Raises BlobNotFound, BlobStoreUnavailable."""
    which = f" part {part.number} of {export.planned}" if export.planned > 1 else ""
    return file_response(
        request,
        part.blob_name,
        part.size,
        filename=f"{_file_name(job)}{which}.zip",
        content_type="application/zip",
    )


def manifest_response(job: Job, export: Export, kind: str) -> HttpResponse:
    """The manifest of all parts as csv or json. Raises BlobNotFound, BlobStoreUnavailable."""
    content_type, write = _MANIFESTS[kind]
    text = write(lines(application().exporting.plan(job), export))
    response = HttpResponse(text, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="manifest-{job.id}.{kind}"'
    return response


def _file_name(job: Job) -> str:
    return safe(f"{job.company_name} {job.created_at:%Y-%m-%d}", _LONGEST_NAME, job.id)


def delete(job: Job, actor: Actor) -> None:
    """Delete an ended export. Raises WrongState, UnknownJob."""
    application().service.delete(job.id, actor)


def latest_of(scope: Scope, of: str) -> Job | None:
    """The newest export of an order or a company, unless it was cancelled or has expired; None if there is none."""
    app = application()
    job = next(iter(app.exporting.exports.of(scope, of, 1)), None)
    if job is None or job.status is JobStatus.CANCELLED:
        return None
    expires = expires_at(job)
    return job if expires is None or expires > app.clock() else None
