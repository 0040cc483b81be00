"""``manage.py read_filing``: reads local files; needs no servers."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from jobs.configuration.table import current
from jobs.domain.filings.reading import Method, Reading, ReadingState
from jobs.exits import EXIT_FAILED, EXIT_WRONG_USE
from jobs.management.base import FilesureCommand
from worker.bootstrap import reader_of
from worker.reading_json import reading_as_json

_METHODS = (Method.XFA, Method.ACROFORM, Method.TEXT, Method.OCR)


class Command(FilesureCommand):
    """Reads files."""

    help = "Read filings from local files and print their text, or everything that was found as JSON lines."
    epilog = "Exit codes: 0 all read; 1 some could not be read in full, the reasons are on stderr; 2 wrong use."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--json", action="store_true", help="one JSON object per file")
        parser.add_argument("--method", choices=_METHODS, help="read PDFs with this method only")

    def handle(self, *, files: Sequence[Path], method: str | None, **options: Any) -> None:
        missing = [path for path in files if not path.is_file()]
        if missing:
            raise CommandError(f"{missing[0]} is not a file.", returncode=EXIT_WRONG_USE)
        complete = True
        with closing(reader_of(current())) as reader:
            for path in _with_bar(files):
                reading = reader.read(path, path.name, Method(method) if method else None)
                complete = self._print(path, reading, as_json=options["json"]) and complete
        if not complete:
            sys.exit(EXIT_FAILED)

    def _print(self, path: Path, reading: Reading, *, as_json: bool) -> bool:
        """Returns whether everything was read."""
        if as_json:
            self.stdout.write(json.dumps({"file": str(path), **reading_as_json(reading)}, ensure_ascii=False))
        else:
            self.stdout.write(_as_text(reading))
        incomplete = [each for each in reading.all() if each.state is not ReadingState.READ]
        for each in incomplete:
            within = "" if each is reading else f" ({each.name})"
            self.stderr.write(f"{path}{within}: {each.state}: {each.reason}")
        return not incomplete


def _as_text(reading: Reading) -> str:
    parts = [reading.text]
    parts += [f"\n--- {inner.name} ---\n{inner.text}" for inner in list(reading.all())[1:]]
    return "\n".join(parts)


def _with_bar(files: Sequence[Path]) -> Iterator[Path]:
    if len(files) < 2 or not sys.stderr.isatty():
        yield from files
        return
    from tqdm import tqdm

    yield from tqdm(files, unit="file")
