"""Reports errors of commands: one clear sentence and the right exit code instead of a traceback.

It imports no Django, because a pod's worker starts without it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jobs.configuration.table import current
from jobs.domain.errors import FilesureError
from jobs.exits import EXIT_BROKEN_PIPE, EXIT_INTERRUPTED, exit_code
from jobs.telemetry import logs, masking, tracing


@contextmanager
def reported(service: str, write: Callable[[str], object], *secrets: str) -> Iterator[None]:
    """Log and trace the block as ``service``, and mask ``secrets``.

    ``write`` gets the sentence of one of Filesure's errors, after which the process exits.
    """
    try:
        configuration = current()
        logs.configure(configuration, *secrets)
        endpoint, headers = configuration.otel_exporter_otlp_endpoint, configuration.otel_exporter_otlp_headers
        tracing.configure(endpoint, headers, service=service)
        yield
    except FilesureError as error:
        write(masking.mask(str(error)))
        sys.exit(exit_code(error))
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:  # the reader closed the pipe, as in `manage.py … | head`
        sys.exit(EXIT_BROKEN_PIPE)
    finally:
        tracing.flush()
