"""Reads jobs by company on DocumentDB, which would sort all of them: in ranges of keys that a sample divides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pymongo.collection import Collection

from jobs.adapters.mongo.connection import Document as Record

#: Of a million jobs, two thousand are between two keys.
_SAMPLE = 500


def ranges_of_companies(jobs: Collection[Record], value: str, *, ascending: bool) -> Iterator[Record]:
    """Ranges that follow each other from a value on."""
    sample = jobs.aggregate([{"$sample": {"size": _SAMPLE}}, {"$project": {"companyKey": True}}])
    return _ranges(sorted({row.get("companyKey", "") for row in sample}), value, ascending=ascending)


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
