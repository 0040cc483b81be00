"""Bulk actions in MongoDB: their records, and the jobs that they refused.

A running action has ``leaseUntil``, so the index on it contains no ended actions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, ReturnDocument
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DuplicateKeyError

from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.keys import record_of
from jobs.adapters.mongo.paging import page
from jobs.adapters.mongo.racing import duplicates
from jobs.adapters.mongo.records import known
from jobs.domain.audit import Action
from jobs.domain.bulk_action import MOST_REFUSALS, BulkAction, BulkState, RefusedJob
from jobs.domain.listing import Cursor, Page
from jobs.domain.wrong_use import UnknownBulkAction
from jobs.ports import Clock


class MongoBulkActionRepository:
    """``jobs.ports.BulkActionRepository`` on the collections ``bulk_actions`` and ``bulk_refusals``."""

    def __init__(self, database: Database[Document], clock: Clock) -> None:
        self._actions, self._refusals = database["bulk_actions"], database["bulk_refusals"]
        self._clock = clock

    @translated
    def add(self, action: BulkAction) -> BulkAction:
        with suppress(DuplicateKeyError):
            self._actions.insert_one(_to_record(action))
        return self.get(action.id)

    @translated
    def get(self, action_id: str) -> BulkAction:
        return _to_action(record_of(self._actions, action_id, UnknownBulkAction(action_id)))

    @translated
    def latest(self, by: str | None, cursor: Cursor | None, limit: int) -> Page[BulkAction]:
        def read(filter_: Document, order: Sequence[tuple[str, int]], count: int) -> list[Document]:
            return list(self._actions.find(filter_, {"jobIds": False, "batch": False}, sort=order, limit=count))

        mine = {} if by is None else {"by": by}
        return page(self._actions, mine, "_id", DESCENDING, cursor, limit, _to_action, read)

    @translated
    def claim(self, owner: str, lease_seconds: float) -> BulkAction | None:
        now = self._clock()
        lease = {"owner": owner, "leaseUntil": now + timedelta(seconds=lease_seconds)}
        row = self._actions.find_one_and_update(
            {"leaseUntil": {"$lte": now}},
            {"$set": lease, "$inc": {"fence": 1}},
            sort=[("leaseUntil", ASCENDING)],
            return_document=ReturnDocument.AFTER,
        )
        return _to_action(row) if row else None

    @translated
    def next_expiry(self) -> datetime | None:
        running = {"leaseUntil": {"$exists": True}}
        row = self._actions.find_one(running, {"leaseUntil": True}, sort=[("leaseUntil", ASCENDING)])
        return row["leaseUntil"] if row else None

    @translated
    def renew(self, action: BulkAction, lease_seconds: float) -> BulkAction | None:
        until = self._clock() + timedelta(seconds=lease_seconds)
        row = self._actions.find_one_and_update(
            _held(action), {"$set": {"leaseUntil": until}}, return_document=ReturnDocument.AFTER
        )
        return _to_action(row) if row else None

    @translated
    def save(self, action: BulkAction, refused: Sequence[RefusedJob] = ()) -> bool:
        """The refused jobs first: after an interruption, the unique key rejects those that are stored already."""
        if refused and self._actions.find_one(_held(action), {"_id": True}) is None:
            return False
        self._refuse(action, refused)
        values = known(
            {
                "done": action.done,
                "refused": action.refused,
                "position": action.position,
                "batch": list(action.batch),
                "state": str(action.state),
                "problem": action.problem or None,
                "failures": action.failures,
                "endedAt": action.ended_at,
                "leaseUntil": action.lease_until if action.is_running else None,
            }
        )
        ended = {} if action.is_running else {"$unset": {"leaseUntil": ""}}
        return self._actions.update_one(_held(action), {"$set": values, **ended}).matched_count > 0

    def _refuse(self, action: BulkAction, refused: Sequence[RefusedJob]) -> None:
        kept = refused[: max(0, MOST_REFUSALS - self._kept(action))] if refused else []
        now = self._clock()
        rows = [{"bulkId": action.id, "jobId": each.job_id, "reason": each.reason, "at": now} for each in kept]
        try:
            if rows:
                self._refusals.insert_many(rows, ordered=False)
        except BulkWriteError as error:
            duplicates(error)

    def _kept(self, action: BulkAction) -> int:
        return self._refusals.count_documents({"bulkId": action.id}, limit=MOST_REFUSALS)

    @translated
    def request_stop(self, action_id: str) -> BulkAction:
        action = self.get(action_id)
        asked = {"_id": ObjectId(action.id), "state": str(BulkState.RUNNING), "stopRequestedAt": {"$exists": False}}
        self._actions.update_one(asked, {"$set": {"stopRequestedAt": self._clock()}})
        return self.get(action_id)

    @translated
    def refusals(self, action_id: str) -> Iterator[RefusedJob]:
        for row in self._refusals.find({"bulkId": action_id}, sort=[("jobId", ASCENDING)]):
            yield RefusedJob(job_id=row["jobId"], reason=row["reason"])


def _held(action: BulkAction) -> Document:
    """The filter of all writes with a lease."""
    return {"_id": ObjectId(action.id), "fence": action.fence, "state": str(BulkState.RUNNING)}


def _to_record(action: BulkAction) -> Document:
    return known(
        {
            "_id": ObjectId(action.id),
            "action": str(action.action),
            "priority": action.priority,
            "by": action.by,
            "address": action.address,
            "token": action.token,
            "at": action.at,
            "filters": action.filters,
            "zone": action.zone,
            "jobIds": list(action.job_ids),
            "newestId": action.newest_id,
            "total": action.total,
            "back": action.back,
            "done": action.done,
            "refused": action.refused,
            "position": action.position,
            "batch": list(action.batch),
            "state": str(action.state),
            "stopRequestedAt": action.stop_requested_at,
            "endedAt": action.ended_at,
            "owner": action.owner,
            "leaseUntil": action.lease_until,
            "fence": action.fence,
        }
    )


def _to_action(row: Mapping[str, Any]) -> BulkAction:
    return BulkAction(
        id=str(row["_id"]),
        action=Action(row["action"]),
        priority=row.get("priority"),
        by=row["by"],
        address=row.get("address"),
        token=row.get("token"),
        at=row["at"],
        filters=row["filters"],
        zone=row["zone"],
        job_ids=tuple(row.get("jobIds", ())),
        newest_id=row["newestId"],
        total=row.get("total"),
        back=row["back"],
        done=row["done"],
        refused=row["refused"],
        position=row["position"],
        batch=tuple(row.get("batch", ())),
        state=BulkState(row["state"]),
        stop_requested_at=row.get("stopRequestedAt"),
        problem=row.get("problem", ""),
        failures=row.get("failures", 0),
        ended_at=row.get("endedAt"),
        owner=row["owner"],
        lease_until=row.get("leaseUntil"),
        fence=row["fence"],
    )
