"""Request and response bodies of exports."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, StrictInt

from jobs.domain.companies.filings import Category, CompanyFiling
from jobs.domain.export import Scope
from jobs.domain.job import Job
from jobs.services import expires_at
from jobs.web.api.base import Out, PageOut
from jobs.web.api.inputs import Body, Status, Text
from jobs.web.export_links import LONGEST_DAYS

JobIdIn = Annotated[str, Field(pattern="^[0-9a-f]{24}$")]


class DocumentReferenceIn(Body):
    """One document of a job."""

    job_id: JobIdIn
    number: StrictInt = Field(ge=1, le=2**31 - 1)


class ExportIn(Body):
    """The documents to pack: those of ``jobId``, the filings of ``cin``, or ``documents``; one of the three.

    ``category`` and ``year`` choose among the filings of a company.
    """

    job_id: JobIdIn | None = None
    cin: Text | None = None
    category: Category | None = None
    year: StrictInt | None = Field(None, ge=1850, le=2200)
    documents: list[DocumentReferenceIn] | None = Field(None, min_length=1, max_length=1000)

    def matching(self, filings: Iterable[CompanyFiling]) -> list[CompanyFiling]:
        return [each for each in filings if self.category in (None, each.category) and self.year in (None, each.year)]


class LinkIn(Body):
    """A new link. ``note`` names its recipient."""

    days: StrictInt = Field(LONGEST_DAYS, ge=1, le=LONGEST_DAYS)
    note: Annotated[str, Field(max_length=80)] = ""


class PartOut(Out):
    """A finished part: a ZIP of its own. ``size`` is in bytes."""

    number: int
    size: int
    documents: int


class ExportOut(Out):
    """Documents in ZIP files. ``exportId`` is also its job's id.

    ``documents`` is the number to pack, ``packed`` those done so far, ``missing`` those left out: the manifest gives
    the reasons. ``planned`` is the number of parts, ``size`` the bytes of all documents. ``expiresAt`` is null until
    it has ended.
    """

    export_id: str
    scope: Scope
    job_id: str | None
    cin: str
    company_name: str
    status: Status
    documents: int
    packed: int
    missing: int
    size: int
    planned: int
    parts: list[PartOut]
    error: str | None
    requested_by: str
    created_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, job: Job) -> Self:
        assert job.export  # noqa: S101  only exports get here
        export = job.export
        return cls.model_construct(
            export_id=job.id,
            scope=export.scope,
            job_id=export.of if export.scope is Scope.ORDER else None,
            cin=job.cin,
            company_name=job.company_name,
            status=job.status,
            documents=job.progress.total or 0,
            packed=job.progress.downloaded,
            missing=export.missing,
            size=export.size,
            planned=export.planned,
            parts=[PartOut.model_validate(part) for part in export.parts],
            error=job.last_error.message if job.last_error else None,
            requested_by=job.requested_by,
            created_at=job.created_at,
            expires_at=expires_at(job),
        )


class ExportsOut(PageOut):
    """A page of exports, newest first. ``next`` and ``previous`` are cursors, null at the ends."""

    items: list[ExportOut]


class LinkOut(Out):
    """A link to an export. ``prefix`` is the beginning of its secret."""

    link_id: int
    note: str
    prefix: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    downloads: int


class NewLinkOut(LinkOut):
    """A new link with its address, which is not shown again."""

    url: str


class LinksOut(Out):
    """All links of an export, newest first."""

    items: list[LinkOut]
