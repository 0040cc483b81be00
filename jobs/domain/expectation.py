"""When jobs are expected to complete: their place in the queue, and an estimate from the pace of the workers.

Claims follow priority, turn and age, and a job keeps its turn for all its runs, so the jobs ahead complete first.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import accumulate
from statistics import median

from jobs.domain.job import UNFINISHED, Job, JobStatus, Progress, Run, RunOutcome
from jobs.domain.listing import Count
from jobs.domain.pausing import Pause

#: A due job that has waited this long has no worker, if none is at work.
WORKER_DUE = timedelta(minutes=2)
#: An estimate is met if it is exceeded by at most this share of the time it allowed, or this time.
SLACK_SHARE, SLACK = 0.25, timedelta(minutes=1)

_NO_PROGRESS = Progress()


class Kind(StrEnum):
    """The kinds of forecasts of a job's completion."""

    #: ``at`` is the estimated time.
    EXPECTED = "expected"
    #: More jobs are ahead than are counted; ``at`` is the earliest time.
    AT_LEAST = "at_least"
    #: The queue or its source is paused; ``at`` is the end of the pause.
    PAUSED = "paused"
    #: The job waits until ``at`` before its next run.
    NOT_BEFORE = "not_before"
    #: Jobs are due, but no worker is at work.
    NO_WORKER = "no_worker"
    #: No run has ended yet, so the duration of runs is unknown.
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A due job in the order of claims, with its number of runs so far."""

    id: str
    priority: int
    turn: int
    runs: int
    due_at: datetime | None = None

    @property
    def key(self) -> tuple[int, int]:
        return -self.priority, self.turn


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast workers perform runs. ``run_seconds`` is None while no run has ended."""

    workers: int
    run_fraction: float
    run_seconds: float | None = None
    last_ended: datetime | None = None

    def runs_left(self, runs: int, progress: Progress = _NO_PROGRESS) -> int:
        """The runs that a job still needs, at least one."""
        if progress.total:
            return max(1, math.ceil(progress.pending / math.ceil(self.run_fraction * progress.total)))
        return max(1, math.ceil(1 / self.run_fraction) - runs)


def planned_runs(job: Job, run_fraction: float) -> int:
    """The runs that a job takes if none fails, or the runs so far if those are more. Stays the same during a run."""
    whole = Pace(workers=0, run_fraction=run_fraction).runs_left(0, Progress(total=job.progress.total))
    return max(job.runs, whole)


_REGULAR = (RunOutcome.ADVANCED, RunOutcome.COMPLETED)


def pace_of(runs: Sequence[Run], *, workers: int, run_fraction: float) -> Pace:
    """The pace by the runs that ended last. Failed and interrupted runs say nothing about the duration of others."""
    ended = [(run, run.finished_at) for run in runs if run.finished_at]
    seconds = [(at - run.started_at).total_seconds() for run, at in ended if run.outcome in _REGULAR]
    return Pace(
        workers=workers,
        run_fraction=run_fraction,
        run_seconds=median(seconds) if seconds else None,
        last_ended=max((at for _, at in ended), default=None),
    )


@dataclass(frozen=True, kw_only=True)
class Queue:
    """The queue at one moment: the first due jobs, and the runs so far of the jobs that workers hold."""

    first: Sequence[Waiting]
    #: Whether more jobs are due than ``first`` contains.
    more: bool
    held: Sequence[int]
    pace: Pace
    pauses: Sequence[Pause] = ()

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {each.id: place for place, each in enumerate(self.first)}

    @cached_property
    def _keys(self) -> Sequence[tuple[int, int]]:
        return [each.key for each in self.first]

    @cached_property
    def _runs_before(self) -> Sequence[int]:
        """The runs that the first 0, 1, 2 … of these jobs still need together."""
        return list(accumulate((self.pace.runs_left(each.runs) for each in self.first), initial=0))

    def ahead(self, job: Job) -> Count:
        """The due jobs that are claimed before this one."""
        place = self._places.get(job.id)
        if place is None:
            place = bisect_right(self._keys, (-job.priority, job.turn))
        return Count(number=place, more=self.more and place == len(self.first))

    @cached_property
    def _oldest_due(self) -> datetime | None:
        return min((each.due_at for each in self.first if each.due_at), default=None)

    def has_no_worker(self, now: datetime) -> bool:
        """Whether a job has been due for a while, and no worker is or was at work."""
        late, ended = now - WORKER_DUE, self.pace.last_ended
        has_waited = self._oldest_due is not None and self._oldest_due < late
        return has_waited and not self.held and (ended is None or ended < late)

    def wait_seconds(self, ahead: int, run_seconds: float, *, more_ahead: int = 0) -> float:
        """Until a worker is free for the job after these. ``more_ahead``: jobs that are not in ``first``."""
        if len(self.held) + ahead + more_ahead < self.pace.workers:
            return 0.0
        waiting = self._runs_before[ahead] + more_ahead * self.pace.runs_left(0)
        # On average, half of a current run is over; its job then comes before those that wait.
        holding = sum(self.pace.runs_left(runs - 1) - 0.5 for runs in self.held)
        return (waiting + holding) * run_seconds / self.pace.workers


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """A forecast of a completion. ``ahead``: the jobs that are claimed first; None if a worker has it."""

    kind: Kind
    ahead: Count | None = None
    at: datetime | None = None

    def sentence(self, now: datetime, moment: Callable[[datetime], str], of: str = "") -> str:
        """For people. ``moment`` formats a time; ``of`` names what the jobs are ahead of."""
        at, left = moment(self.at) if self.at else "", in_words(self.at, now)
        jobs = _jobs_ahead(self.ahead, of) if self.ahead else ""
        return {
            Kind.EXPECTED: f"About {left} until completion, at {at}. {jobs}",
            Kind.AT_LEAST: f"At least {left} until completion. {jobs}",
            Kind.PAUSED: f"Paused until {at}.",
            Kind.NOT_BEFORE: f"Not before {at}.",
            Kind.NO_WORKER: f"No worker is running. {jobs}",
            Kind.UNKNOWN: f"{jobs} The time of completion is unknown, because no run has ended yet.",
        }[self.kind].strip()


