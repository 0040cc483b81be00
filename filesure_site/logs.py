"""Logs: one JSON line an event for machines, one readable line for people.

A call names a stable event and brings its data: ``logger.info("job.listed", extra={"documents": 12})``. What
the work in hand is about comes from ``jobs.log_context``; no secret leaves, whoever wrote it into the line.
"""

from __future__ import annotations

import logging
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from filesure_site.configuration import Configuration
from jobs import log_context, masking

logger = logging.getLogger(__name__)

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class ConsoleFormatter(logging.Formatter):
    """``12:00:01 INFO    job.claimed jobId=… cin=…``"""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and a traceback below it where there is one."""
        given = {name: value for name, value in record.__dict__.items() if name not in _STANDARD}
        fields = masking.masked({**log_context.current(), **given})
        data = "".join(f" {name}={value}" for name, value in fields.items() if value is not None)
        time = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S")
        line = f"{time} {record.levelname:<7} {masking.mask(record.getMessage())}{data}"
        return f"{line}\n{masking.mask(self.formatException(record.exc_info))}" if record.exc_info else line


def _json_formatter() -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter

    class MaskedFormatter(JsonFormatter):
        """Masks the data and not the finished line: a mask could cut a JSON escape in two."""

        def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
            return dict(masking.masked(log_data | {**log_context.current(), **log_data}))

    return MaskedFormatter(
        "%(message)s %(levelname)s %(name)s",
        rename_fields={"message": "event", "levelname": "level", "name": "logger"},
        timestamp="time",
    )


def formatter(log_format: str) -> logging.Formatter:
    """What LOG_FORMAT names. Context and masks are its work, not a filter's: whoever changes handlers keeps them."""
    console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    return ConsoleFormatter() if console else _json_formatter()


def configure(configuration: Configuration, *secrets: str) -> None:
    """Send all logs to standard error. The configuration's secrets and these are masked in them."""
    masking.know([*configuration.secrets(), *secrets])
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(configuration.log_format))
    logging.basicConfig(handlers=[handler], level=configuration.log_level, force=True)
    # The driver and the cloud's client tell each request; what matters of it we log ourselves.
    for talkative in ("pymongo", "azure", "urllib3"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    logging.getLogger("axes").setLevel(logging.ERROR)  # it warns of each typing error; web.login_locked says enough
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda args: _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def _log_uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    """What nobody caught is a line like any other; Python's own traceback would know no masks."""
    if error and issubclass(kind, Exception):
        logger.critical("process.unexpected", exc_info=(kind, error, trace))
