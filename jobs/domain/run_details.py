"""Details of a run: its last log lines, and the duration of each document's steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

MOST_LINES, LONGEST_LINE = 200, 500
MOST_DOCUMENTS = 100


class StepKind(StrEnum):
    """A step of a run with a document."""

    DOWNLOAD = "download"
    UPLOAD = "upload"
    READ = "read"


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """One line of a log; secrets and PANs are masked."""

    at: datetime
    level: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a document. ``start`` is in seconds since the start of the run."""

    kind: StepKind
    start: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class DocumentTimes:
    """The steps of one document, in the order in which they ended."""

    number: int
    name: str
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RunDetails:
    """The details of one run, at most ``MOST_LINES`` and ``MOST_DOCUMENTS``, which began first."""

    job_id: str
    number: int
    fence: int
    lines: tuple[LogLine, ...] = ()
    documents: tuple[DocumentTimes, ...] = ()
    #: The number of other documents, and the seconds that each kind of step took for them together.
    others: int = 0
    other_seconds: Mapping[StepKind, float] = field(default_factory=dict)
