"""People and amounts that documents state, in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from jobs.domain.record_search import FactFound, RecordFact, RecordFilter, keys_of_name, sought_keys
from jobs.domain.search import Content


class MemoryFacts:
    """``jobs.ports.FactIndex`` over a dictionary."""

    def __init__(self) -> None:
        self._rows: dict[Content, tuple[list[RecordFact], str | None, int | None]] = {}

    def replace(self, content: Content, facts: Sequence[RecordFact], *, form: str | None, year: int | None) -> None:
        self._rows[content] = (list(facts), form, year)

    def search(self, wanted: RecordFilter, limit: int) -> list[FactFound]:
        found = [
            (year or 0, FactFound(content=content, fact=fact))
            for content, (facts, form, year) in self._rows.items()
            if wanted.cin in ("", content.cin) and wanted.form in ("", form) and wanted.year in (None, year)
            for fact in facts
        ]
        people = [(year, each) for year, each in found if wanted.has_person and _names(each.fact, wanted)]
        if not wanted.has_amount:
            return [each for _, each in sorted(people, key=lambda pair: -pair[0])][:limit]
        among = {each.content for _, each in people} if wanted.has_person else set(self._rows)
        sized = [
            (each.fact.amount, each)
            for _, each in found
            if each.fact.amount is not None and each.content in among and _is_within(each.fact.amount, wanted)
        ]
        return [each for _, each in sorted(sized, key=lambda pair: -pair[0])][:limit]

    def forget(self, contents: Collection[Content]) -> None:
        for content in contents:
            self._rows.pop(content, None)

    def contents(self) -> Iterator[Content]:
        return iter([content for content, (facts, _, _) in self._rows.items() if facts])


def _names(fact: RecordFact, wanted: RecordFilter) -> bool:
    if fact.amount is not None or wanted.din not in ("", fact.din):
        return False
    return set(sought_keys(wanted.name)) <= set(keys_of_name(fact.name or ""))


def _is_within(amount: int, wanted: RecordFilter) -> bool:
    return (wanted.least is None or wanted.least <= amount) and (wanted.most is None or amount <= wanted.most)
