"""The audit log in memory."""

from __future__ import annotations

from dataclasses import replace

from jobs.domain.audit import AuditEntry, AuditFilter
from jobs.domain.job import parse_job_id
from jobs.domain.listing import Cursor, Page


class MemoryAuditLog:
    """``jobs.ports.AuditLog`` over a list."""

    def __init__(self) -> None:
        self._entries: list[AuditEntry] = []

    def add(self, entry: AuditEntry) -> str:
        self._entries.append(replace(entry, unfinished=True))
        return str(len(self._entries) - 1)

    def finish(self, entry_id: str) -> None:
        self._entries[int(entry_id)] = replace(self._entries[int(entry_id)], unfinished=False)

    def refuse(self, entry_id: str, reason: str) -> None:
        entry = self._entries[int(entry_id)]
        self._entries[int(entry_id)] = replace(entry, refused=reason, unfinished=False)

    def of_job(self, job_id: str, limit: int) -> list[AuditEntry]:
        mine = [entry for entry in reversed(self._entries) if entry.job_id == parse_job_id(job_id)]
        return mine[:limit]

    def entries(self, wanted: AuditFilter, cursor: Cursor | None, limit: int) -> Page[AuditEntry]:
        """The cursor's id is an entry's number. There are no previous pages."""
        last = int(cursor.id, 16) if cursor else len(self._entries)
        found = [at for at in reversed(range(last)) if _matches(self._entries[at], wanted)]
        following = Cursor(id=f"{found[limit - 1]:024x}") if len(found) > limit else None
        return Page(items=[self._entries[at] for at in found[:limit]], next=following)


def _matches(entry: AuditEntry, wanted: AuditFilter) -> bool:
    return (
        (not wanted.job_id or entry.job_id == wanted.job_id)
        and (not wanted.by or entry.by == wanted.by)
        and (wanted.action is None or entry.action is wanted.action)
        and (wanted.since is None or entry.at.date() >= wanted.since)
        and (wanted.until is None or entry.at.date() <= wanted.until)
    )
