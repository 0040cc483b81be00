"""What the embedded server (nx-27017 0.8.1) cannot do for the catalogue, done another way. Only for it.

It finds no element of an array by a pattern, groups by no computed key, compares no dates in an
aggregation, and names no literal group. What stands here reads more than it shows: on one machine
with a demonstration's worth of jobs that is quick enough.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from pymongo.collection import Collection

from jobs.adapters.mongo.catalogue import MongoCatalogue, capped
from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.connection import translated
from jobs.domain.listing import Bucket, Count


class EmbeddedCatalogue(MongoCatalogue):
    """``jobs.ports.Catalogue`` on the embedded server."""

    @translated
    def ended(self, since: datetime, until: datetime, seconds: int) -> list[Bucket]:
        """See the port."""
        rows = self._jobs.find({"completedAt": {"$gte": since, "$lt": until}}, {"completedAt": True, "jobStatus": True})
        counted = Counter((int(row["completedAt"].timestamp()) // seconds * seconds, row["jobStatus"]) for row in rows)
        begins = sorted({at for at, _ in counted})
        return [
            Bucket(
                begins=datetime.fromtimestamp(at, UTC), completed=counted[at, "completed"],
                failed=counted[at, "failed"], cancelled=counted[at, "cancelled"],
            )
            for at in begins
        ]  # fmt: skip

    def _word(self, word: str) -> Record:
        return {"companyName": {"$regex": r"(^|[^\w])" + re.escape(word), "$options": "i"}}

    def _counts(self, collection: Collection[Record], branches: Sequence[Record], limit: int) -> list[Count]:
        return [capped(collection.count_documents(branch, limit=limit + 1), limit) for branch in branches]
