"""A source that invents filings, for demonstrations and tests. Nothing it says is about a real company.

Everything follows from the CIN: each process, run and retry sees the same filings and the same
bytes. ``random.Random`` seeded with text is stable across processes; ``hash()`` is not.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

from jobs.domain.document import Filing
from jobs.domain.errors import DocumentUnavailable
from worker.sources.simulated_pdf import text_pdf

FEWEST, MOST = 30, 50
FIRST_YEAR, LAST_YEAR = 1990, 2025  # fixed: what a company filed must not depend on the day of asking

# MCA form → what it is about, and how often it is filed beside the others.
FORMS = {
    "AOC-4": ("Financial statements", 18),
    "MGT-7": ("Annual return", 13),
    "MGT-7A": ("Abridged annual return", 5),
    "DIR-12": ("Appointment and change of directors", 16),
    "ADT-1": ("Appointment of the auditor", 8),
    "INC-22": ("Situation of the registered office", 3),
    "CHG-1": ("Creation or modification of a charge", 8),
    "PAS-3": ("Return of allotment", 6),
    "MGT-14": ("Resolutions and agreements", 13),
    "SH-7": ("Alteration of share capital", 4),
    "DPT-3": ("Return of deposits", 6),
}

_FIGURES = {
    "AOC-4": ("Revenue from operations", "Profit before tax", "Profit after tax", "Total assets", "Net worth"),
    "MGT-7": ("Turnover", "Net worth", "Paid-up capital"),
    "MGT-7A": ("Turnover", "Net worth", "Paid-up capital"),
    "CHG-1": ("Amount secured by the charge",),
    "PAS-3": ("Nominal amount of the shares allotted", "Premium received"),
    "SH-7": ("Authorised capital before", "Authorised capital after"),
    "DPT-3": ("Deposits outstanding", "Other receipts not considered deposits"),
}
_SRN_LETTERS = "ABFGHRST"
_NAME_LENGTH = 300  # a longer name would push the rest of the filing over its three pages


class SimulatedSource:
    """Invents 30 to 50 filings for any CIN.

    ``fault_rate`` (0 to 1) is the share of downloads that fail. Which ones follows from company,
    number and attempt, so that a retry can succeed. Thread-safe.
    """

    def __init__(
        self, *, seconds_per_document: float, fault_rate: float, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._seconds_per_document = seconds_per_document
        self._fault_rate = fault_rate
        self._sleep = sleep

    def filings(self, cin: str, company_name: str) -> Sequence[Filing]:
        """The company's filings, the oldest first."""
        del company_name  # it may be spelled in many ways; the CIN is the company
        chance = _chance(cin, "filings")
        count = chance.randint(FEWEST, MOST)
        days = sorted(_day(chance, cin) for _ in range(count))
        forms = chance.choices(list(FORMS), [weight for _, weight in FORMS.values()], k=count)
        digits = chance.sample(range(1_000_000, 100_000_000), count)  # without repetition: an SRN is unique
        return [
            _filing(number, form, day, f"{chance.choice(_SRN_LETTERS)}{srn:08d}")
            for number, (form, day, srn) in enumerate(zip(forms, days, digits, strict=True), start=1)
        ]

    def download(self, cin: str, company_name: str, filing: Filing, attempt: int) -> Iterator[bytes]:
        """The filing as a PDF, in one chunk, after ``seconds_per_document``. Raises DocumentUnavailable."""
        self._sleep(self._seconds_per_document)
        if _chance(cin, "fault", filing.number, attempt).random() < self._fault_rate:
            raise DocumentUnavailable(f"The simulated source did not deliver {filing.file_name} at try {attempt}.")
        yield _pdf(cin, company_name, filing)

    def check(self) -> str:
        """See the port."""
        return f"simulated, {self._seconds_per_document:g} s a document, fault rate {self._fault_rate:g}"


def _chance(*seed: object) -> random.Random:
    return random.Random("/".join(str(part) for part in seed))  # noqa: S311  repeatable, not secret


def _day(chance: random.Random, cin: str) -> date:
    incorporated = int(cin[8:12]) if cin[8:12].isdecimal() else FIRST_YEAR
    first = date(max(FIRST_YEAR, incorporated), 1, 1)
    last = date(max(LAST_YEAR, first.year), 12, 31)  # a company younger than LAST_YEAR files in its own year
    return first + timedelta(days=chance.randint(0, (last - first).days))


def _filing(number: int, form: str, day: date, srn: str) -> Filing:
    name = f"{form}_{day.year}_{srn}.pdf"
    return Filing(number=number, document_type=form, file_name=name, srn=srn, filed_on=day)


def _pdf(cin: str, company_name: str, filing: Filing) -> bytes:
    chance = _chance(cin, "document", filing.number)
    pages = [_first_page(chance, cin, company_name[:_NAME_LENGTH], filing)]
    sheets = chance.randint(1, 3)
    pages += [_annexure(chance, filing, number, sheets) for number in range(2, sheets + 1)]
    return text_pdf(pages, title=f"{filing.document_type} {filing.srn}")


def _first_page(chance: random.Random, cin: str, company_name: str, filing: Filing) -> list[str]:
    about, _ = FORMS.get(filing.document_type, ("Filing", 0))
    return [
        f"Form {filing.document_type}: {about}",
        "Simulated for demonstration. No such filing exists.",
        "",
        f"Company: {company_name}",
        f"CIN: {cin}",
        f"SRN: {filing.srn}",
        f"Date of filing: {filing.filed_on}",
        "",
        *_details(chance, filing.document_type),
    ]


def _details(chance: random.Random, form: str) -> list[str]:
    figures = _FIGURES.get(form)
    if figures is None:
        return [f"Resolution number: {chance.randint(1, 40)}", f"Persons concerned: {chance.randint(1, 9)}"]
    return ["Amounts in rupees", *(f"{name}: {_amount(chance)}" for name in figures)]


def _amount(chance: random.Random) -> str:
    """An amount in the Indian grouping: lakhs and crores, 12,34,56,000.00."""
    thousands = f"{chance.randint(100, 99_999_999):d}"
    groups = [thousands[-2:], thousands[:-2][-2:], thousands[:-4][-2:], thousands[:-6]]
    return ",".join(group for group in reversed(groups) if group) + ",000.00"


def _annexure(chance: random.Random, filing: Filing, number: int, sheets: int) -> list[str]:
    notes = (f"Note {note}: {_amount(chance)}" for note in range(1, chance.randint(8, 24)))
    return [f"Form {filing.document_type}, SRN {filing.srn}", f"Annexure, page {number} of {sheets}", "", *notes]
