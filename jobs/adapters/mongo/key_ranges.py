"""Reads lists by a key on DocumentDB, which would sort all of them: in ranges of keys that a sample divides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pymongo import ASCENDING
from pymongo.collection import Collection

from jobs.adapters.mongo.connection import Document as Record

#: Of a million jobs, two thousand are between two keys.
_SAMPLE = 500
#: A value that the sample has so often may be that of many thousands.
OFTEN = 4
#: So many are sorted quickly.
FEW = 4_000


def ranges_of_companies(jobs: Collection[Record], value: str, *, ascending: bool) -> Iterator[Record]:
    """Ranges that follow each other from a value on."""
    known = {row.get("companyKey", "") for row in _sample(jobs, "companyKey")}
    return _ranges(sorted(known), value, ascending=ascending)


def ranges_of_values(
    collection: Collection[Record], field: str, wanted: Mapping[str, Any], towards: int
) -> Iterator[Record | Any]:
    """Ranges that follow each other and cover a range, and between them values that many have.

    ``wanted`` has a lower bound, ``$gt`` or ``$gte``, and may have the upper bound ``$lt``.
    """
    if collection.estimated_document_count() <= FEW:
        return iter([dict(wanted)])
    known = [row[field] for row in _sample(collection, field) if row.get(field) is not None]
    least, most = wanted.get("$gte", wanted.get("$gt")), wanted.get("$lt")
    inside = [each for each in known if each > least and (most is None or each < most)]
    return _divided(sorted(inside, reverse=towards != ASCENDING), wanted, towards)


def _sample(collection: Collection[Record], field: str) -> Iterator[Record]:
    yield from collection.aggregate([{"$sample": {"size": _SAMPLE}}, {"$project": {field: True}}])


def _divided(known: Sequence[Any], wanted: Mapping[str, Any], towards: int) -> Iterator[Record | Any]:
    """Ever longer. ``known``: the sample's values inside the range, in the order of reading."""
    next_, until, before = ("$gt", "$lte", "$lt") if towards == ASCENDING else ("$lt", "$gte", "$gt")
    lower = {name: value for name, value in wanted.items() if name in ("$gt", "$gte")}
    upper = {name: value for name, value in wanted.items() if name == "$lt"}
    begin, end = (lower, upper) if towards == ASCENDING else (upper, lower)
    passed, length = 0, 1
    for value, number in Counter(known).items():
        passed += number
        if number >= OFTEN:
            yield {**begin, before: value}
            yield value
        elif passed < length:
            continue
        else:
            yield {**begin, until: value}
            length *= 2
        begin, passed = {next_: value}, 0
    yield {**begin, **end}


def _ranges(known: Sequence[str], value: str, *, ascending: bool) -> Iterator[Record]:
    """Ever longer. Jobs without a key come first."""
    if ascending and not value:
        yield {"companyKey": None}
    next_, until = ("$gt", "$lte") if ascending else ("$lt", "$gte")
    begin = {"$gte" if ascending else "$lte": value} if value else {"$gte": ""}
    passed = [key for key in known if not value or (key >= value if ascending else key <= value)]
    for at in (2**step - 1 for step in range(len(passed).bit_length())):
        key = (passed if ascending else passed[::-1])[at]
        yield {"companyKey": {**begin, until: key}}
        begin = {next_: key}
    yield {"companyKey": {"$gte": "", **begin}}
    if not ascending:
        yield {"companyKey": None}
