"""The one part of our code that the bare worker uses: reading a file in the separate process."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.domain.filings.records import record_of
from worker.extractors.reader import Reader
from worker.reading_json import record_as_json


@dataclass(frozen=True)
class Found:
    text: str
    record: dict[str, Any] | None
    thumbnail: bytes


class Read:
    def __init__(self) -> None:
        self._reader = Reader()

    def __call__(self, path: Path) -> Found:
        with tempfile.NamedTemporaryFile() as spool:
            reading = self._reader.read(path, path.name, spool=spool)
        record = record_as_json(reading, record_of(reading))
        return Found(text=reading.text, record=record, thumbnail=reading.thumbnail or b"")

    def close(self) -> None:
        self._reader.close()


read = Read()
