"""One run's log and the timeline of its documents, for a job's page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.bootstrap import application
from jobs.domain.job import Job, Run
from jobs.domain.run_details import RunDetails


@dataclass(frozen=True, kw_only=True)
class ShownRun:
    """A run that is shown in detail. ``seconds`` is the width of its timeline."""

    run: Run
    details: RunDetails

    @property
    def seconds(self) -> float:
        run, steps = self.run, [step for each in self.details.documents for step in each.steps]
        took = (run.finished_at - run.started_at).total_seconds() if run.finished_at else 0.0
        return max([took, *(step.start + step.seconds for step in steps)])


def shown_run(job: Job, runs: Sequence[Run], wanted: str) -> ShownRun | None:
    """The run with this number, else the latest; None if nothing is kept of it."""
    run = next((run for run in runs if str(run.number) == wanted), runs[-1] if runs else None)
    details = application().runs.details(job.id, run.number) if run else None
    return ShownRun(run=run, details=details) if run and details else None


def trace_url(job: Job) -> str | None:
    """Where TRACES_URL shows the job's trace; None without either."""
    pattern, trace = application().configuration.traces_url, job.trace_id
    return pattern.replace("{trace}", trace) if pattern and trace else None
