"""Jobs, filings and files for tests."""

from __future__ import annotations

import itertools
from datetime import datetime
from pathlib import Path
from typing import Any

from jobs.bootstrap import new_id
from jobs.domain.document import Extraction, Filing, StoredFile
from jobs.domain.job import Job
from worker.extractors.pdf import PdfExtractor

_numbers = itertools.count(1)


def a_cin(number: int | None = None) -> str:
    return f"U72900KA2008PTC{number or next(_numbers):06d}"


def a_job(now: datetime, **changes: Any) -> Job:
    fields: dict[str, Any] = {
        "id": new_id(), "cin": a_cin(), "company_name": "Test Company", "run_after": now, "max_attempts": 3,
        "requested_by": "tests", "created_at": now, "updated_at": now,
    }  # fmt: skip
    return Job(**{**fields, **changes})


def some_filings(count: int) -> list[Filing]:
    return [
        Filing(number=number, document_type="AOC-4", file_name=f"AOC-4_{number}.pdf", srn=f"H{number:08d}")
        for number in range(1, count + 1)
    ]


def a_file(name: str = "jobs/x/document_1.pdf", size: int = 7) -> StoredFile:
    return StoredFile(
        blob_name=name, blob_url=f"memory:///{name}", size=size, content_type="application/pdf",
        checksum="sha256:" + "0" * 64, text_blob_name=None,
        extraction=Extraction(method="pdfium", characters=3, pages=1),
    )  # fmt: skip


def a_pdf(folder: Path, data: bytes) -> Path:
    path = folder / "document.pdf"
    path.write_bytes(data)
    return path


def read(extractor: PdfExtractor, path: Path) -> str:
    return extractor.extract(path, path.name)[1]
