"""The audit log in MongoDB."""

from __future__ import annotations

from bson import ObjectId
from pymongo import DESCENDING
from pymongo.database import Database

from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.records import known
from jobs.domain.audit import Action, AuditEntry
from jobs.domain.job import parse_job_id


class MongoAuditLog:
    """``jobs.ports.AuditLog`` on the collection ``audit``."""

    def __init__(self, database: Database[Document]) -> None:
        self._entries = database["audit"]

    @translated
    def add(self, entry: AuditEntry) -> str:
        """See the port."""
        fields = known({
            "jobId": entry.job_id, "action": str(entry.action), "by": entry.by, "at": entry.at,
            "address": entry.address, "details": entry.details, "refused": entry.refused,
        })  # fmt: skip
        return str(self._entries.insert_one(fields).inserted_id)

    @translated
    def refuse(self, entry_id: str, reason: str) -> None:
        """See the port."""
        self._entries.update_one({"_id": ObjectId(entry_id)}, {"$set": {"refused": reason}})

    @translated
    def of_job(self, job_id: str, limit: int) -> list[AuditEntry]:
        """See the port."""
        rows = self._entries.find({"jobId": parse_job_id(job_id)}, sort=[("at", DESCENDING)], limit=limit)
        return [
            AuditEntry(
                job_id=row["jobId"], action=Action(row["action"]), by=row["by"], at=row["at"],
                address=row.get("address"), details=row.get("details"), refused=row.get("refused"),
            )
            for row in rows
        ]  # fmt: skip
