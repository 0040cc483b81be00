"""How long due jobs wait for a worker. Pauses do not count."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from jobs.domain.job import PRIORITIES, Job

if TYPE_CHECKING:
    from jobs.domain.pausing import Pause


def waiting_since(due: datetime, pauses: Iterable[Pause], now: datetime) -> datetime:
    """When the wait of a job that is due since then began: ``now`` during a pause, else the end of the last pause."""
    return max([due, *(min(pause.until, now) for pause in pauses)])


def waited(job: Job, pauses: Iterable[Pause], now: datetime) -> float:
    """The seconds that a due job has waited, since it became due or its earlier lease expired.

    0 for jobs of the lowest priority, since they wait for all others.
    """
    if job.run_after is None or job.priority not in PRIORITIES:
        return 0.0
    return max(0.0, (now - waiting_since(job.run_after, pauses, now)).total_seconds())
