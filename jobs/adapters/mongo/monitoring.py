"""Counts MongoDB's commands, as the driver tells of them."""

from __future__ import annotations

from pymongo import monitoring

from jobs.domain.metrics import Instruments

# What Filesure itself sends; a label's values must not grow with what a driver learns to send.
_COMMANDS = frozenset({
    "aggregate", "count", "createIndexes", "delete", "find", "findAndModify", "getMore", "hello", "insert",
    "listIndexes", "update",
})  # fmt: skip


class CommandMeter(monitoring.CommandListener):
    """Tells instruments of each command that ended."""

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Nothing to tell yet."""

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """MongoDB did it."""
        self._ended(event, "ok")

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """MongoDB refused it, or did not answer."""
        self._ended(event, "error")

    def _ended(self, event: monitoring.CommandSucceededEvent | monitoring.CommandFailedEvent, outcome: str) -> None:
        command = event.command_name if event.command_name in _COMMANDS else "other"
        self._instruments.count("mongodb_commands_total", command=command, outcome=outcome)
        seconds = event.duration_micros / 1_000_000
        self._instruments.observe("mongodb_command_duration_seconds", seconds, command=command)
