"""The response body of a run's log."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from jobs.domain.run_details import StepKind
from jobs.web.api.base import Out


class LogLineOut(Out):
    """One line; secrets and PANs are masked."""

    at: datetime
    level: str
    text: str


class StepOut(Out):
    """One step of a document. ``start`` is in seconds since the start of the run."""

    kind: StepKind
    start: float
    seconds: float


class DocumentTimesOut(Out):
    """The steps of one document."""

    number: int
    name: str
    steps: list[StepOut]


class RunLogOut(Out):
    """The last 200 lines of a run, and the times of its first 100 documents.

    ``others``: the number of its other documents; ``otherSeconds`` sums up their steps by kind.
    """

    run: int = Field(validation_alias="number")
    lines: list[LogLineOut]
    documents: list[DocumentTimesOut]
    others: int
    other_seconds: dict[StepKind, float]
