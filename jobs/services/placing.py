"""Stores new orders, within their requester's monthly limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from jobs.domain.job import Job
from jobs.ports import Expect, JobRepository
from jobs.services.order_limits import OrderLimits
from jobs.telemetry import tracing


@dataclass(frozen=True, kw_only=True)
class Placing:
    """Orders are counted before they are stored, and those that were refused are given back afterwards."""

    jobs: JobRepository
    #: None: orders get no estimate.
    expect: Expect | None = None
    #: None: nobody's orders are limited.
    limits: OrderLimits | None = None

    def add(self, jobs: Sequence[Job], by: str, limit: int | None, *, again: bool) -> Mapping[str, str]:
        """Store new jobs of one requester. Returns refused jobs: CIN → id of the company's unfinished job.

        Raises MonthlyLimit: none of the jobs it names were stored, and the others are stored or refused already.
        """
        held = self.hold(jobs, by, limit, again=again)
        refused = self._add(jobs, again=again)
        self.settle(held, by)
        return refused

    def unfinished(self, jobs: Sequence[Job], *, again: bool) -> Mapping[str, str]:
        """The jobs that would be refused, as ``add`` returns them."""
        return {} if again else self.jobs.unfinished({job.cin for job in jobs})

    def hold(self, jobs: Sequence[Job], by: str, limit: int | None, *, again: bool = False) -> list[str]:
        """Count orders that are about to be stored, besides those that will be refused or are stored.

        Returns the ids of those that were not counted before, to be settled afterwards. Raises MonthlyLimit.
        """
        if limit is None or self.limits is None:
            return []
        refused, known = self.unfinished(jobs, again=again), self.jobs.existing([job.id for job in jobs])
        new = [job.id for job in jobs if job.cin not in refused and job.id not in known]
        return self.limits.hold(by, new, limit) if new else []

    def settle(self, held: Sequence[str], by: str) -> None:
        """Give back the held orders that were not stored. Idempotent."""
        if held and self.limits:
            self.limits.settle(by, held)

    def _add(self, jobs: Sequence[Job], *, again: bool) -> Mapping[str, str]:
        """With tracing enabled, each job starts a trace."""
        if not tracing.is_on():
            return self.jobs.add(jobs, again=again, expect=self.expect)
        spans = [tracing.begin("order", job.log_context()) for job in jobs]
        traced = [replace(job, trace_context=tracing.traceparent(span)) for job, span in zip(jobs, spans, strict=True)]
        refused = self.jobs.add(traced, again=again, expect=self.expect)
        for job, span in zip(jobs, spans, strict=True):
            if job.cin not in refused:
                span.end()
        return refused
