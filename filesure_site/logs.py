"""Logs: one JSON line an event for machines, one readable line for people.

A call names a stable event and brings its data: ``logger.info("job.claimed", extra=job.log_context())``.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class ConsoleFormatter(logging.Formatter):
    """``12:00:01 INFO    job.claimed jobId=… cin=…``"""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and a traceback below it where there is one."""
        given = {name: value for name, value in record.__dict__.items() if name not in _STANDARD}
        data = "".join(f" {name}={value}" for name, value in given.items() if value is not None)
        time = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S")
        line = f"{time} {record.levelname:<7} {record.getMessage()}{data}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _json_formatter() -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter

    return JsonFormatter(
        "%(message)s %(levelname)s %(name)s",
        rename_fields={"message": "event", "levelname": "level", "name": "logger"},
        timestamp="time",
    )


def configure(log_format: str, level: str) -> None:
    """Send all logs to standard error, in the format that the setting LOG_FORMAT names."""
    console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler()
    handler.setFormatter(ConsoleFormatter() if console else _json_formatter())
    logging.basicConfig(handlers=[handler], level=level, force=True)
    # The driver and the cloud's client tell each request; what matters of it we log ourselves.
    for talkative in ("pymongo", "azure", "urllib3"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    logging.getLogger("axes").setLevel(logging.ERROR)  # it warns of each typing error; web.login_locked says enough
