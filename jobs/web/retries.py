"""The latest retries, and the results of their jobs."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.domain.audit import Action, AuditFilter, Outcome
from jobs.domain.job import DONE, UNFINISHED, Job, JobStatus
from jobs.domain.retries import Retry, retries
from jobs.ports import AuditLog, Catalogue

#: Entries that are read on each visit; of a larger bulk action, only the latest jobs are shown.
AMONG = 1_000
SHOWN = 10
SHOWN_JOBS = 20


@dataclass(frozen=True, kw_only=True)
class Retried:
    """One retry. ``jobs`` are those that still exist, failed ones first."""

    retry: Retry
    jobs: list[Job]

    @property
    def anchor(self) -> str:
        """The id of its place on the page; a job can be the first of several retries."""
        return f"retry-{self.retry.job_ids[0]}-{int(self.retry.at.timestamp())}"

    @property
    def number(self) -> int:
        return len(self.retry.job_ids)

    @property
    def shown(self) -> list[Job]:
        return self.jobs[:SHOWN_JOBS]

    @property
    def more(self) -> int:
        return max(0, len(self.jobs) - SHOWN_JOBS)

    @property
    def outcome(self) -> str:
        """For example: 2 of 5 failed again, 1 in progress, 2 completed."""
        states = [job.status for job in self.jobs]
        numbers = {
            "failed again": states.count(JobStatus.FAILED),
            "partial": states.count(JobStatus.PARTIAL),
            "in progress": sum(state in UNFINISHED for state in states),
            "completed": sum(state in DONE for state in states) - states.count(JobStatus.PARTIAL),
            "cancelled": states.count(JobStatus.CANCELLED),
            "deleted": self.number - len(self.jobs),
        }
        first, *rest = [f"{number:,} {text}" for text, number in numbers.items() if number]
        number, text = first.split(" ", 1)
        among = f"the latest {self.number:,}" if self.retry.cut else f"{self.number:,}"
        return ", ".join([f"{number} of {among} {text}", *rest])


def latest(catalogue: Catalogue, log: AuditLog) -> list[Retried]:
    """The latest retries, the newest first. Raises TooSlow."""
    page = log.entries(AuditFilter(action=Action.RETRY), None, AMONG)
    read_since = page.items[-1].at if page.next else None
    found = retries((entry for entry in page.items if entry.outcome is Outcome.DONE), read_since)[:SHOWN]
    jobs = {job.id: job for job in catalogue.jobs_with({each for retry in found for each in retry.job_ids})}
    return [_retried(retry, jobs) for retry in found if retry.job_ids]


def _retried(retry: Retry, jobs: dict[str, Job]) -> Retried:
    mine = [jobs[job_id] for job_id in retry.job_ids if job_id in jobs]
    return Retried(retry=retry, jobs=sorted(mine, key=lambda job: job.status is not JobStatus.FAILED))
