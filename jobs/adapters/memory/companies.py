"""Companies in memory, from the other repositories."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from jobs.adapters.memory.documents import MemoryDocumentRepository
from jobs.adapters.memory.jobs import MemoryJobRepository
from jobs.domain.companies.statements import CompanyDocuments
from jobs.domain.company_id import id_prefix
from jobs.domain.company_names import company_key, words
from jobs.domain.job import Job, JobStatus
from jobs.domain.listing import CompanyOrder, Cursor, Page

AMONG = 1_000


class MemoryCompanies:
    """``jobs.ports.Companies``."""

    def __init__(self, jobs: MemoryJobRepository, documents: MemoryDocumentRepository) -> None:
        self._jobs = jobs
        self._documents = documents

    def listed(self, order: CompanyOrder, cursor: Cursor | None, limit: int) -> Page[Job]:
        newest: dict[tuple[str, str], Job] = {}
        for job in self._visible():
            newest.setdefault((company_key(job.company_name), job.cin), job)
        is_by_name = order is CompanyOrder.COMPANY
        rows = sorted((name if is_by_name else (-int(job.id, 16),), job) for name, job in newest.items())
        at = _at(cursor, is_by_name=is_by_name) if cursor else ()
        before, after = [job for key, job in rows if key < at], [job for key, job in rows if key > at]
        if cursor and cursor.before:
            shown, earlier, later = before[-limit:], len(before) > limit, True
        else:
            shown, earlier, later = after[:limit], cursor is not None, len(after) > limit
        return Page(
            items=shown,
            next=_place(shown[-1], is_by_name=is_by_name) if shown and later else None,
            previous=replace(_place(shown[0], is_by_name=is_by_name), before=True) if shown and earlier else None,
        )

    def found(self, text: str, limit: int) -> list[Job]:
        matching = [job for job in self._visible() if _matches(job, text.strip())][:AMONG]
        newest: dict[str, Job] = {}
        for job in matching:
            newest.setdefault(job.cin, job)
        return list(newest.values())[:limit]

    def ordered(self, cins: Collection[str]) -> set[str]:
        return {job.cin for job in self._visible()}.intersection(cins)

    def orders(self, cin: str, limit: int) -> list[Job]:
        return [job for job in self._visible() if job.cin == cin][:limit]

    def orders_of(self, cins: Collection[str], limit: int) -> dict[str, list[Job]]:
        return {cin: found for cin in cins if (found := self.orders(cin, limit))}

    def documents(self, cin: str, limit: int) -> CompanyDocuments:
        found = [each for job_id in self._documents.job_ids() for each in self._documents.of_job(job_id)]
        mine = [each for each in found if each.cin == cin]
        return CompanyDocuments.of(sorted(mine, key=lambda each: each.id, reverse=True)[:limit])

    def _visible(self) -> list[Job]:
        """The newest first."""
        return [job for job in self._jobs.newest_first() if job.status is not JobStatus.DELETING and not job.export]


def _at(cursor: Cursor, *, is_by_name: bool) -> tuple[object, ...]:
    cin, _, name = str(cursor.value).partition(" ")
    return (name, cin) if is_by_name else (-int(cursor.id, 16),)


def _place(job: Job, *, is_by_name: bool) -> Cursor:
    return Cursor(id=job.id, value=f"{job.cin} {company_key(job.company_name)}" if is_by_name else None)


def _matches(job: Job, text: str) -> bool:
    if not text:
        return False
    if start := id_prefix(text):
        return job.cin.startswith(start)
    wanted = words(text)
    return bool(wanted) and all(any(each.startswith(word) for each in words(job.company_name)) for word in wanted)
