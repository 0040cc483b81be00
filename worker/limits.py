"""Limits on a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.domain.ending import Backoff


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits on a run's work and time."""

    concurrency: int
    run_fraction: float
    lease_seconds: float
    stop_seconds: float
    run_timeout_seconds: float
    backoff: Backoff
