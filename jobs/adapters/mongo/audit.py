"""The audit log in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from pymongo import DESCENDING
from pymongo.database import Database

from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.filters import days_of_ids
from jobs.adapters.mongo.id_ranges import newest_page
from jobs.adapters.mongo.records import known
from jobs.domain.audit import Action, AuditEntry, AuditFilter
from jobs.domain.job import parse_job_id
from jobs.domain.listing import Cursor, Page


class MongoAuditLog:
    """``jobs.ports.AuditLog`` on the collection ``audit``."""

    def __init__(self, database: Database[Document]) -> None:
        self._entries = database["audit"]

    @translated
    def add(self, entry: AuditEntry) -> str:
        fields = known(
            {
                "jobId": entry.job_id,
                "action": str(entry.action),
                "by": entry.by,
                "at": entry.at,
                "address": entry.address,
                "details": entry.details,
                "bulkId": entry.bulk_id,
                "refused": entry.refused,
                "unfinished": True,
            }
        )
        return str(self._entries.insert_one(fields).inserted_id)

    @translated
    def finish(self, entry_id: str) -> None:
        self._entries.update_one({"_id": ObjectId(entry_id)}, {"$unset": {"unfinished": ""}})

    @translated
    def refuse(self, entry_id: str, reason: str) -> None:
        update = {"$set": {"refused": reason}, "$unset": {"unfinished": ""}}
        self._entries.update_one({"_id": ObjectId(entry_id)}, update)

    @translated
    def of_job(self, job_id: str, limit: int) -> list[AuditEntry]:
        newest_first = [("at", DESCENDING), ("_id", DESCENDING)]
        rows = self._entries.find({"jobId": parse_job_id(job_id)}, sort=newest_first, limit=limit)
        return [_entry(row) for row in rows]

    @translated
    def entries(self, wanted: AuditFilter, cursor: Cursor | None, limit: int) -> Page[AuditEntry]:
        named = {"jobId": wanted.job_id, "by": wanted.by, "action": wanted.action and str(wanted.action)}
        found: Document = {name: value for name, value in named.items() if value}
        if days := days_of_ids(wanted.since, wanted.until, wanted.zone):
            found["$and"] = days
        return newest_page(self._entries, found, cursor, limit, _entry)


def _entry(row: Mapping[str, Any]) -> AuditEntry:
    return AuditEntry(
        job_id=row.get("jobId"),
        action=Action(row["action"]),
        by=row["by"],
        at=row["at"],
        address=row.get("address"),
        details=row.get("details"),
        bulk_id=row.get("bulkId"),
        refused=row.get("refused"),
        unfinished=row.get("unfinished", False),
    )
