"""Usage per person and month in MongoDB: sums that the ledger adds to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from jobs.adapters.mongo.allowances import ALLOWANCE_SCHEMA
from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.paging import in_time
from jobs.adapters.mongo.records import COUNT, TEXT
from jobs.domain.usage import Usage

USED = ("orders", "documents", "bytes", "pages")
_SUM = {"bsonType": ["int", "long"]}
USAGE_VALIDATORS: dict[str, Document] = {
    "usage": {
        "bsonType": "object",
        "required": ["month", "by", "sequence"],
        "properties": {"_id": TEXT, "month": TEXT, "by": TEXT, "sequence": COUNT, **dict.fromkeys(USED, _SUM)},
    },
    "allowances": ALLOWANCE_SCHEMA,
}


def add_usage(usage: Collection[Document], sequence: int, used: Sequence[Document]) -> None:
    """Add a batch of the ledger to each person's month. A batch that is in there already has no effect."""
    sums: dict[tuple[str, str], Counter[str]] = {}
    for each in used:
        sums.setdefault((each["month"], each["by"]), Counter()).update({name: each[name] for name in USED})
    for (month, by), amounts in sums.items():
        key = f"{month} {by}"
        new = {"_id": key, "sequence": {"$lt": sequence}}
        update = {"$inc": dict(amounts), "$set": {"sequence": sequence}}
        if not usage.update_one(new, update).matched_count:
            with suppress(DuplicateKeyError):
                usage.insert_one({"_id": key, "month": month, "by": by, "sequence": 0, **dict.fromkeys(USED, 0)})
            usage.update_one(new, update)


class MongoUsage:
    """``jobs.ports.UsageSums`` on the collection ``usage``."""

    def __init__(self, database: Database[Document]) -> None:
        self._usage = database["usage"]

    @translated
    def since(self, month: str, by: str | None, limit: int) -> list[Usage]:
        wanted = {"month": {"$gte": month}, **({} if by is None else {"by": by})}
        order = [("month", DESCENDING), ("by", ASCENDING)]
        rows = in_time(self._usage, lambda: list(self._usage.find(wanted, sort=order, limit=limit)))
        return [Usage(month=row["month"], by=row["by"], **{name: row[name] for name in USED}) for row in rows]
