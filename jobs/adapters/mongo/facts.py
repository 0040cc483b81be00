"""People and amounts that documents state, in MongoDB: a row each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from pymongo import ASCENDING, DESCENDING, ReplaceOne
from pymongo.collection import Collection as MongoCollection
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.connection import translated
from jobs.adapters.mongo.paging import in_time
from jobs.adapters.mongo.racing import duplicates
from jobs.adapters.mongo.records import COUNT, ID, TEXT, known
from jobs.domain.record_search import FactFound, RecordFact, RecordFilter, keys_of_name, sought_keys
from jobs.domain.search import Content, PageFilter

MOST_PEOPLE = 1_000
_AT_ONCE = 300
FACT_SCHEMA: Record = {
    "bsonType": "object",
    "required": ["content", "number", "cin", "what"],
    "properties": {
        "_id": ID,
        **dict.fromkeys(("content", "cin", "form", "what", "name", "din"), TEXT),
        **dict.fromkeys(("number", "year", "page"), COUNT),
        "keys": {"bsonType": "array"},
        "amount": {"bsonType": ["int", "long"]},
    },
}


class MongoFacts:
    """``jobs.ports.FactIndex`` on the collection ``facts``."""

    def __init__(self, database: Database[Record]) -> None:
        self._facts = database["facts"]

    @translated
    def replace(self, content: Content, facts: Sequence[RecordFact], *, form: str | None, year: int | None) -> None:
        """Rows are overwritten, not removed first, so that a search meanwhile finds them."""
        key = key_of(content)
        about = known({"content": key, "cin": content.cin, "form": form, "year": year})
        writes = [
            ReplaceOne({"content": key, "number": number}, {**about, "number": number, **_fields(fact)}, upsert=True)
            for number, fact in enumerate(facts)
        ]
        overwrite(self._facts, writes, _AT_ONCE)
        self._facts.delete_many({"content": key, "number": {"$gte": len(facts)}})

    @translated
    def search(self, wanted: RecordFilter, limit: int) -> list[FactFound]:
        if not wanted.has_person:
            return self._amounts(wanted, {}, limit)
        people = self._people(wanted, MOST_PEOPLE if wanted.has_amount else limit)
        if not wanted.has_amount:
            return people
        keys = sorted({key_of(each.content) for each in people})
        return self._amounts(wanted, {"content": {"$in": keys}}, limit) if keys else []

    def _people(self, wanted: RecordFilter, limit: int) -> list[FactFound]:
        conditions = [{"keys": key} for key in sought_keys(wanted.name)]
        filter_ = {"$and": conditions} if len(conditions) > 1 else dict(*conditions)
        return self._found({**filter_, **known({"din": wanted.din or None}), **about(wanted)}, "year", limit)

    def _amounts(self, wanted: RecordFilter, among: Record, limit: int) -> list[FactFound]:
        between = known({"$gte": wanted.least, "$lte": wanted.most})
        return self._found({**among, **about(wanted), "amount": between}, "amount", limit)

    def _found(self, filter_: Record, order: str, limit: int) -> list[FactFound]:
        rows = in_time(self._facts, lambda: self._read(filter_, order, limit))
        return [FactFound(content=content_of(row["content"]), fact=_to_fact(row)) for row in rows]

    def _read(self, filter_: Record, order: str, limit: int) -> list[Record]:
        return list(self._facts.find(filter_, sort=[(order, DESCENDING)], limit=limit))

    @translated
    def forget(self, contents: Collection[Content]) -> None:
        if contents:
            self._facts.delete_many({"content": {"$in": [key_of(each) for each in contents]}})

    def contents(self) -> Iterator[Content]:
        return contents_in(self._facts)


def key_of(content: Content) -> str:
    return f"{content.cin} {content.checksum}"


def content_of(key: str) -> Content:
    cin, _, checksum = key.partition(" ")
    return Content(cin=cin, checksum=checksum)


def overwrite(index: MongoCollection[Record], writes: Sequence[ReplaceOne[Record]], at_once: int) -> None:
    """If another worker indexes the same content at once, it writes the same rows."""
    for begin in range(0, len(writes), at_once):
        try:
            index.bulk_write(writes[begin : begin + at_once], ordered=False)
        except BulkWriteError as error:
            duplicates(error)  # re-raises any other failure


def contents_in(index: MongoCollection[Record]) -> Iterator[Content]:
    """Each content once, with one query each."""
    after = ""
    while row := _following(index, after):
        after = row["content"]
        yield content_of(after)


@translated
def _following(index: MongoCollection[Record], after: str) -> Record | None:
    return index.find_one({"content": {"$gt": after}}, {"content": True}, sort=[("content", ASCENDING)])


def about(wanted: RecordFilter | PageFilter) -> dict[str, Any]:
    """The filter of what both searches can be narrowed to."""
    return known({"cin": wanted.cin or None, "form": wanted.form or None, "year": wanted.year})


def _fields(fact: RecordFact) -> Record:
    return known(
        {
            "what": fact.what,
            "page": fact.page,
            "name": fact.name,
            "din": fact.din,
            "keys": keys_of_name(fact.name) if fact.name else None,
            "amount": fact.amount,
        }
    )


def _to_fact(row: Record) -> RecordFact:
    get = row.get
    return RecordFact(what=row["what"], page=get("page"), name=get("name"), din=get("din"), amount=get("amount"))
