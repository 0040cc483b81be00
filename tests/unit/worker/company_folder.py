"""A folder of filings for the directory source, with one company."""

from __future__ import annotations

from pathlib import Path

from jobs.domain.document import Filing
from worker.sources.directory import DirectorySource

CIN = "L24295GJ1987PLC143792"


def put(root: Path, *names: str, data: bytes = b"%PDF-") -> None:
    for name in names:
        (root / CIN / name).write_bytes(data)


def names(root: Path) -> list[str]:
    return [filing.file_name for filing in DirectorySource(root).filings(CIN, "Any")]


def download(root: Path, name: str) -> bytes:
    filing = Filing(number=1, document_type="OTHER", file_name=name)
    return b"".join(DirectorySource(root).download(CIN, "Any", filing, 1))
