"""The one part of our code that the bare worker uses: reading files in the separate process."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from jobs.domain.filings.reading import Reading
from jobs.domain.filings.records import record_of
from worker.extractors.reader import Reader
from worker.reading_json import record_as_json


@dataclass(frozen=True)
class Found:
    """What was read from a file. ``inside``: the files inside it, at any depth."""

    data: bytes
    text: str
    record: dict[str, Any] | None
    thumbnail: bytes
    inside: list[Found]


class Read:
    def __init__(self) -> None:
        self._reader = Reader()

    def __call__(self, path: Path) -> Found:
        with tempfile.NamedTemporaryFile() as spool:
            return _found(self._reader.read(path, path.name, spool=spool), spool)

    def close(self) -> None:
        self._reader.close()


def _found(reading: Reading, spool: IO[bytes]) -> Found:
    start, end = reading.spooled or (0, 0)
    spool.seek(start)
    data = spool.read(end - start)
    nested = [_found(each, spool) for each in reading.attachments if each.spooled]
    return Found(
        data=data,
        text=reading.text,
        record=record_as_json(reading, record_of(reading)),
        thumbnail=reading.thumbnail or b"",
        inside=[each for one in nested for each in (one, *one.inside)],
    )


read = Read()
