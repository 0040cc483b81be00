"""Shared by all commands: one clear sentence and the right exit code instead of a traceback."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from jobs.management.reported import reported


def who() -> str:
    """The user at the terminal; in a container the user may have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


class _Row(Protocol):
    """A row of a file; ``read_bytes``: how much of the file has been read."""

    @property
    def read_bytes(self) -> int: ...


R = TypeVar("R", bound=_Row)


def with_bar(rows: Iterator[R], path: Path) -> Iterator[R]:
    """The rows; on a terminal, with a progress bar over the file's bytes."""
    if not sys.stderr.isatty():
        yield from rows
        return
    from tqdm import tqdm

    with tqdm(total=path.stat().st_size, unit="B", unit_scale=True, desc=path.name) as bar:
        for row in rows:
            yield row
            bar.update(row.read_bytes - bar.n)


class FilesureCommand(BaseCommand):
    """A command that reports Filesure's errors as a sentence on stderr."""

    requires_system_checks = ()
    epilog = "Exit codes: 0 success; 1 failure; 2 wrong use."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, epilog=self.epilog, **kwargs)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command. Filesure's errors become a sentence and an exit code."""
        with reported(self.__module__.rpartition(".")[2], self.stderr.write, settings.SECRET_KEY):
            return super().execute(*args, **options)
