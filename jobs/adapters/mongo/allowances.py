"""Orders per person and month in MongoDB: one record per person, replaced only if nobody else did so meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.queue_filters import ORDERS
from jobs.adapters.mongo.records import COUNT, TEXT, TIME
from jobs.domain.allowances import Allowance, Hold

_HOLD = {
    "bsonType": "object",
    "required": ["at", "jobIds"],
    "properties": {"at": TIME, "jobIds": {"bsonType": "array", "items": TEXT}},
}
ALLOWANCE_SCHEMA: Document = {
    "bsonType": "object",
    "properties": {
        **dict.fromkeys(("_id", "month", "role"), TEXT),
        **dict.fromkeys(("used", "version"), COUNT),
        "holds": {"bsonType": "array", "items": _HOLD},
    },
}


class MongoAllowances:
    """``jobs.ports.Allowances`` on the collection ``allowances``."""

    def __init__(self, database: Database[Document]) -> None:
        self._allowances, self._jobs = database["allowances"], database["jobs"]

    @translated
    def of(self, by: str) -> Allowance:
        return _to_allowance(by, self._row(by))

    def _row(self, by: str) -> Mapping[str, Any]:
        return self._allowances.find_one({"_id": by}) or {}

    @translated
    def change(self, by: str, changed: Callable[[Allowance], Allowance]) -> Allowance:
        """Of several callers one succeeds in each round, so the number of rounds is that of the callers at most."""
        while True:
            row = self._row(by)
            before = _to_allowance(by, row)
            after = changed(before)
            if after == before or self._replace(by, row.get("version"), after):
                return after

    def _replace(self, by: str, version: int | None, after: Allowance) -> bool:
        """Whether the record still had this version; None: there was no record, or only a role."""
        unchanged = {"_id": by, "version": {"$exists": False} if version is None else version}
        values = {"month": after.month, "used": after.used, "holds": [_hold_fields(hold) for hold in after.holds]}
        update = {"$set": {**values, "version": (version or 0) + 1}}
        if self._allowances.update_one(unchanged, update).matched_count:
            return True
        if version is None:
            self._begin(by)
        return False

    def _begin(self, by: str) -> None:
        try:
            self._allowances.insert_one({"_id": by})
        except DuplicateKeyError:  # another caller was faster
            return

    @translated
    def ordered(self, by: str, since: datetime, limit: int) -> int:
        """Ids begin with the time of the order."""
        mine = {"requestedBy": by, "_id": {"$gte": ObjectId.from_datetime(since)}, **ORDERS}
        return self._jobs.count_documents(mine, limit=limit)

    @translated
    def role(self, by: str) -> str:
        return str(self._row(by).get("role", ""))

    @translated
    def note_role(self, by: str, role: str) -> None:
        row = self._row(by)
        if row.get("role", "") == role:
            return
        if not row:
            self._begin(by)
        self._allowances.update_one({"_id": by}, {"$set": {"role": role}})


def _hold_fields(hold: Hold) -> Document:
    return {"at": hold.at, "jobIds": list(hold.job_ids)}


def _to_allowance(by: str, row: Mapping[str, Any]) -> Allowance:
    holds = (Hold(at=each["at"], job_ids=tuple(each["jobIds"])) for each in row.get("holds", []))
    return Allowance(by=by, month=row.get("month", ""), used=row.get("used", 0), holds=tuple(holds))
