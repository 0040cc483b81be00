"""Alternatives to the catalogue's queries that the embedded server (nx-27017 0.8.1) does not support.

It does not group by computed keys or literals, or compare dates in aggregations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from pymongo.collection import Collection

from jobs.adapters.mongo import buckets
from jobs.adapters.mongo.buckets import bucket, periods
from jobs.adapters.mongo.catalogue import MongoCatalogue, capped
from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.connection import translated
from jobs.domain.listing import UNKNOWN_WAIT, Bucket, Count, bucket_begin

#: Ends that are read one by one.
_FEW = 2_000


class EmbeddedCatalogue(MongoCatalogue):
    """``jobs.ports.Catalogue`` on the embedded server."""

    @translated
    def ended(self, since: datetime, until: datetime, seconds: int) -> list[Bucket]:
        """Few ends are read and counted here; many are counted in the index, bucket by bucket."""
        within = {"completedAt": {"$gte": since, "$lt": until}}
        if self._jobs.count_documents(within, limit=_FEW + 1) > _FEW:
            return self._ended_in_index(since, until, seconds)
        numbers: dict[datetime, Counter[str]] = {}
        for row in self._jobs.find(within, {"completedAt": True, "jobStatus": True}):
            numbers.setdefault(bucket_begin(row["completedAt"], seconds), Counter())[row["jobStatus"]] += 1
        return [bucket(begins, numbers[begins]) for begins in sorted(numbers)]

    def _ended_in_index(self, since: datetime, until: datetime, seconds: int) -> list[Bucket]:
        found = []
        for begins, within in periods(since, until, seconds):
            by_status: list[Record] = [{"$match": within}, {"$group": {"_id": "$jobStatus", "n": {"$sum": 1}}}]
            groups = self._jobs.aggregate(by_status, hint="completedAt_jobStatus")
            if numbers := {group["_id"]: group["n"] for group in groups}:
                found.append(bucket(begins, numbers))
        return found

    @translated
    def longest_waits(self, since: datetime, until: datetime, seconds: int) -> dict[datetime, float]:
        """As in ``ended``, few are read and compared here."""
        within = {"startedAt": {"$gte": since, "$lt": until}}
        rows = list(self._runs.find(within, {"startedAt": True, "waitedSeconds": True}, limit=_FEW + 1))
        if len(rows) > _FEW:
            return buckets.longest_waits(self._runs, since, until, seconds)
        waits: dict[datetime, float] = {}
        for row in rows:
            begins = bucket_begin(row["startedAt"], seconds)
            waits[begins] = max(waits.get(begins, 0.0), row.get("waitedSeconds", UNKNOWN_WAIT))
        return waits

    def _counts(self, collection: Collection[Record], branches: Sequence[Record], limit: int) -> list[Count]:
        return [capped(collection.count_documents(branch, limit=limit + 1), limit) for branch in branches]
