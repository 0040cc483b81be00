"""A source that invents filings for demonstrations and tests. They contain no data of real companies.

Everything is derived from the company's identifier: each process, run and retry sees the same filings and the same
bytes, and the filings of one company fit together over the years.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from jobs.domain.company_id import IdKind, kind_of
from jobs.domain.document import Filing
from jobs.domain.errors import DocumentUnavailable
from jobs.simulated_companies.chance import chance_of
from worker.sources.simulated_filings import pdf_of, simulated_filings
from worker.sources.simulated_pages import NOTE
from worker.sources.simulated_partners import partner_filings, partner_pdf
from worker.sources.simulated_pdf import text_pdf

_PARTNERS = (IdKind.LLPIN, IdKind.FCRN)


class SimulatedSource:
    """Invents 30 to 50 filings for any CIN, and fewer for LLPs and foreign companies.

    ``fault_rate`` (0 to 1) is the share of downloads that fail. Which ones fail depends on company,
    number and attempt, so that a retry can succeed. Thread-safe.
    """

    def __init__(
        self, *, seconds_per_document: float, fault_rate: float, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._seconds_per_document = seconds_per_document
        self._fault_rate = fault_rate
        self._sleep = sleep

    def filings(self, cin: str, company_name: str) -> Sequence[Filing]:
        """The company's filings, oldest first."""
        del company_name  # names are spelled in many ways; the identifier decides
        kind = kind_of(cin)
        if kind in _PARTNERS:
            return partner_filings(cin, kind)
        return [
            Filing(
                number=number,
                document_type=each.form,
                file_name=each.file_name,
                srn=each.srn,
                filed_on=each.event.filed_on,
            )
            for number, each in enumerate(simulated_filings(cin), start=1)
        ]

    def download(self, cin: str, company_name: str, filing: Filing, attempt: int) -> Iterator[bytes]:
        """The filing as a PDF, in one chunk, after ``seconds_per_document``. Raises DocumentUnavailable."""
        self._sleep(self._seconds_per_document)
        if chance_of(cin, "fault", filing.number, attempt).random() < self._fault_rate:
            raise DocumentUnavailable(f"The simulated source did not deliver {filing.file_name} at attempt {attempt}.")
        yield _pdf(cin, company_name, filing)

    def check(self) -> str:
        return f"simulated, {self._seconds_per_document:g} s a document, fault rate {self._fault_rate:g}"


def _pdf(cin: str, company_name: str, filing: Filing) -> bytes:
    kind = kind_of(cin)
    if kind in _PARTNERS:
        return partner_pdf(cin, kind, company_name, filing)
    found = next((each for each in simulated_filings(cin) if each.srn == filing.srn), None)
    if found:
        return pdf_of(found, company_name)
    # Another source or an earlier version listed it. Every filing can be downloaded.
    return text_pdf([[f"Form No. {filing.document_type}", NOTE, f"CIN: {cin}"]], title=filing.file_name)
