"""Counts MongoDB's commands with the driver's listener."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import monitoring

if TYPE_CHECKING:
    from jobs.telemetry.metrics import Instruments

# The commands that Filesure sends. A fixed set, so that a new driver version adds no label values.
_COMMANDS = frozenset(
    {
        "aggregate",
        "count",
        "createIndexes",
        "delete",
        "find",
        "findAndModify",
        "getMore",
        "hello",
        "insert",
        "listIndexes",
        "update",
    }
)


class CommandMeter(monitoring.CommandListener):
    """Measures each finished command."""

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Not measured."""

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        self._ended(event, "ok")

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """The command failed or received no reply."""
        self._ended(event, "error")

    def _ended(self, event: monitoring.CommandSucceededEvent | monitoring.CommandFailedEvent, outcome: str) -> None:
        command = event.command_name if event.command_name in _COMMANDS else "other"
        self._instruments.count("filesure_mongodb_commands_total", command=command, outcome=outcome)
        seconds = event.duration_micros / 1_000_000
        self._instruments.observe("filesure_mongodb_command_duration_seconds", seconds, command=command)
