"""The documents that lie beside the repository, in ``shared/filings``: real ones, and three damaged ones.

Where that folder is not, there is nothing to test, and this module has no tests: it skips none either,
so that a run in which every skip is an error (REQUIRE_ALL=1) means the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.domain.document import Filing
from jobs.domain.errors import DocumentUnreadable
from worker.extractors.pdf import PdfExtractor
from worker.sources.directory import DirectorySource

FILINGS = Path(__file__).parents[3] / "shared" / "filings"
CIN = "L24295GJ1987PLC143792"

READABLE = {
    "01-minimal-text.pdf": (1, "Lorem ipsum dolor sit amet"),
    "02-office-text.pdf": (1, "Lorem ipsum dolor sit amet"),
    "03-four-pages.pdf": (4, "Hello, here is some text without a meaning."),
    "04-acroform.pdf": (1, "Name\nCheck\nSubmit"),
    "05-scanned-fax.pdf": (1, ""),
    "06-text-and-image.pdf": (1, "1 Your Chapter\nLorem ipsum"),
    "08-google-doc.pdf": (1, "Beautiful is better than ugly."),
}
UNREADABLE = {
    "07-password-protected.pdf": "The PDF needs a password.",
    "09-truncated.pdf": "The PDF is damaged or was cut short.",
    "10-not-a-pdf.pdf": 'The file is not a PDF: it begins with "not a pdf at all".',
    "11-empty.pdf": "The file is empty (0 bytes).",
}

if (FILINGS / CIN).is_dir():

    @pytest.fixture(scope="module")
    def extractor() -> Iterator[PdfExtractor]:
        extractor = PdfExtractor()
        yield extractor
        extractor.close()

    def downloaded(name: str, folder: Path) -> Path:
        source = DirectorySource(FILINGS)
        filing: Filing = next(f for f in source.filings(CIN, "Any") if f.file_name == name)
        path = folder / "download"
        path.write_bytes(b"".join(source.download(CIN, "Any", filing, 1)))
        return path

    def test_every_document_is_listed_in_order() -> None:
        names = [filing.file_name for filing in DirectorySource(FILINGS).filings(CIN, "Any")]
        assert names == sorted([*READABLE, *UNREADABLE])

    @pytest.mark.parametrize("name", READABLE)
    def test_a_real_document_is_read(extractor: PdfExtractor, tmp_path: Path, name: str) -> None:
        pages, contained = READABLE[name]
        extraction, text = extractor.extract(downloaded(name, tmp_path), name)
        assert (extraction.method, extraction.pages, extraction.characters) == ("pdfium", pages, len(text))
        assert contained in text
        assert bool(text) == bool(contained)

    @pytest.mark.parametrize("name", UNREADABLE)
    def test_a_document_that_cannot_be_read_says_why(extractor: PdfExtractor, tmp_path: Path, name: str) -> None:
        with pytest.raises(DocumentUnreadable) as raised:
            extractor.extract(downloaded(name, tmp_path), name)
        assert str(raised.value) == UNREADABLE[name]
