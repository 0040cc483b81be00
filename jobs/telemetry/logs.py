"""Logs: one JSON object per event for machines, or one readable line for people.

A call names a stable event and passes its data: ``logger.info("job.listed", extra={"documents": 12})``.
``jobs.telemetry.log_context`` adds the job, run and document. Secrets are masked in all lines, including libraries'.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Container
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from jobs.configuration.table import Configuration
from jobs.telemetry import log_context, masking

logger = logging.getLogger(__name__)

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_PLAIN = logging.Formatter()


class ConsoleFormatter(logging.Formatter):
    """``12:00:01 INFO    job.claimed jobId=… cin=…``"""

    def format(self, record: logging.LogRecord) -> str:
        """One line, followed by the traceback if there is one."""
        time = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S")
        return f"{time} {record.levelname:<7} {event_text(record)}"


def event_text(record: logging.LogRecord, without: Container[str] = ()) -> str:
    """The event and its fields, except for those ``without``, masked; on further lines the traceback, if any."""
    given = {name: value for name, value in record.__dict__.items() if name not in _STANDARD}
    fields = masking.masked({**log_context.current(), **given}).items()
    data = "".join(f" {name}={value}" for name, value in fields if value is not None and name not in without)
    line = f"{masking.mask(record.getMessage())}{data}"
    return f"{line}\n{masking.mask(_PLAIN.formatException(record.exc_info))}" if record.exc_info else line


def _json_formatter() -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter

    class MaskedFormatter(JsonFormatter):
        """Masks the data rather than the finished line, where a mask could split a JSON escape."""

        def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
            return dict(masking.masked(log_data | {**log_context.current(), **log_data}))

    return MaskedFormatter(
        "%(message)s %(levelname)s %(name)s",
        rename_fields={"message": "event", "levelname": "level", "name": "logger"},
        timestamp="time",
    )


def formatter(log_format: str) -> logging.Formatter:
    """The formatter for LOG_FORMAT. It adds context and masks secrets itself, so replaced handlers still do both."""
    console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    return ConsoleFormatter() if console else _json_formatter()


def configure(configuration: Configuration, *secrets: str) -> None:
    """Log to standard error, and mask ``secrets`` and those of the configuration."""
    masking.know([*configuration.secrets(), *secrets])
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(configuration.log_format))
    logging.basicConfig(handlers=[handler], level=configuration.log_level, force=True)
    # These libraries log every request; our own events are enough.
    for talkative in ("pymongo", "azure", "urllib3", "httpx", "httpcore"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    logging.getLogger("axes").setLevel(
        logging.ERROR
    )  # it warns about every mistyped password; web.login_locked is enough
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda args: _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def _log_uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    """Log an uncaught error as one line, because Python's own traceback would not be masked."""
    if error and issubclass(kind, Exception):
        logger.critical("process.unexpected", exc_info=(kind, error, trace))
