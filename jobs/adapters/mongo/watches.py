"""Watches in MongoDB.

A watch that is not paused has ``nextAt``, and one whose recheck is not settled has ``jobId``, so the indexes on both
contain no others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from bson import ObjectId
from pymongo import ASCENDING, ReturnDocument, UpdateOne
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.id_ranges import newest_page
from jobs.adapters.mongo.keys import key_of, record_of
from jobs.adapters.mongo.notes import keep_notes, noted
from jobs.adapters.mongo.racing import duplicates
from jobs.adapters.mongo.records import known
from jobs.adapters.mongo.watch_records import check_fields, to_record, to_watch
from jobs.domain.events import Note
from jobs.domain.listing import Cursor, Page
from jobs.domain.watching import Check, CheckOutcome, Interval, Watch
from jobs.domain.wrong_use import UnknownWatch
from jobs.ports import Clock

_UNSETTLED = {"jobId": "", "placing": ""}
_PAUSED = {"pausedReason": {"$exists": True}}


class MongoWatchRepository:
    """``jobs.ports.WatchRepository`` on the collection ``watches``."""

    def __init__(self, database: Database[Document], clock: Clock) -> None:
        self._watches = database["watches"]
        self._clock = clock

    @translated
    def add(self, watches: Sequence[Watch]) -> int:
        if not watches:
            return 0
        try:
            self._watches.insert_many([to_record(each) for each in watches], ordered=False)
        except BulkWriteError as error:
            return len(watches) - len(duplicates(error))
        return len(watches)

    @translated
    def get(self, watch_id: str) -> Watch:
        return to_watch(record_of(self._watches, watch_id, UnknownWatch(watch_id)))

    @translated
    def of_user(self, cin: str, by: str) -> Watch | None:
        row = self._watches.find_one({"cin": cin, "by": by})
        return to_watch(row) if row else None

    @translated
    def watched(self, by: str, cins: Collection[str]) -> set[str]:
        rows = self._watches.find({"by": by, "cin": {"$in": sorted(cins)}}, {"cin": True})
        return {row["cin"] for row in rows}

    @translated
    def of_company(self, cin: str, limit: int) -> list[Watch]:
        rows = self._watches.find({"cin": cin}, limit=limit)
        return sorted(map(to_watch, rows), key=lambda each: each.id)

    @translated
    def latest(self, by: str | None, list_id: str | None, cursor: Cursor | None, limit: int) -> Page[Watch]:
        return newest_page(self._watches, known({"by": by, "listId": list_id}), cursor, limit, to_watch)

    @translated
    def count(self, by: str, limit: int) -> int:
        return self._watches.count_documents({"by": by}, limit=limit)

    @translated
    def due(self, limit: int) -> list[Watch]:
        idle = {"nextAt": {"$lte": self._clock()}, "jobId": {"$exists": False}}
        return [to_watch(row) for row in self._watches.find(idle, sort=[("nextAt", ASCENDING)], limit=limit)]

    @translated
    def unsettled(self, limit: int) -> list[Watch]:
        rows = self._watches.find({"jobId": {"$exists": True}}, sort=[("jobId", ASCENDING)], limit=limit)
        return [to_watch(row) for row in rows]

    @translated
    def begin(self, watch: Watch, job_id: str, next_at: datetime) -> Watch | None:
        row = self._watches.find_one_and_update(
            {"_id": ObjectId(watch.id), "nextAt": watch.next_at, "jobId": {"$exists": False}},
            {"$set": {"jobId": job_id, "placing": True, "nextAt": next_at}},
            return_document=ReturnDocument.AFTER,
        )
        return to_watch(row) if row else None

    @translated
    def placed(self, watch: Watch, job_id: str) -> None:
        self._watches.update_one(_rechecked(watch), {"$set": {"jobId": job_id}, "$unset": {"placing": ""}})

    @translated
    def postpone(self, watch: Watch, until: datetime, check: Check | None = None) -> None:
        """A paused watch gets no time, so the second write is for it."""
        active = {**_rechecked(watch), "nextAt": {"$exists": True}}
        last = {"last": check_fields(check)} if check else {}
        self._watches.update_one(active, {"$set": {"nextAt": until, **last}, "$unset": _UNSETTLED})
        paused = {"$set": last} if last else {}
        self._watches.update_one(_rechecked(watch), {**paused, "$unset": _UNSETTLED})

    @translated
    def settle(
        self,
        watch: Watch,
        check: Check,
        *,
        seen: int | None = None,
        note: Note | None = None,
        paused_reason: str | None = None,
    ) -> bool:
        checked = check.outcome is CheckOutcome.CHECKED
        failed = check.outcome is CheckOutcome.FAILED
        values = known(
            {
                "last": check_fields(check),
                "found": check_fields(check) if check.new else None,
                "baseline": check.job_id if checked else None,
                "checkedAt": check.at if checked else None,
                "seen": seen if checked else None,
                "failures": 0 if checked else watch.failures + failed,
                "pausedReason": paused_reason,
            }
        )
        gone = {**_UNSETTLED, "nextAt": ""} if paused_reason else _UNSETTLED
        update: Document = {"$set": values, "$unset": gone}
        return self._watches.update_one(_rechecked(watch), noted(update, note) if note else update).modified_count > 0

    @translated
    def change(self, watch: Watch, interval: Interval, next_at: datetime) -> Watch:
        key = ObjectId(watch.id)
        active = {"_id": key, "nextAt": {"$exists": True}}
        self._watches.update_one({"_id": key}, {"$set": {"interval": str(interval)}})
        self._watches.update_one(active, {"$set": {"nextAt": next_at}})
        return self.get(watch.id)

    @translated
    def pause(self, watch_id: str, reason: str, by: str) -> Watch:
        paused = {"$set": {"pausedReason": reason, "pausedBy": by}, "$unset": {"nextAt": ""}}
        return self._changed({"_id": _key(watch_id)}, paused, watch_id)

    @translated
    def pause_all(self, by: str, reason: str) -> None:
        active = {"by": by, "nextAt": {"$exists": True}}
        self._watches.update_many(active, {"$set": {"pausedReason": reason}, "$unset": {"nextAt": ""}})
        self._watches.update_many({"by": by, "pausedBy": {"$exists": True}}, {"$unset": {"pausedBy": ""}})

    @translated
    def resume(self, watch_id: str, next_at: datetime) -> Watch:
        return self._changed({"_id": _key(watch_id), **_PAUSED}, _resumed(next_at), watch_id)

    @translated
    def pause_list(self, list_id: str, by: str | None, reason: str, paused_by: str) -> int:
        active = {**_of_list(list_id, by), "nextAt": {"$exists": True}}
        paused = {"$set": {"pausedReason": reason, "pausedBy": paused_by}, "$unset": {"nextAt": ""}}
        return self._watches.update_many(active, paused).modified_count

    @translated
    def paused(self, list_id: str, by: str | None, limit: int) -> list[Watch]:
        by_people = {**_of_list(list_id, by), "pausedBy": {"$exists": True}}
        return [to_watch(row) for row in self._watches.find(by_people, limit=limit)]

    @translated
    def resume_many(self, times: Mapping[str, datetime]) -> int:
        writes = [
            UpdateOne({"_id": ObjectId(each), **_PAUSED}, _resumed(next_at)) for each, next_at in sorted(times.items())
        ]
        return self._watches.bulk_write(writes, ordered=False).modified_count if writes else 0

    def _changed(self, row: Document, update: Document, watch_id: str) -> Watch:
        found = self._watches.find_one_and_update(row, update, return_document=ReturnDocument.AFTER)
        return to_watch(found) if found else self.get(watch_id)

    @translated
    def delete(self, watch_id: str) -> None:
        """Events that nobody has read yet are kept; a recheck that settles meanwhile adds one."""
        key = {"_id": _key(watch_id)}
        while row := self._watches.find_one(key):
            keep_notes(self._watches.database, "watches", row)
            if self._watches.delete_one({**key, "notes": row.get("notes", {"$exists": False})}).deleted_count:
                return


def _key(watch_id: str) -> ObjectId:
    return key_of(watch_id, UnknownWatch(watch_id))


def _rechecked(watch: Watch) -> Document:
    """The filter of all writes about a recheck."""
    return {"_id": ObjectId(watch.id), "jobId": watch.job_id}


def _of_list(list_id: str, by: str | None) -> Document:
    return known({"listId": list_id, "by": by})


def _resumed(next_at: datetime) -> Document:
    return {"$set": {"nextAt": next_at, "failures": 0}, "$unset": {"pausedReason": "", "pausedBy": ""}}
