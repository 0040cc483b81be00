"""The text of pages in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from jobs.adapters.memory.documents import MemoryDocumentRepository
from jobs.adapters.memory.facts import MemoryFacts
from jobs.domain.document import Document
from jobs.domain.filings.masking import mask_pan
from jobs.domain.search import Content, PageFilter, PageFound, PagesFound, Query


class MemoryPages:
    """``jobs.ports.PageIndex`` over a dictionary."""

    def __init__(self, documents: MemoryDocumentRepository) -> None:
        self._rows: dict[Content, tuple[list[PageFound], str | None, int | None]] = {}
        self._documents = documents
        self.facts = MemoryFacts()

    def replace(self, content: Content, texts: Sequence[str], *, form: str | None, year: int | None) -> None:
        pages = [
            PageFound(content=content, page=number, text=mask_pan(text))
            for number, text in enumerate(texts, start=1)
            if text.strip()
        ]
        self._rows[content] = (pages, form, year)

    def search(
        self,
        query: Query,
        wanted: PageFilter,
        limit: int,
        enough: int | None = None,  # noqa: ARG002 nothing takes long
    ) -> PagesFound:
        found = [
            page
            for content, (pages, form, year) in self._rows.items()
            if wanted.cin in ("", content.cin) and wanted.form in ("", form) and wanted.year in (None, year)
            for page in pages
            if query.matches(page.text)
        ]
        return PagesFound(pages=found[:limit], is_limited=len(found) > limit)

    def documents(self, contents: Collection[Content]) -> dict[Content, Document]:
        found: dict[Content, Document] = {}
        for job_id in sorted(self._documents.job_ids(), reverse=True):
            for document in self._documents.of_job(job_id):
                content = Content.of(document)
                if content and content in contents:
                    found.setdefault(content, document)
        return found

    def forget(self, contents: Collection[Content]) -> int:
        reserved = {
            Content(cin=document.cin, checksum=document.reserved.checksum)
            for job_id in self._documents.job_ids()
            for document in self._documents.of_job(job_id)
            if document.reserved
        }
        gone = set(contents) - self.documents(contents).keys() - reserved
        for content in gone:
            self._rows.pop(content, None)
        self.facts.forget(gone)
        return len(gone)

    def contents(self) -> Iterator[Content]:
        return iter([*self._rows, *self.facts.contents()])
