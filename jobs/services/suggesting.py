"""Suggests companies of the directory for a typed text: an id, the beginning of a name, or a misspelled name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from jobs.domain.company_id import id_prefix
from jobs.domain.directory import LONGEST_TEXT, ListedCompany, Standing, plain_name, similarity, sought_keys
from jobs.domain.errors import TooSlow
from jobs.ports import Directory

Search = Callable[[], Sequence[ListedCompany]]

_BY_NAME = 60
_CANDIDATES = 100
_LEAST_SIMILAR = 0.4


@dataclass(frozen=True, kw_only=True)
class SuggestionService:
    """Ids first, then names that begin with the text, then names that have its words, then similar ones."""

    directory: Directory

    def suggest(self, text: str, limit: int) -> list[ListedCompany]:
        """At most ``limit`` companies, the best first; companies that have ended come last among equals.

        Similar names are sought only if no name has the words. A search that would take too long is left out, since
        the next letter makes it more specific.
        """
        text = text.strip()[:LONGEST_TEXT]
        if start := id_prefix(text):
            return sorted(self.directory.with_id(start, limit), key=lambda each: each.id)
        name = plain_name(text)
        if not name:
            return []
        found = self._first_of(name, self._spelled_well(name), limit)
        return (found or self._first_of(name, self._misspelled(name), 1))[:limit]

    def _first_of(self, name: str, searches: Sequence[Search], enough: int) -> list[ListedCompany]:
        """The companies of the first searches that together find enough."""
        found: dict[str, ListedCompany] = {}
        for search in searches:
            if len(found) < enough:
                with suppress(TooSlow):
                    found |= {each.id: each for each in _ranked(name, search()) if each.id not in found}
        return list(found.values())

    def _spelled_well(self, name: str) -> Sequence[Search]:
        keys = sought_keys(name, misspelled=False)
        return (
            lambda: self.directory.with_name(name, _BY_NAME),
            lambda: self.directory.with_keys(keys, _CANDIDATES),
        )

    def _misspelled(self, name: str) -> Sequence[Search]:
        """Names with words like all typed ones, else with one like the longest."""
        keys = sought_keys(name, misspelled=True)
        longest = [max(keys, key=lambda each: len(each[0]))] if len(keys) > 1 else []
        return (
            lambda: self.directory.with_keys(keys, _CANDIDATES),
            lambda: self.directory.with_keys(longest, _CANDIDATES),
        )


def _ranked(name: str, candidates: Sequence[ListedCompany]) -> list[ListedCompany]:
    """Names that begin with the text keep together; the others have to be similar."""

    def rank(company: ListedCompany) -> tuple[bool, bool, float, int, str]:
        given = plain_name(company.name)
        begins = given.startswith(name)
        alike = 1.0 if begins else similarity(name, company.name)
        return (not begins, company.standing is not Standing.GOING, -alike, len(given), company.id)

    ranks = {each.id: rank(each) for each in candidates}
    alike = [each for each in candidates if -ranks[each.id][2] >= _LEAST_SIMILAR]
    return sorted(alike, key=lambda each: ranks[each.id])
