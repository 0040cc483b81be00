"""Companies as folders of files, some of them broken."""

from __future__ import annotations

import shutil
from pathlib import Path

from worker.sources.simulated_pdf import text_pdf

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"


def a_company_with_files(filings: Path, cin: str) -> None:
    """Create a company with two readable files."""
    folder = filings / cin
    folder.mkdir(exist_ok=True)
    for name, text in (("AOC-4_2024-09-30.pdf", "Financial statements"), ("MGT-7_2024-11-29.pdf", "Annual return")):
        (folder / name).unlink(missing_ok=True)  # writing through a link would change its target
        (folder / name).write_bytes(text_pdf([[text, "Page one"], ["Page two"]], title=text))


def a_company_with_one_missing_file(filings: Path, cin: str) -> None:
    """Create a company whose only file is a link that leads out of the folder, until it is replaced by real files."""
    folder = filings / cin
    folder.mkdir()
    (folder / "AOC-4_2024-09-30.pdf").symlink_to(FIXTURES / "password.pdf")


def lacks_its_file(filings: Path, cin: str) -> bool:
    """Whether it is a company whose only file is still missing."""
    return [path.is_symlink() for path in (filings / cin).iterdir()] == [True]


def a_company_with_broken_files(filings: Path, cin: str) -> None:
    """Create a company with readable files, a damaged one, one with a password, a missing one, and a hostile name."""
    a_company_with_files(filings, cin)
    folder = filings / cin
    (folder / "ADT-1_2021-10-14.pdf").symlink_to(FIXTURES / "password.pdf")
    (folder / "CHG-1_2023-01-31.pdf").write_bytes(b"%PDF-1.7 cut off")
    shutil.copy(FIXTURES / "password.pdf", folder / "DIR-12_2022-02-28.pdf")
    hostile = text_pdf([["<img src=x onerror=alert(1)>"]], title="x")
    (folder / '"><img src=x onerror=alert(1)> PAS-3.pdf').write_bytes(hostile)
