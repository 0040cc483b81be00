"""Deliveries in MongoDB. Ended ones have no ``nextAt``, so the index on it contains no history."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, ReturnDocument
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.id_ranges import newest_page
from jobs.adapters.mongo.keys import record_of
from jobs.adapters.mongo.racing import duplicates
from jobs.adapters.mongo.records import known
from jobs.domain.channels import Channel
from jobs.domain.deliveries import Attempt, Delivery, DeliveryFilter, DeliveryState
from jobs.domain.events import Event, EventType
from jobs.domain.listing import Cursor, Page
from jobs.domain.wrong_use import UnknownDelivery, WrongState
from jobs.ports import Clock

#: Deliveries of a later version's events wait until that version is installed again.
_KNOWN: Document = {"type": {"$in": [str(each) for each in EventType]}}
_LONGEST = [("nextAt", ASCENDING)]


class MongoDeliveryRepository:
    """``jobs.ports.DeliveryRepository`` on the collection ``deliveries``."""

    def __init__(self, database: Database[Document], clock: Clock) -> None:
        self._deliveries, self._clock = database["deliveries"], clock

    @translated
    def add(self, deliveries: Sequence[Delivery]) -> int:
        try:
            if deliveries:
                self._deliveries.insert_many([_to_record(each) for each in deliveries], ordered=False)
        except BulkWriteError as error:
            return len(deliveries) - len(duplicates(error))
        return len(deliveries)

    @translated
    def get(self, delivery_id: str) -> Delivery:
        return _to_delivery(record_of(self._deliveries, delivery_id, UnknownDelivery(delivery_id)))

    @translated
    def due(self, *, busy: Collection[str] = (), full: Collection[Channel] = ()) -> Delivery | None:
        left_out = {"target": busy, "channel": full}
        wanted = {name: {"$nin": sorted(each)} for name, each in left_out.items() if each}
        row = self._deliveries.find_one({"nextAt": {"$lte": self._clock()}, **_KNOWN, **wanted}, sort=_LONGEST)
        return _to_delivery(row) if row else None

    @translated
    def claim(self, delivery: Delivery, lease_seconds: float) -> Delivery | None:
        return self._claim({"_id": ObjectId(delivery.id), "fence": delivery.fence}, lease_seconds)

    @translated
    def claim_alike(self, delivery: Delivery, lease_seconds: float, limit: int) -> list[Delivery]:
        alike = {"target": delivery.target, "channel": str(delivery.channel)}
        claimed: list[Delivery] = []
        while len(claimed) < limit and (another := self._claim(alike, lease_seconds)):
            claimed.append(another)
        return claimed

    def _claim(self, wanted: Document, lease_seconds: float) -> Delivery | None:
        now = self._clock()
        row = self._deliveries.find_one_and_update(
            {"nextAt": {"$lte": now}, **_KNOWN, **wanted},
            {"$set": {"nextAt": now + timedelta(seconds=lease_seconds)}, "$inc": {"fence": 1, "attempts": 1}},
            sort=_LONGEST,
            return_document=ReturnDocument.AFTER,
        )
        return _to_delivery(row) if row else None

    @translated
    def save(
        self, delivery: Delivery, attempt: Attempt | None, state: DeliveryState, next_at: datetime | None = None
    ) -> bool:
        held = {"_id": ObjectId(delivery.id), "fence": delivery.fence, "state": str(DeliveryState.PENDING)}
        ended = state is not DeliveryState.PENDING
        values = known(
            {
                "state": str(state),
                "nextAt": None if ended else next_at,
                "endedAt": self._clock() if ended else None,
                "last": _attempt_fields(attempt) if attempt else None,
            }
        )
        update: Document = {"$set": values, **({"$unset": {"nextAt": ""}} if ended else {})}
        return self._deliveries.update_one(held, update).matched_count > 0

    @translated
    def resend(self, delivery_id: str) -> Delivery:
        current = self.get(delivery_id)
        ended = {"_id": ObjectId(current.id), "fence": current.fence, "endedAt": {"$exists": True}}
        again = {"state": str(DeliveryState.PENDING), "nextAt": self._clock(), "attempts": 0}
        row = self._deliveries.find_one_and_update(
            ended,
            {"$set": again, "$unset": {"endedAt": ""}, "$inc": {"fence": 1}},
            return_document=ReturnDocument.AFTER,
        )
        if row is None:
            raise WrongState("The delivery has not ended; it is tried again without being resent.")
        return _to_delivery(row)

    @translated
    def log(self, wanted: DeliveryFilter, cursor: Cursor | None, limit: int) -> Page[Delivery]:
        fields = {"target": wanted.target, "channel": wanted.channel, "state": wanted.state}
        filter_ = _KNOWN | {name: str(value) for name, value in fields.items() if value}
        return newest_page(self._deliveries, filter_, cursor, limit, _to_delivery)

    @translated
    def forget(self, before: datetime, limit: int) -> int:
        """Ids begin with the time of the event."""
        old = {"_id": {"$lt": ObjectId.from_datetime(before)}, "endedAt": {"$exists": True}}
        ids = [row["_id"] for row in self._deliveries.find(old, {"_id": True}, sort=[("_id", 1)], limit=limit)]
        return self._deliveries.delete_many({"_id": {"$in": ids}}).deleted_count if ids else 0


def _to_record(delivery: Delivery) -> Document:
    event = delivery.event
    return known(
        {
            "_id": ObjectId(delivery.id),
            "event": {"id": event.id, "at": event.at, "by": event.by, "data": dict(event.data)},
            "type": str(event.type),
            "channel": str(delivery.channel),
            "target": delivery.target,
            "state": str(delivery.state),
            "createdAt": delivery.created_at,
            "nextAt": delivery.next_at,
            "attempts": delivery.attempts,
            "fence": delivery.fence,
        }
    )


def _attempt_fields(attempt: Attempt) -> Document:
    return known(
        {
            "at": attempt.at,
            "seconds": float(attempt.seconds),
            "status": attempt.status,
            "error": attempt.error or None,
        }
    )


def _to_delivery(row: Mapping[str, Any]) -> Delivery:
    event, last = row["event"], row.get("last")
    return Delivery(
        id=str(row["_id"]),
        event=Event(id=event["id"], type=EventType(row["type"]), at=event["at"], by=event["by"], data=event["data"]),
        channel=Channel(row["channel"]),
        target=row["target"],
        state=DeliveryState(row["state"]),
        created_at=row["createdAt"],
        next_at=row.get("nextAt"),
        attempts=row["attempts"],
        fence=row["fence"],
        last=_to_attempt(last) if last else None,
        ended_at=row.get("endedAt"),
    )


def _to_attempt(last: Mapping[str, Any]) -> Attempt:
    return Attempt(at=last["at"], seconds=last["seconds"], status=last.get("status"), error=last.get("error", ""))
