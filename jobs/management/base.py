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

from jobs.configuration.table import current
from jobs.domain.errors import FilesureError
from jobs.exits import EXIT_BROKEN_PIPE, EXIT_INTERRUPTED, exit_code
from jobs.telemetry import logs, masking, tracing


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
        try:
            configuration = current()
            logs.configure(configuration, settings.SECRET_KEY)
            endpoint, headers = configuration.otel_exporter_otlp_endpoint, configuration.otel_exporter_otlp_headers
            tracing.configure(endpoint, headers, service=self.__module__.rpartition(".")[2])
            return super().execute(*args, **options)
        except FilesureError as error:
            self.stderr.write(masking.mask(str(error)))
            sys.exit(exit_code(error))
        except KeyboardInterrupt:
            sys.exit(EXIT_INTERRUPTED)
        except BrokenPipeError:  # the reader closed the pipe, as in `manage.py … | head`
            sys.exit(EXIT_BROKEN_PIPE)
        finally:
            tracing.flush()
