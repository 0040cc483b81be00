"""The directory of companies in MongoDB, in the collection ``directory``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from pymongo import InsertOne, ReplaceOne
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.connection import translated
from jobs.adapters.mongo.filters import begins_with
from jobs.adapters.mongo.paging import in_time
from jobs.adapters.mongo.racing import duplicates
from jobs.adapters.mongo.records import known
from jobs.domain.directory import ListedCompany, keys_of, plain_name
from jobs.ports.directory import Saved

#: Typing does not wait longer; MongoDB ends what takes longer.
SECONDS = 0.5
#: The shape of records and keys. A load overwrites records of another shape.
_SHAPE = 1
SHOWN = dict.fromkeys(
    ("name", "status", "class", "category", "state", "registeredOn", "authorisedCapital", "paidUpCapital"), True
)


class MongoDirectory:
    """``jobs.ports.Directory``. ``digest`` tells whether a company differs, without reading all of it."""

    def __init__(self, database: Database[Record]) -> None:
        self._directory = database["directory"]

    @translated
    def save(self, companies: Sequence[ListedCompany]) -> Saved:
        records = [_to_record(each) for each in companies]
        wanted = {"_id": {"$in": [record["_id"] for record in records]}}
        stored = {row["_id"]: row.get("digest") for row in self._directory.find(wanted, {"digest": True})}
        differing = [record for record in records if stored.get(record["_id"]) != record["digest"]]
        new = [record for record in differing if record["_id"] not in stored]
        changed = [record for record in differing if record["_id"] in stored]
        if differing:
            replaced = (ReplaceOne({"_id": record["_id"]}, record, upsert=True) for record in changed)
            self._write([*map(InsertOne, new), *replaced])
        return Saved(added=len(new), changed=len(changed))

    def _write(self, writes: Sequence[InsertOne[Record] | ReplaceOne[Record]]) -> None:
        """If another load adds the same company at once, the next load overwrites what differs."""
        try:
            self._directory.bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            duplicates(error)  # re-raises any other failure

    @translated
    def is_empty(self) -> bool:
        return self._directory.find_one({}, {"_id": True}) is None

    @translated
    def get(self, ids: Collection[str]) -> Mapping[str, ListedCompany]:
        rows = self._directory.find({"_id": {"$in": sorted(ids)}}, SHOWN) if ids else ()
        return {row["_id"]: _to_company(row) for row in rows}

    @translated
    def with_id(self, beginning: str, limit: int) -> list[ListedCompany]:
        return self._found(begins_with("_id", beginning), limit)

    @translated
    def with_name(self, beginning: str, limit: int) -> list[ListedCompany]:
        return self._found(begins_with("plainName", beginning), limit)

    @translated
    def with_keys(self, sought: Sequence[Collection[str]], limit: int) -> list[ListedCompany]:
        return self._with_all([has(keys) for keys in sought], limit) if sought else []

    def _with_all(self, conditions: Sequence[Record], limit: int) -> list[ListedCompany]:
        return self._found({"$and": conditions}, limit)

    def _found(self, wanted: Record, limit: int) -> list[ListedCompany]:
        """Without an order: DocumentDB would read and sort everything that begins so, not just the first few."""
        return self.companies(lambda: self._directory.find(wanted, SHOWN, limit=limit))

    def companies(self, read: Callable[[], Iterable[Record]]) -> list[ListedCompany]:
        """What a query finds. Raises TooSlow."""
        return [_to_company(row) for row in in_time(self._directory, lambda: list(read()), SECONDS)]


def has(keys: Collection[str]) -> Record:
    """Selects companies with one of the keys."""
    return {"keys": {"$in": sorted(keys)}}


def _to_record(company: ListedCompany) -> Record:
    day = company.registered_on
    fields = known(
        {
            "name": company.name,
            "status": company.status or None,
            "class": company.kind or None,
            "category": company.category or None,
            "state": company.state or None,
            "registeredOn": datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None,
            "authorisedCapital": company.authorised_capital,
            "paidUpCapital": company.paid_up_capital,
        }
    )
    text = json.dumps([_SHAPE, fields], default=str, sort_keys=True)
    return {
        "_id": company.id,
        **fields,
        "plainName": plain_name(company.name),
        "keys": keys_of(company.name),
        "digest": hashlib.sha256(text.encode()).hexdigest()[:16],
    }


def _to_company(row: Record) -> ListedCompany:
    day = row.get("registeredOn")
    return ListedCompany(
        id=row["_id"],
        name=row["name"],
        status=row.get("status", ""),
        kind=row.get("class", ""),
        category=row.get("category", ""),
        state=row.get("state", ""),
        registered_on=day.date() if day else None,
        authorised_capital=row.get("authorisedCapital"),
        paid_up_capital=row.get("paidUpCapital"),
    )
