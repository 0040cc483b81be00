"""The directory of companies in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from jobs.domain.directory import ListedCompany, keys_of, plain_name
from jobs.ports.directory import Saved


class MemoryDirectory:
    """``jobs.ports.Directory``."""

    def __init__(self) -> None:
        self._companies: dict[str, ListedCompany] = {}

    def save(self, companies: Sequence[ListedCompany]) -> Saved:
        added = sum(each.id not in self._companies for each in companies)
        differing = sum(self._companies.get(each.id) != each for each in companies)
        self._companies |= {each.id: each for each in companies}
        return Saved(added=added, changed=differing - added)

    def is_empty(self) -> bool:
        return not self._companies

    def get(self, ids: Collection[str]) -> Mapping[str, ListedCompany]:
        return {id_: self._companies[id_] for id_ in ids if id_ in self._companies}

    def with_id(self, beginning: str, limit: int) -> list[ListedCompany]:
        return self._matching(lambda each: each.id.startswith(beginning))[:limit]

    def with_name(self, beginning: str, limit: int) -> list[ListedCompany]:
        return self._matching(lambda each: plain_name(each.name).startswith(beginning))[:limit]

    def with_keys(self, sought: Sequence[Collection[str]], limit: int) -> list[ListedCompany]:
        wanted = [set(keys) for keys in sought]
        matching = self._matching(lambda each: all(keys.intersection(keys_of(each.name)) for keys in wanted))
        return matching[:limit] if wanted else []

    def _matching(self, matches: Callable[[ListedCompany], bool]) -> list[ListedCompany]:
        return [each for each in self._companies.values() if matches(each)]
