"""A company's filings, from the pages of the portal's list."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime

from selectolax.lexbor import LexborNode

from jobs.domain.document import Filing
from jobs.domain.errors import CompanyNotFound, SourceChanged
from jobs.domain.filings.file_names import form_in_text, from_file_name
from jobs.domain.forms import OTHER
from worker.sources.portal.mapping import PortalMapping
from worker.sources.portal.pages import Page, Pages, changed

logger = logging.getLogger(__name__)

_LONGEST_LIST = 500  # pages
_READINGS = 3


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A filing, and the link to its file."""

    filing: Filing
    link: str


@dataclass(frozen=True, kw_only=True)
class Lists:
    """Reads the lists of companies."""

    mapping: PortalMapping
    pages: Pages

    def read(self, cin: str) -> list[Listed]:
        """All filings of a company. Raises CompanyNotFound, SourceChanged.

        The list may change while its pages are read, which moves filings from page to page. Then it is read again,
        because one that moved to an earlier page was missed; one that moved to a later page is found twice.
        """
        found: list[Listed] = []
        for _ in range(_READINGS):
            read, again = self._all_pages(cin)
            found = _once([*read, *found])
            if not again:
                break
            logger.info("portal.list_changed", extra={"cin": cin})
        return found

    def check(self, cin: str) -> int:
        """The number of filings on the first page of a company that has some. Raises SourceChanged."""
        page = self.pages.get(self._first(cin))
        if page is None:
            raise SourceChanged(f"The portal does not have the page {self._first(cin)} any more ([check] cin).")
        rows = self._rows(page)
        if not rows:
            raise changed(page.path, self.mapping.listing.rows, "[listing] rows")
        return len([self._listed(row, page) for row in rows])

    def _first(self, cin: str) -> str:
        return self.mapping.listing.page.replace("{cin}", cin)

    def _all_pages(self, cin: str) -> tuple[list[Listed], bool]:
        """The filings, and whether the list has changed since its first page was read."""
        read, number = [], 0
        for page in self._pages(cin):
            number += 1
            read += [self._listed(row, page) for row in self._rows(page)]
        if number <= 1:
            return read, False
        first = self.pages.get(self._first(cin))
        if first is None or first.unchanged:
            return read, False
        rows = [self._listed(row, first) for row in self._rows(first)]
        return read, [each.filing.key for each in rows] != [each.filing.key for each in read[: len(rows)]]

    def _pages(self, cin: str) -> Iterator[Page]:
        link, seen = self._first(cin), set[str]()
        while link:
            if link in seen or len(seen) >= _LONGEST_LIST:
                raise SourceChanged(f"The portal's list of {cin} has no end: [listing] next leads back to {link}.")
            seen.add(link)
            page = self.pages.get(link)
            if page is None:
                if len(seen) == 1:
                    raise CompanyNotFound(f"The portal does not know the company {cin}.")
                raise SourceChanged(f"The portal does not have the page {link}, to which [listing] next leads.")
            yield page
            link = self._next(page)

    def _next(self, page: Page) -> str:
        selector = self.mapping.listing.next
        node = page.first(selector) if selector else None
        link = node.attributes.get("href") if node else None
        return self.pages.client.address(link, page.path) or link if link else ""

    def _rows(self, page: Page) -> list[LexborNode]:
        """Raises SourceChanged if there are neither filings nor the note that there are none."""
        rows = page.all(self.mapping.listing.rows)
        if not rows and page.first(self.mapping.listing.empty) is None:
            raise changed(page.path, self.mapping.listing.rows, "[listing] rows")
        return rows

    def _listed(self, row: LexborNode, page: Page) -> Listed:
        columns = self.mapping.columns
        form = self._text(row, page, columns.document_type, "document_type")
        srn = self._text(row, page, columns.srn, "srn") if columns.srn else None
        day = self._date(row, page, columns.filed_on) if columns.filed_on else None
        name = self._text(row, page, columns.file_name, "file_name") if columns.file_name else ""
        name = name or "_".join(str(part) for part in (form, day.year if day else None, srn) if part) + ".pdf"
        link = self._node(row, page, columns.link, "link").attributes.get("href")
        if not link:
            raise changed(page.path, columns.link, "[listing.columns] link, an href")
        named = from_file_name(name)
        filing = Filing(
            number=1,
            document_type=form_in_text(form) or form or OTHER,
            file_name=name,
            srn=srn or named.srn,
            filed_on=day or named.filed_on,
        )
        return Listed(filing=filing, link=self.pages.client.address(link, page.path) or link)

    def _node(self, row: LexborNode, page: Page, selector: str, column: str) -> LexborNode:
        node = row.css_first(selector)
        if node is None:
            raise changed(page.path, selector, f"[listing.columns] {column}")
        return node

    def _text(self, row: LexborNode, page: Page, selector: str, column: str) -> str:
        return " ".join(self._node(row, page, selector, column).text(separator=" ").split())

    def _date(self, row: LexborNode, page: Page, selector: str) -> date | None:
        """None for an empty cell."""
        text, wanted = self._text(row, page, selector, "filed_on"), self.mapping.listing.date_format
        if not text:
            return None
        with suppress(ValueError):
            return datetime.strptime(text, wanted).date()  # noqa: DTZ007  a date has no zone
        raise SourceChanged(
            f"The portal's page {page.path} has changed: {text!r} is not a date as in [listing] date_format,"
            f" {wanted!r}. Correct PORTAL_MAPPING."
        )


def _once(read: list[Listed]) -> list[Listed]:
    """Each filing once, numbered in this order."""
    found: dict[str, Listed] = {}
    for each in read:
        found.setdefault(each.filing.key, each)
    return [
        replace(each, filing=replace(each.filing, number=number)) for number, each in enumerate(found.values(), start=1)
    ]
