"""Permits for requests to hosts in MongoDB: one record per host, changed by atomic updates.

``places`` is the line, in the order of arrival. The places at its beginning have permits, and a place only moves
forward, so a worker that has a permit keeps it until its place is removed. ``nextAt`` is a number of milliseconds,
because dates cannot be incremented.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.database import Database

from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.racing import settled
from jobs.domain.sources import HostLimits, HostUse
from jobs.ports import Clock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class MongoHostRepository:
    """``jobs.ports.HostRepository`` on the collection ``hosts``."""

    def __init__(self, database: Database[Document], clock: Clock) -> None:
        self._hosts = database["hosts"]
        self._clock = clock

    @translated
    def join(self, host: str, limits: HostLimits, place: str, lease_seconds: float) -> int:
        now = self._clock()
        wanted = {"perSecond": float(limits.per_second), "concurrency": limits.concurrency, "usedAt": now}
        joined = {"name": place, "until": now + timedelta(seconds=lease_seconds)}
        update = {"$push": {"places": joined}, "$set": wanted, "$max": {"nextAt": _milliseconds(now)}}
        return self._before(self._change({"_id": host}, update, upsert=True) or {}, place, now)

    @translated
    def renew(self, host: str, place: str, lease_seconds: float) -> int | None:
        now = self._clock()
        update = {"$set": {"places.$.until": now + timedelta(seconds=lease_seconds), "usedAt": now}}
        record = self._change({"_id": host, "places.name": place}, update)
        return self._before(record, place, now) if record else None

    def _before(self, record: Document, place: str, now: datetime) -> int:
        """The number of places before this one. Expired ones count until they are removed.

        Otherwise an expired worker could renew its place after another has counted it as gone.
        """
        before = _before(record, place)
        if any(each["until"] <= now for each in before):
            expired = {"$pull": {"places": {"until": {"$lte": now}}}}
            before = _before(self._change({"_id": record["_id"]}, expired) or {}, place)
        return len(before)

    def _change(self, wanted: Document, update: Document, *, upsert: bool = False) -> Document | None:
        """Change a record atomically. Returns it as it is afterwards; None if none matches."""
        return settled(
            lambda: self._hosts.find_one_and_update(wanted, update, upsert=upsert, return_document=ReturnDocument.AFTER)
        )

    @translated
    def leave(self, host: str, place: str) -> None:
        self._change({"_id": host}, {"$pull": {"places": {"name": place}}})

    @translated
    def book(self, host: str, limits: HostLimits) -> datetime:
        """If another worker books between the two updates, this one gets the time after it."""
        now, interval = self._clock(), limits.interval // _MILLISECOND
        self._not_before(host, now)
        record = self._change({"_id": host}, {"$inc": {"nextAt": interval, "started": 1}}, upsert=True) or {}
        return _time(record["nextAt"] - interval)

    @translated
    def pause(self, host: str, until: datetime) -> None:
        self._not_before(host, until)

    def _not_before(self, host: str, time: datetime) -> None:
        update = {"$max": {"nextAt": _milliseconds(time)}, "$set": {"usedAt": self._clock()}}
        self._change({"_id": host}, update, upsert=True)

    @translated
    def in_use(self) -> list[HostUse]:
        now = self._clock()
        # Sorted here: there is a record per host, and the embedded server cannot sort every type of key.
        return sorted((_use(record, now) for record in self._hosts.find({})), key=lambda use: use.host)


def _before(record: Document, place: str) -> list[dict[str, Any]]:
    places: list[dict[str, Any]] = record["places"]
    return places[: next(index for index, each in enumerate(places) if each["name"] == place)]


def _use(record: Document, now: datetime) -> HostUse:
    limits = HostLimits(per_second=record.get("perSecond", 1.0), concurrency=record.get("concurrency", 1))
    alive = sum(each["until"] > now for each in record.get("places", []))
    in_use = min(alive, limits.concurrency)
    return HostUse(
        host=record["_id"],
        limits=limits,
        in_use=in_use,
        waiting=alive - in_use,
        started=record.get("started", 0),
        next_at=_time(record.get("nextAt", 0)),
    )


def _milliseconds(time: datetime) -> int:
    return (time - _EPOCH) // _MILLISECOND


def _time(milliseconds: int) -> datetime:
    return _EPOCH + milliseconds * _MILLISECOND
