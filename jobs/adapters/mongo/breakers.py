"""The breakers of sources in MongoDB, one record per source."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pymongo import ReturnDocument
from pymongo.database import Database

from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.racing import settled
from jobs.domain.sources import Breaker, BreakerRule

if TYPE_CHECKING:
    from jobs.ports import Clock

_CLOSED = {"$set": {"open": False, "failures": 0, "probes": 0}, "$unset": {"since": "", "probeAt": "", "reason": ""}}


class MongoBreakerRepository:
    """``jobs.ports.BreakerRepository`` on the collection ``breakers``."""

    def __init__(self, database: Database[Document], clock: Clock) -> None:
        self._breakers = database["breakers"]
        self._clock = clock

    @translated
    def get(self, source: str) -> Breaker:
        return _to_breaker(self._breakers.find_one({"_id": source}) or {"_id": source})

    @translated
    def all(self) -> list[Breaker]:
        return sorted(map(_to_breaker, self._breakers.find({})), key=lambda breaker: breaker.source)

    @translated
    def fail(self, source: str, reason: str, rule: BreakerRule) -> tuple[Breaker, bool]:
        """Two writes. If the process dies in between, the next failure opens the breaker."""
        count = {"$inc": {"failures": 1}, "$setOnInsert": {"open": False, "probes": 0}}
        settled(lambda: self._breakers.update_one({"_id": source}, count, upsert=True))
        now = self._clock()
        opened = self._breakers.find_one_and_update(
            {"_id": source, "open": False, "failures": {"$gte": rule.failures}},
            {"$set": {"open": True, "since": now, "probeAt": now + rule.wait(0), "probes": 0, "reason": reason}},
            return_document=ReturnDocument.AFTER,
        )
        return (_to_breaker(opened), True) if opened else (self.get(source), False)

    @translated
    def succeed(self, source: str) -> None:
        self._breakers.update_one({"_id": source, "open": False, "failures": {"$gt": 0}}, {"$set": {"failures": 0}})

    @translated
    def begin_probe(self, source: str, seconds: float) -> Breaker | None:
        now = self._clock()
        record = self._breakers.find_one_and_update(
            {"_id": source, "open": True, "probeAt": {"$lte": now}},
            {"$set": {"probeAt": now + timedelta(seconds=seconds)}},
            return_document=ReturnDocument.AFTER,
        )
        return _to_breaker(record) if record else None

    @translated
    def fail_probe(self, probe: Breaker, reason: str, rule: BreakerRule) -> Breaker:
        planned = {"probeAt": self._clock() + rule.wait(probe.probes + 1), "probes": probe.probes + 1, "reason": reason}
        record = self._breakers.find_one_and_update(
            {"_id": probe.source, "open": True, "probeAt": probe.probe_at},
            {"$set": planned},
            return_document=ReturnDocument.AFTER,
        )
        return _to_breaker(record) if record else self.get(probe.source)

    @translated
    def close(self, source: str) -> None:
        self._breakers.update_one({"_id": source, "open": True}, _CLOSED)


def _to_breaker(record: Document) -> Breaker:
    return Breaker(
        source=record["_id"],
        failures=record.get("failures", 0),
        is_open=record.get("open", False),
        since=record.get("since"),
        probe_at=record.get("probeAt"),
        probes=record.get("probes", 0),
        reason=record.get("reason"),
    )
