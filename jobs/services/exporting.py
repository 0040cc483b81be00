"""Orders exports: jobs that pack stored documents into ZIP files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import md5

from jobs.domain.audit import Action, Actor
from jobs.domain.document import Document
from jobs.domain.export import KEPT, MOST_BYTES, MOST_DOCUMENTS, Entry, Export, Scope, plan_blob_name, planned
from jobs.domain.export_manifest import from_json, to_json
from jobs.domain.job import Job
from jobs.domain.wrong_use import ExportExpired, InvalidExport, UnknownExport, UnknownJob, WrongState
from jobs.ports import Exports
from jobs.services.auditing import audited
from jobs.services.ordering import JobService
from jobs.services.tasks import new_task

#: In the audit log, for exports that nobody deleted in time.
EXPIRY = Actor(name="expiry")
_REMOVED_AT_ONCE = 5
_GIB = 1024**3


@dataclass(frozen=True, kw_only=True)
class ExportService:
    """The use cases of exports. Cancelling, retrying and deleting are those of every job, in ``service``."""

    exports: Exports
    service: JobService
    part_bytes: int

    def order(self, scope: Scope, of: str, documents: Sequence[Document], actor: Actor) -> Job:
        """Order the documents as ZIP files, in this sequence. Returns the job, or the unfinished one of an equal order.

        The plan is stored before the job. If that is interrupted, the sweep removes it.
        Raises InvalidExport, WrongState.
        """
        _check(documents)
        self.remove_expired(EXPIRY, _REMOVED_AT_ONCE)
        entries = planned(documents, self.part_bytes)
        job = self._job(scope, of, documents, entries, actor.name)
        if holder := self.service.jobs.holder(job.unique_key):
            return self.service.jobs.get(holder)
        data = to_json(entries)
        self.service.blobs().put(
            plan_blob_name(job.id),
            io.BytesIO(data),
            content_type="application/json",
            md5=md5(data, usedforsecurity=False).digest(),
            fence=0,
            metadata={"jobId": job.id},
        )
        about = f"{len(entries)} documents of {job.company_name}, {job.cin}"
        with audited(self.service.audit, self.service.clock, Action.EXPORT, actor, job_id=job.id, details=about):
            if not self.service.jobs.add_tasks([job]):
                self.service.blobs().delete(plan_blob_name(job.id))
                raise WrongState("The same ZIP was ordered at the same moment.")
        self.service.wake()
        return job

    def _job(
        self, scope: Scope, of: str, documents: Sequence[Document], entries: Sequence[Entry], requested_by: str
    ) -> Job:
        stored = [entry.file for entry in entries if entry.file]
        export = Export(
            scope=scope,
            of=of,
            planned=max(entry.part for entry in entries),
            size=sum(file.size for file in stored),
            unstored=len(entries) - len(stored),
        )
        return new_task(
            documents,
            len(stored),
            job_id=self.service.new_id(),
            requested_by=requested_by,
            now=self.service.clock(),
            max_attempts=self.service.max_attempts,
            export=export,
        )

    def get(self, export_id: str) -> tuple[Job, Export]:
        """Raises InvalidJobId, UnknownExport, ExportExpired."""
        try:
            job = self.service.jobs.get(export_id)
        except UnknownJob:
            raise UnknownExport(export_id) from None
        if job.export is None:
            raise UnknownExport(export_id)
        if (expires := expires_at(job)) and expires <= self.service.clock():
            raise ExportExpired
        return job, job.export

    def plan(self, job: Job) -> list[Entry]:
        """The documents of an export. Raises BlobNotFound."""
        with self.service.blobs().open(plan_blob_name(job.id)) as blob:
            return from_json(blob.read())

    def remove_expired(self, actor: Actor, limit: int) -> int:
        """Delete up to ``limit`` exports that ended more than a week ago. Returns their number."""
        return self.service.delete_each(self.exports.ended_before(self.service.clock() - KEPT, limit), actor)


def expires_at(job: Job) -> datetime | None:
    """When an ended export is removed; None for an unfinished one."""
    return job.completed_at + KEPT if job.completed_at else None


def _check(documents: Sequence[Document]) -> None:
    stored = [document.file.size for document in documents if document.file]
    if not stored:
        raise InvalidExport("None of these documents is stored yet, so there is nothing to pack.")
    if len(documents) > MOST_DOCUMENTS:
        raise InvalidExport(f"A ZIP has at most {MOST_DOCUMENTS:,} documents, not {len(documents):,}. Choose fewer.")
    if sum(stored) > MOST_BYTES:
        size = f"{sum(stored) / _GIB:,.1f} GiB"
        raise InvalidExport(f"These documents have {size}; a ZIP takes at most {MOST_BYTES // _GIB} GiB. Choose fewer.")
