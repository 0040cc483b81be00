"""``manage.py load_companies``: load the master data of companies into the directory."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO, Any

from jobs.bootstrap import application
from jobs.domain.errors import FilesureError, WrongUse
from jobs.exits import EXIT_FAILED
from jobs.management.base import FilesureCommand, with_bar
from jobs.web.directory_csv import DirectoryRow, read_companies

BATCH = 1_000
_SHOWN_REFUSALS = 20


class Command(FilesureCommand):
    """Loads companies."""

    help = (
        "Load companies from the open master data of data.gov.in, a CSV file with headings (also .csv.gz), so that they"
        " are suggested while somebody types a name. Companies in the directory are updated; those that the file lacks"
        " are kept. If interrupted, run it again: only what differs is written."
    )
    epilog = "Exit codes: 0 all loaded; 1 some rows refused, the others loaded; 2 wrong use."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="a CSV file in UTF-8, or such a file gzipped")
        parser.add_argument(
            "--refused",
            type=Path,
            metavar="FILE",
            help=f"write all refused rows' lines and reasons to this file; stderr shows the first {_SHOWN_REFUSALS}",
        )

    def handle(self, *, file: Path, refused: Path | None, **_: Any) -> None:
        app = application()
        loading = _Loading(self.stderr)
        with ExitStack() as stack:
            if refused:
                loading.to = stack.enter_context(_opened(refused, besides=file))
            rows = stack.enter_context(read_companies(file, app.clock().year))
            bar = with_bar(rows, file)
            try:
                while batch := list(islice(bar, BATCH)):
                    loading.save(file.name, batch)
            except (FilesureError, KeyboardInterrupt):
                if loading.has_begun:
                    self.stderr.write(f"{file.name}: cut off. {loading}. Run it again: only what differs is written.")
                raise
        self.stdout.write(f"{loading}.")
        if loading.refused:
            sys.exit(EXIT_FAILED)


class _Loading:
    """The progress of a load. ``to``: a file for refused rows, besides stderr."""

    def __init__(self, stderr: Any) -> None:
        self.added = self.changed = self.same = self.refused = 0
        self.to: IO[str] | None = None
        self._stderr = stderr

    def save(self, name: str, batch: list[DirectoryRow]) -> None:
        """A company that is twice in a batch is stored as the last row states it."""
        companies = {row.company.id: row.company for row in batch if row.company}
        saved = application().directory.save(list(companies.values()))
        self.added += saved.added
        self.changed += saved.changed
        self.same += sum(row.company is not None for row in batch) - saved.added - saved.changed
        for row in batch:
            if row.problem:
                self._refuse(f"{name}:{row.line}: {row.problem}")

    def _refuse(self, sentence: str) -> None:
        self.refused += 1
        if self.to:
            self.to.write(sentence + "\n")
        if self.refused <= _SHOWN_REFUSALS:
            self._stderr.write(sentence)
        elif self.refused == _SHOWN_REFUSALS + 1:
            self._stderr.write("More rows are refused" + ("." if self.to else "; --refused FILE saves all of them."))

    @property
    def has_begun(self) -> bool:
        return bool(self.added or self.changed or self.same or self.refused)

    def __str__(self) -> str:
        return f"{self.added:,} added, {self.changed:,} changed, {self.same:,} unchanged, {self.refused:,} refused"


def _opened(path: Path, besides: Path) -> IO[str]:
    """Raises WrongUse, also if it is the file that is loaded, which would be emptied."""
    try:
        if path.exists() and besides.exists() and path.samefile(besides):
            raise WrongUse(f"{path} is the file to load. Choose another file for --refused.")
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise WrongUse(f"{path} cannot be written: {error.strerror}.") from error
