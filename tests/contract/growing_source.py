"""A source with ever more filings, and a reader of its files."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from jobs.domain.document import Filing
from jobs.domain.filings.reading import Reading
from tests.making import a_cin, a_reading, an_attachment

ATTACHED = b"attached"
COMPANIES = [a_cin(810_000 + number) for number in range(2)]


class GrowingSource:
    """A source to which companies keep adding filings; the newest comes first and renumbers all others."""

    def __init__(self) -> None:
        self.names = {cin: ["AOC-4_1.pdf", "MGT-7_2.pdf", "ADT-1_3.pdf"] for cin in COMPANIES}
        self.downloads: list[str] = []

    def files(self, cin: str) -> None:
        self.names[cin].insert(0, f"DIR-12_{len(self.names[cin]) + 1}.pdf")

    def filings(self, cin: str, company_name: str) -> list[Filing]:
        return [
            Filing(number=number, document_type="AOC-4", file_name=name, srn=_srn(cin, name))
            for number, name in enumerate(self.names[cin], start=1)
        ]

    def download(self, cin: str, company_name: str, filing: Filing, attempt: int):
        self.downloads.append(filing.file_name)
        yield content(cin, filing)

    def check(self) -> str:
        return "growing"


def _srn(cin: str, name: str) -> str | None:
    """Another order recognises a filing by it; one without it only by its bytes."""
    return None if name.startswith("MGT-7") else f"{cin} {name}"


def content(cin: str, filing: Filing) -> bytes:
    return f"{cin} {filing.file_name}".encode()


class TextExtractor:
    def read(self, path: Path, file_name: str, *, spool: IO[bytes]) -> Reading:
        """One of the filings contains another file."""
        inside = [an_attachment(spool, ATTACHED)] if file_name.startswith("ADT-1") else []
        return a_reading(path.read_text(), file_name, attachments=tuple(inside))

    def close(self) -> None:
        pass
