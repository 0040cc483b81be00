"""Real and damaged documents in ``shared/filings``, beside the repository.

Without that folder this module defines no tests: REQUIRE_ALL=1 forbids skipped ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.domain.document import Filing
from worker.extractors.reader import Reader
from worker.sources.directory import DirectorySource

FILINGS = Path(__file__).parents[4] / "shared" / "filings"
CIN = "L24295GJ1987PLC143792"

READABLE = {
    "01-minimal-text.pdf": (1, "Lorem ipsum dolor sit amet"),
    "02-office-text.pdf": (1, "Lorem ipsum dolor sit amet"),
    "03-four-pages.pdf": (4, "Hello, here is some text without a meaning."),
    "04-acroform.pdf": (1, "Name\nCheck\nSubmit Submit"),
    "05-scanned-fax.pdf": (1, ""),
    "06-text-and-image.pdf": (1, "1  Your Chapter\nLorem ipsum"),
    "08-google-doc.pdf": (1, "Beautiful is better than ugly."),
}
METHODS = {"04-acroform.pdf": "acroform"}
UNREADABLE = {
    "07-password-protected.pdf": "The PDF needs a password.",
    "09-truncated.pdf": "The PDF is damaged or was cut short.",
    "10-not-a-pdf.pdf": 'The file is of an unknown kind: it begins with "not a pdf at all".',
    "11-empty.pdf": "The file is empty (0 bytes).",
}

if (FILINGS / CIN).is_dir():

    @pytest.fixture(scope="module")
    def extractor() -> Iterator[Reader]:
        extractor = Reader()
        yield extractor
        extractor.close()

    def downloaded(name: str, folder: Path) -> Path:
        source = DirectorySource(FILINGS)
        filing: Filing = next(f for f in source.filings(CIN, "Any") if f.file_name == name)
        path = folder / "download"
        path.write_bytes(b"".join(source.download(CIN, "Any", filing, 1)))
        return path

    def test_documents_are_listed_in_order() -> None:
        names = [filing.file_name for filing in DirectorySource(FILINGS).filings(CIN, "Any")]
        assert names == sorted([*READABLE, *UNREADABLE])

    @pytest.mark.parametrize("name", READABLE)
    def test_real_document_is_read(extractor: Reader, tmp_path: Path, name: str) -> None:
        pages, contained = READABLE[name]
        reading = extractor.read(downloaded(name, tmp_path), name)
        expected = METHODS.get(name, "text" if reading.text else "none")
        assert (reading.method, reading.page_count) == (expected, pages)
        assert contained in reading.text
        assert bool(reading.text) == bool(contained)

    @pytest.mark.parametrize("name", UNREADABLE)
    def test_unreadable_document_gives_a_reason(extractor: Reader, tmp_path: Path, name: str) -> None:
        assert extractor.read(downloaded(name, tmp_path), name).reason == UNREADABLE[name]
