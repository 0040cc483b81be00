"""Lists of orders in MongoDB: their records, and the refused rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DuplicateKeyError

from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.keys import key_of, record_of
from jobs.adapters.mongo.notes import marked
from jobs.adapters.mongo.paging import page
from jobs.adapters.mongo.racing import duplicates
from jobs.adapters.mongo.records import known
from jobs.domain.job import VISIBLE, JobStatus
from jobs.domain.listing import Cursor, Page
from jobs.domain.order_list import OrderList, RefusedRow
from jobs.domain.wrong_use import UnknownList
from jobs.ports import Clock


class MongoOrderListRepository:
    """``jobs.ports.OrderListRepository`` on the collections ``lists`` and ``refusals``."""

    def __init__(self, database: Database[Document], clock: Clock) -> None:
        self._lists, self._refusals, self._jobs = database["lists"], database["refusals"], database["jobs"]
        self._clock = clock

    @translated
    def begin(self, made: OrderList) -> OrderList:
        """Not an upsert, whose rows the embedded server does not find by ``_id``."""
        record = {"_id": ObjectId(made.id), "name": made.name, "by": made.by, "at": made.at, "attempt": made.attempt}
        try:
            self._lists.insert_one(record)
        except DuplicateKeyError:
            self._lists.update_one(_not_done(made), {"$set": {"attempt": made.attempt}})
        return self.get(made.id)

    @translated
    def refuse(self, made: OrderList, rows: Sequence[RefusedRow]) -> None:
        """The unique key rejects rows that are stored already."""
        now = self._clock()
        try:
            if rows:
                records = [{**asdict(row), "listId": made.attempt, "at": now} for row in rows]
                self._refusals.insert_many(records, ordered=False)
        except BulkWriteError as error:
            duplicates(error)

    @translated
    def finish(self, made: OrderList, *, ordered: int, refused: int) -> None:
        done_at = self._clock()
        values = {"attempt": made.attempt, "ordered": ordered, "refused": refused, "doneAt": done_at}
        # Its orders may all have ended already.
        self._lists.update_one(_not_done(made), marked({"$set": values}, done_at))

    @translated
    def get(self, list_id: str) -> OrderList:
        return _to_list(record_of(self._lists, list_id, UnknownList(list_id)))

    @translated
    def wish(self, list_id: str, name: str, *, mail: bool) -> None:
        to, gone = ("mailTo", "noMailTo") if mail else ("noMailTo", "mailTo")
        key = {"_id": key_of(list_id, UnknownList(list_id))}
        if not self._lists.update_one(key, {"$addToSet": {to: name}, "$pull": {gone: name}}).matched_count:
            raise UnknownList(list_id)

    @translated
    def latest(self, cursor: Cursor | None, limit: int) -> Page[OrderList]:
        return page(self._lists, {}, "_id", DESCENDING, cursor, limit, _to_list)

    @translated
    def refused(self, list_id: str) -> Iterator[RefusedRow]:
        attempt = self.get(list_id).attempt
        for row in self._refusals.find({"listId": attempt}, sort=[("line", ASCENDING)]):
            yield RefusedRow(**{name: value for name, value in row.items() if name not in ("_id", "listId", "at")})

    @translated
    def states(self, list_id: str) -> dict[JobStatus, int]:
        groups = self._jobs.aggregate(
            [{"$match": {"listId": list_id}}, {"$group": {"_id": "$jobStatus", "count": {"$sum": 1}}}]
        )
        counted = {group["_id"]: group["count"] for group in groups}
        return {status: counted.get(str(status), 0) for status in VISIBLE}


def _not_done(made: OrderList) -> Document:
    return {"_id": ObjectId(made.id), "doneAt": {"$exists": False}}


def to_wishes(row: Mapping[str, Any]) -> dict[str, bool]:
    """Arrays, since the names of accounts are no names of fields."""
    return {**dict.fromkeys(row.get("mailTo", ()), True), **dict.fromkeys(row.get("noMailTo", ()), False)}


def _to_list(row: Mapping[str, Any]) -> OrderList:
    return OrderList(
        id=str(row["_id"]),
        **known({"name": row["name"], "by": row["by"], "at": row["at"], "done_at": row.get("doneAt")}),
        # Earlier versions stored refused rows with the id of the list.
        attempt=row.get("attempt", str(row["_id"])),
        ordered=row.get("ordered", 0),
        refused=row.get("refused", 0),
        wishes=to_wishes(row),
    )
