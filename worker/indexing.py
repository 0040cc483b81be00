"""Makes the text of a document, and the values it states, searchable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.domain.companies.filings import financial_year
from jobs.domain.record_search import facts_of
from jobs.domain.search import Content

if TYPE_CHECKING:
    from jobs.domain.document import Document
    from jobs.domain.filings.reading import Reading
    from jobs.domain.filings.summary import DocumentReading
    from jobs.ports import PageIndex


def index_text(pages: PageIndex | None, document: Document, reading: Reading, summary: DocumentReading) -> None:
    """Pages are numbered as in the text. Without an index, nothing is done."""
    content = Content.of(document)
    if pages is None or content is None:
        return
    end = summary.facts.year_end
    form = summary.facts.form or document.filing.document_type
    year = financial_year(end) if end else None
    pages.replace(content, reading.text.split("\f"), form=form, year=year)
    pages.facts.replace(content, facts_of(summary.stated), form=form, year=year)
