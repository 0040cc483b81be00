"""A filings portal as a source. Use one only with its operator's permission."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from jobs.domain.document import Filing
from jobs.domain.errors import CompanyNotFound, DocumentUnavailable, SourceOnHold, SourceUnavailable
from worker.sources.portal.client import PortalClient
from worker.sources.portal.listing import Lists
from worker.sources.portal.pages import LoggedOut, Pages
from worker.sources.portal.transfer import Gone, Transfer


@dataclass(kw_only=True)
class PortalSource:
    """``jobs.ports.Source`` for the portal that a mapping describes. Thread-safe; one object per run."""

    client: PortalClient
    pages: Pages
    lists: Lists
    #: CIN → key of a filing → link to its file. Read again in each run, since links may be valid for one session.
    _links: dict[str, dict[str, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def filings(self, cin: str, company_name: str) -> Sequence[Filing]:
        del company_name  # the CIN identifies the company
        with self._lock:
            return self._read(cin)

    def _read(self, cin: str) -> list[Filing]:
        listed = self.lists.read(cin)
        self._links[cin] = {each.filing.key: each.link for each in listed}
        return [each.filing for each in listed]

    def download(self, cin: str, company_name: str, filing: Filing, attempt: int) -> Iterator[bytes]:
        """Raises DocumentUnavailable, DocumentUnreadable, SourceUnavailable, SourceOnHold.

        A failure concerns this document alone if the portal works otherwise.
        """
        del company_name, attempt
        try:
            yield from self._download(cin, filing)
        except SourceOnHold:
            raise
        except CompanyNotFound as error:
            raise DocumentUnavailable(f"The portal does not list {filing.file_name} any more. {error}") from error
        except SourceUnavailable as error:
            self.check()
            raise DocumentUnavailable(f"{filing.file_name} could not be downloaded. {error}") from error

    def _download(self, cin: str, filing: Filing) -> Iterator[bytes]:
        link = self._link(cin, filing)
        try:
            yield from self._transferred(link, filing)
        except Gone:
            newer = self._link(cin, filing, instead_of=link)
            if newer == link:
                raise DocumentUnavailable(f"The portal does not have {filing.file_name} any more.") from None
            yield from self._transferred(newer, filing)

    def _transferred(self, link: str, filing: Filing) -> Iterator[bytes]:
        address = self.client.address(link)
        if address is None:
            raise DocumentUnavailable(f"The link to {filing.file_name} leads to another host, which is never followed.")

        def begun() -> tuple[bytes, Iterator[bytes]]:
            transfer = Transfer(
                pages=self.pages, address=address, file_name=filing.file_name, limit=self.client.mapping.limits.bytes
            )
            chunks = transfer.chunks()
            return next(chunks), chunks

        # A session that expired shows before the first bytes.
        first, rest = self.pages.logged_in(begun)
        yield first
        try:
            yield from rest
        except (Gone, LoggedOut):
            raise DocumentUnavailable(f"The portal withdrew {filing.file_name} while it was downloaded.") from None

    def _link(self, cin: str, filing: Filing, instead_of: str | None = None) -> str:
        """The link to the filing's file; the list is read if no other thread has read it yet."""
        with self._lock:
            known = self._links.get(cin)
            if known is None or (instead_of and known.get(filing.key) == instead_of):
                self._read(cin)
            link = self._links[cin].get(filing.key)
        if link is None:
            raise DocumentUnavailable(f"The portal does not list {filing.file_name} any more.")
        return link

    def check(self) -> str:
        number = self.lists.check(self.client.mapping.check.cin)
        return f"portal {self.client.mapping.portal.address}, {number} filings on the page that is checked"
