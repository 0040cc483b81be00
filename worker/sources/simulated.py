"""A source that makes filings up: the same ones for the same CIN, everywhere and always."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

from jobs.domain.cin import parse_cin
from jobs.domain.document import Filing
from jobs.domain.errors import DocumentUnavailable
from worker.sources.simulated_pdf import pdf

# MCA forms with what they are about and how often companies file them.
FORMS = {
    "AOC-4": ("Financial statements", 20), "MGT-7": ("Annual return", 18), "MGT-7A": ("Annual return", 4),
    "DIR-12": ("Change of directors", 16), "ADT-1": ("Appointment of the auditor", 8),
    "INC-22": ("Registered office", 4), "CHG-1": ("Charge", 8), "PAS-3": ("Allotment of shares", 6),
    "MGT-14": ("Resolutions", 10), "SH-7": ("Change of share capital", 3), "DPT-3": ("Return of deposits", 6),
}  # fmt: skip
FEWEST, MOST = 30, 50
FIRST_YEAR, LAST_YEAR = 1990, 2025
_CHUNK = 64 * 1024


class SimulatedSource:
    """``jobs.ports.Source`` without a network. ``fault_rate``: the share of downloads that fail, 0 to 1."""

    def __init__(
        self, *, seconds_per_document: float, fault_rate: float, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._seconds = seconds_per_document
        self._fault_rate = fault_rate
        self._sleep = sleep

    def filings(self, cin: str, company_name: str) -> Sequence[Filing]:  # noqa: ARG002  the port's
        """See the port."""
        chance = random.Random(f"filings {cin}")  # noqa: S311  a simulation, not a secret
        year = min(max(FIRST_YEAR, parse_cin(cin, this_year=9999, allow_unknown_codes=True).year), LAST_YEAR)
        first, last = date(year, 1, 1), date(LAST_YEAR, 12, 31)
        count = chance.randint(FEWEST, MOST)
        days = sorted(first + timedelta(days=chance.randrange((last - first).days)) for _ in range(count))
        numbers = chance.sample(range(10_000_000, 100_000_000), count)
        forms = chance.choices(list(FORMS), weights=[weight for _, weight in FORMS.values()], k=count)
        return [
            Filing(number=index, document_type=form, srn=f"H{srn}", filed_on=day,
                   file_name=f"{form}_{day.year}_H{srn}.pdf")
            for index, (form, srn, day) in enumerate(zip(forms, numbers, days, strict=True), start=1)
        ]  # fmt: skip

    def download(self, cin: str, company_name: str, filing: Filing, attempt: int) -> Iterator[bytes]:
        """See the port."""
        self._sleep(self._seconds)
        chance = random.Random(f"fault {cin} {filing.number} {attempt}")  # noqa: S311
        if chance.random() < self._fault_rate:
            raise DocumentUnavailable(f"The simulated source did not deliver {filing.file_name} (try {attempt}).")
        content = pdf(_pages(cin, company_name, filing))
        for start in range(0, len(content), _CHUNK):
            yield content[start : start + _CHUNK]

    def check(self) -> str:
        """See the port."""
        return f"simulated, {self._seconds:g} s a document, fault rate {self._fault_rate:g}"


def _pages(cin: str, company_name: str, filing: Filing) -> list[list[str]]:
    chance = random.Random(f"figures {cin} {filing.number}")  # noqa: S311
    about = FORMS.get(filing.document_type, ("Filing", 0))[0]
    head = [
        f"FORM {filing.document_type}   {about}",
        "",
        f"Company: {company_name}",
        f"CIN: {cin}",
        f"SRN: {filing.srn}",
        f"Filed on: {filing.filed_on:%d.%m.%Y}" if filing.filed_on else "",
        "",
    ]
    return [head + _figures(chance), *(_figures(chance) for _ in range(chance.randrange(3)))]


def _figures(chance: random.Random) -> list[str]:
    items = ("Revenue from operations", "Other income", "Employee benefits", "Depreciation", "Profit before tax")
    return [f"{item}: INR {chance.randrange(1, 9_999_999):,}" for item in items]
