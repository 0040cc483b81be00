"""What all commands share: one clear sentence and the right exit code instead of a traceback."""

from __future__ import annotations

import getpass
import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from filesure_site import logs
from filesure_site.configuration import current
from jobs import masking, tracing
from jobs.domain.errors import FilesureError
from jobs.exits import EXIT_INTERRUPTED, EXIT_NOBODY_READS, exit_code


def who() -> str:
    """Who acts from a terminal; a container may run a user that has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


class FilesureCommand(BaseCommand):
    """A command whose failures of our own kinds end in a sentence on stderr."""

    requires_system_checks = ()
    epilog = "Exit codes: 0 done; 1 failed; 2 wrong use."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Show the exit codes in --help."""
        return super().create_parser(prog_name, subcommand, epilog=self.epilog, **kwargs)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command; errors that we know become a sentence and an exit code."""
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
        except BrokenPipeError:  # who reads what we say has seen enough, as in `manage.py … | head`
            sys.exit(EXIT_NOBODY_READS)
        finally:
            tracing.flush()
