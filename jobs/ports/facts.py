"""The port for searching the values that documents state."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from jobs.domain.record_search import FactFound, RecordFact, RecordFilter
    from jobs.domain.search import Content


class FactIndex(Protocol):
    """People and amounts that filings state, once per content, however many orders it belongs to."""

    def replace(self, content: Content, facts: Sequence[RecordFact], *, form: str | None, year: int | None) -> None:
        """Store a content's facts in place of those stored before. Idempotent."""

    def search(self, wanted: RecordFilter, limit: int) -> list[FactFound]:
        """The facts that match: people of the latest year first, amounts the largest first. Raises TooSlow.

        With a person and an amount, the amounts of documents that name the person, among the first 1,000 of these.
        """

    def forget(self, contents: Collection[Content]) -> None:
        """Remove the facts of these contents."""

    def contents(self) -> Iterator[Content]:
        """All contents that have facts."""