def _jobs_ahead(ahead: Count, of: str) -> str:
    number = f"More than {ahead.number:,}" if ahead.more else f"{ahead.number:,}" if ahead.number else "No"
    verb = "job is" if ahead.number < 2 and not ahead.more else "jobs are"
    return f"{number} {verb} ahead{of and f' of {of}'}."


def in_words(at: datetime | None, now: datetime) -> str:
    """12 minutes, 3 hours, 2 days: one unit, rounded."""
    seconds = (at - now).total_seconds() if at else 0.0
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= 2 * size or size == 60:
            number = max(1, round(seconds / size))
            return f"{number} {unit}{'' if number == 1 else 's'}"
    raise AssertionError


def utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%-d %b, %H:%M} UTC"


def expectation(job: Job, queue: Queue, now: datetime, *, at_least_ahead: int = 0) -> Expectation | None:
    """When the job completes; None if it has ended. ``at_least_ahead``: so many jobs are known to be ahead."""
    if job.status not in UNFINISHED:
        return None
    ahead = queue.ahead(job)
    ahead = replace(ahead, number=max(ahead.number, at_least_ahead))
    waits = job.status is JobStatus.PENDING
    shown = ahead if waits else None
    if queue.pauses:
        return Expectation(kind=Kind.PAUSED, ahead=shown, at=max(pause.until for pause in queue.pauses))
    if waits and job.run_after and job.run_after > now:
        return Expectation(kind=Kind.NOT_BEFORE, ahead=shown, at=job.run_after)
    if waits and queue.has_no_worker(now):
        return Expectation(kind=Kind.NO_WORKER, ahead=shown)
    seconds = _seconds(job, queue, now, ahead.number)
    if seconds is None:
        return Expectation(kind=Kind.UNKNOWN, ahead=shown)
    return Expectation(kind=Kind.AT_LEAST if ahead.more else Kind.EXPECTED, ahead=shown, at=_after(now, seconds))


def _seconds(job: Job, queue: Queue, now: datetime, ahead: int) -> float | None:
    run = queue.pace.run_seconds
    if run is None:
        return None
    known = min(ahead, len(queue.first))
    wait = queue.wait_seconds(known, run, more_ahead=ahead - known)
    if job.status is JobStatus.PENDING:
        return wait + queue.pace.runs_left(job.runs, job.progress) * run
    left = queue.pace.runs_left(job.runs - 1, job.progress)
    spent = (now - job.locked_at).total_seconds() if job.locked_at else 0.0
    # A worker holds it, so it waits only between two runs, and only if others then come first.
    return (wait if left > 1 and ahead else 0.0) + left * run - min(spent, 0.9 * run)


def _after(now: datetime, seconds: float) -> datetime:
    return now + timedelta(milliseconds=int(seconds * 1000))  # MongoDB stores no smaller units


def first_estimates(jobs: Sequence[Job], queue: Queue) -> dict[str, datetime]:
    """The expected completions of new jobs with turns, by id, except for those of which only a bound is known."""
    found: dict[str, datetime] = {}
    run = queue.pace.run_seconds
    if run is None or queue.pauses:
        return found
    due = [job for job in jobs if job.is_due(job.created_at) and not queue.has_no_worker(job.created_at)]
    for index, job in enumerate(sorted(due, key=lambda job: (-job.priority, job.turn))):
        ahead = queue.ahead(job)
        if ahead.more:
            break
        wait = queue.wait_seconds(ahead.number, run, more_ahead=index)
        found[job.id] = _after(job.created_at, wait + queue.pace.runs_left(0) * run)
    return found


def is_met(job: Job, completed_at: datetime) -> bool | None:
    """Whether the job completed in the time that was estimated when it was ordered; None without an estimate."""
    if job.expected_at is None:
        return None
    allowed = job.expected_at - job.created_at
    return completed_at <= job.expected_at + max(SLACK, SLACK_SHARE * allowed)
