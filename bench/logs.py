"""A log line with context and masking, compared with plain python-json-logger."""

from __future__ import annotations

import logging

from pythonjsonlogger.json import JsonFormatter

from bench.measuring import Report, alternate, sized
from jobs.telemetry import logs, masking
from jobs.telemetry.log_context import bound

LINES = 2000
ABOUT = {"jobId": "65a1f0c2b7e4d3a291f0c2b7", "cin": "U72900KA2008PTC000001", "run": 3, "fence": 3, "worker": "pod-1"}
EVENT = {"kind": "document_unavailable", "reason": "The source did not answer for 30 seconds.", "document": 7}
SECRETS = ["mongodb://worker:a-long-password@db:27017/", "k" * 50, "AccountName=a;AccountKey=c29tZSBrZXkgb3Igb3RoZXI="]


def measure(_uri: str, report: Report) -> None:
    """Measure the ratio of the medians, for a typical line, which has no secret."""
    masking.know(SECRETS)
    ours, base = logs.formatter("json"), JsonFormatter("%(message)s %(levelname)s %(name)s", timestamp="time")

    def write(formatter: logging.Formatter, fields: dict[str, object]) -> None:
        for _ in range(LINES):
            formatter.format(logging.makeLogRecord({"msg": "document.failed", "levelname": "INFO", **fields}))

    with bound(**ABOUT):
        mine, theirs = alternate(lambda: write(ours, {**EVENT}), lambda: write(base, ABOUT | EVENT), sized(21, 2))
    note = f"{(mine - theirs) / LINES * 1e6:+.1f} µs a line of {mine / LINES * 1e6:.0f}"
    report.add("log line with context and masks / python-json-logger", mine / theirs, 2, note=note)
