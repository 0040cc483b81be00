"""Alternatives to the catalogue's queries that the embedded server (nx-27017 0.8.1) does not support.

It does not group by computed keys or literals, or compare dates in aggregations.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pymongo.collection import Collection

from jobs.adapters.mongo.catalogue import ENDED, MongoCatalogue, capped
from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.connection import translated
from jobs.domain.listing import Bucket, Count


class EmbeddedCatalogue(MongoCatalogue):
    """``jobs.ports.Catalogue`` on the embedded server."""

    @translated
    def ended(self, since: datetime, until: datetime, seconds: int) -> list[Bucket]:
        """Counts in the index, bucket by bucket."""
        found, begins = [], datetime.fromtimestamp(int(since.timestamp()) // seconds * seconds, UTC)
        while begins < until:
            after = begins + timedelta(seconds=seconds)
            within = {"completedAt": {"$gte": max(since, begins), "$lt": min(until, after)}}
            by_status: list[Record] = [{"$match": within}, {"$group": {"_id": "$jobStatus", "n": {"$sum": 1}}}]
            groups = self._jobs.aggregate(by_status, hint="completedAt_jobStatus")
            numbers = {group["_id"]: group["n"] for group in groups}
            if numbers:
                counts = {name: sum(numbers.get(status, 0) for status in statuses) for name, statuses in ENDED.items()}
                found.append(Bucket(begins=begins, **counts))
            begins = after
        return found

    def _counts(self, collection: Collection[Record], branches: Sequence[Record], limit: int) -> list[Count]:
        return [capped(collection.count_documents(branch, limit=limit + 1), limit) for branch in branches]
