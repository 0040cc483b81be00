"""People and amounts on DocumentDB, which reads and sorts everything that matches, whatever the limit.

So people are read year by year, and amounts in ranges from the largest down, until there are enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.facts import MongoFacts

#: Earlier years are read at once.
_FIRST_YEAR = 1990
#: In paise. All amounts are below the first; those below the second are sorted by the server.
_BEYOND, _SMALL = 10**18, 100
#: The part of its upper end that a range spans. Below the narrowest, the server sorts.
_BEGIN, _WIDEST, _NARROWEST, _WIDER = 0.001, 0.9, 1e-6, 4


class DocumentDbFacts(MongoFacts):
    """``jobs.ports.FactIndex`` on DocumentDB."""

    def _read(self, filter_: Record, order: str, limit: int) -> list[Record]:
        if "content" in filter_:  # without a hint, all amounts of the range would be read
            return list(self._facts.find(filter_, sort=[(order, -1)], limit=limit, hint="content_number"))
        if order == "amount":
            return self._by_amount(filter_, filter_["amount"], limit)
        rows = self._some(filter_, limit + 1)
        return self._by_year(filter_, limit) if len(rows) > limit and "year" not in filter_ else _sorted(rows, limit)

    def _some(self, filter_: Record, limit: int) -> list[Record]:
        return list(self._facts.find(filter_, limit=limit))

    def _by_year(self, filter_: Record, limit: int) -> list[Record]:
        rows: list[Record] = []
        for year in _years():
            rows += self._some({**filter_, "year": year}, limit - len(rows))
            if len(rows) >= limit:
                break
        return rows

    def _by_amount(self, filter_: Record, between: Record, limit: int) -> list[Record]:
        """In ranges that become wider until they have enough rows, and narrower if they have too many."""
        least, upper = between.get("$gte", -_BEYOND), min(between.get("$lte", _BEYOND), _BEYOND) + 1
        rows: list[Record] = []
        part = _BEGIN if upper < _BEYOND else _WIDEST  # few amounts are very large
        while len(rows) < limit and upper > least:
            is_last = upper <= _SMALL or part < _NARROWEST
            lower = least if upper <= _SMALL else max(upper - max(int(upper * part), 1), least)
            missing, wanted = limit - len(rows), {**filter_, "amount": {"$gte": lower, "$lt": upper}}
            found = super()._read(wanted, "amount", missing) if is_last else self._some(wanted, missing + 1)
            if len(found) > missing:
                part /= _WIDER
                continue
            rows += sorted(found, key=lambda row: row["amount"], reverse=True)
            upper, part = lower, min(part * _WIDER, _WIDEST)
        return rows


def _sorted(rows: list[Record], limit: int) -> list[Record]:
    return sorted(rows, key=lambda row: row.get("year", 0), reverse=True)[:limit]


def _years() -> Iterator[Record | int | None]:
    """The latest first; they cover all, and those without a year come last."""
    this = datetime.now(UTC).year
    yield {"$gt": this}
    yield from range(this, _FIRST_YEAR - 1, -1)
    yield {"$lt": _FIRST_YEAR}
    yield None
