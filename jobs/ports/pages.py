"""The port for searching the text of documents."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from jobs.domain.document import Document
    from jobs.domain.search import Content, PageFilter, PagesFound, Query
    from jobs.ports.facts import FactIndex


class PageIndex(Protocol):
    """The text of each page, once per content, however many orders it belongs to. It contains no complete PANs."""

    @property
    def facts(self) -> FactIndex:
        """The facts that the same contents state."""

    def replace(self, content: Content, texts: Sequence[str], *, form: str | None, year: int | None) -> None:
        """Store the texts of pages 1, 2, …, in place of those stored before. Idempotent. Blank pages are left out."""

    def search(self, query: Query, wanted: PageFilter, limit: int, enough: int | None = None) -> PagesFound:
        """Pages with some of the terms, the best first: check them with ``Query.matches``.

        ``limit`` of them, or only ``enough`` if the rest would take long. Raises TooSlow if none was found in time.
        """

    def documents(self, contents: Collection[Content]) -> dict[Content, Document]:
        """The newest document of each content; contents without any are omitted."""

    def forget(self, contents: Collection[Content]) -> int:
        """Remove the pages and facts of contents that no document has. Returns the number of these contents."""

    def contents(self) -> Iterator[Content]:
        """All contents that have pages or facts."""
