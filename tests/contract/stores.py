"""The repositories that must pass the same contract suite, and code shared by its tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bson import ObjectId

from jobs.domain.audit import Action
from jobs.domain.bulk_action import BulkAction, BulkState, RefusedJob
from jobs.domain.ending import Backoff
from jobs.domain.job import Job, Progress, Run
from jobs.domain.listing import Cursor
from jobs.ports import BulkActionRepository, DocumentRepository, JobRepository, RunRepository
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


def act_on_many(actions: BulkActionRepository, now: datetime) -> None:
    """Use each query of a bulk action and its pages."""
    made = BulkAction(id=str(ObjectId()), action=Action.CANCEL, by="x", at=now, lease_until=now)
    actions.add(made)
    claimed = actions.claim("w", 60)
    actions.next_expiry()
    actions.renew(claimed, 60)
    actions.save(claimed, [RefusedJob(job_id=str(ObjectId()), reason="No.")])
    actions.request_stop(made.id)
    list(actions.refusals(made.id))
    actions.latest("x", Cursor(id=str(ObjectId())), 5)
    actions.save(replace(claimed, state=BulkState.DONE, ended_at=now))
