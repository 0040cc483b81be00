"""The repositories that must pass the same contract suite, and code shared by its tests."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.domain.ending import Backoff
from jobs.domain.job import Job, Progress, Run
from jobs.ports import DocumentRepository, JobRepository, RunRepository
from tests.making import a_job

LEASE = 60.0
BACKOFF = Backoff(base_seconds=10, cap_seconds=900)
DONE = Progress(total=3, downloaded=3)
HALF = Progress(total=3, downloaded=1)


@dataclass
class Stores:
    jobs: JobRepository
    documents: DocumentRepository
    runs: RunRepository


def add(stores: Stores, clock, **changes) -> Job:
    """Store a job."""
    job = a_job(clock(), **changes)
    assert stores.jobs.add([job], again=True) == {}
    return stores.jobs.get(job.id)


def a_run(job: Job, clock, **changes) -> Run:
    fields = {"job_id": job.id, "number": job.runs, "worker": job.locked_by, "fence": job.fence, "started_at": clock()}
    return Run(**{**fields, **changes})
