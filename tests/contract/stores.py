"""The repositories that must pass the same contract suite, and code shared by its tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bson import ObjectId

from jobs.adapters.memory import (
    MemoryAuditLog,
    MemoryDocumentRepository,
    MemoryExports,
    MemoryJobRepository,
    MemoryRunRepository,
)
from jobs.adapters.memory_blob import MemoryBlobStore
from jobs.adapters.mongo.documents import MongoDocumentRepository
from jobs.adapters.mongo.exports import MongoExports
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.adapters.mongo.runs import MongoRunRepository
from jobs.bootstrap import new_id
from jobs.domain.audit import Action
from jobs.domain.bulk_action import BulkAction, BulkState, RefusedJob
from jobs.domain.ending import Backoff
from jobs.domain.export import Scope
from jobs.domain.job import Job, Progress, Run
from jobs.domain.listing import Cursor
from jobs.domain.saved_view import Listing, SavedView
from jobs.ports import (
    BulkActionRepository,
    DocumentRepository,
    Exports,
    JobRepository,
    RunRepository,
    SavedViewRepository,
)
from jobs.services import JobService
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


def memory_stores(clock) -> Stores:
    return Stores(MemoryJobRepository(clock), MemoryDocumentRepository(clock), MemoryRunRepository())


def mongodb_stores(database, clock) -> Stores:
    return Stores(
        MongoJobRepository(database, clock), MongoDocumentRepository(database, clock), MongoRunRepository(database)
    )


def job_service(clock, **given: Any) -> JobService:
    """In memory, except for what is given."""
    memory = {
        "documents": MemoryDocumentRepository(clock),
        "runs": MemoryRunRepository(),
        "audit": MemoryAuditLog(),
        "blobs": MemoryBlobStore,
    }
    return JobService(**memory | given, clock=clock, new_id=new_id, max_attempts=3)


def exports_of(jobs: JobRepository) -> Exports:
    """The lists of exports over the same jobs."""
    if isinstance(jobs, MemoryJobRepository):
        return MemoryExports(jobs)
    assert isinstance(jobs, MongoJobRepository)
    return MongoExports(jobs._jobs.database)


def add(stores: Stores, clock, **changes) -> Job:
    """Store a job."""
    job = a_job(clock(), **changes)
    assert stores.jobs.add([job], again=True) == {}
    return stores.jobs.get(job.id)


def a_run(job: Job, clock, **changes) -> Run:
    return replace(Run.of(job, clock()), **changes)


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


def list_exports(exports: Exports, jobs: JobRepository, now: datetime) -> None:
    """Run the queries of exports."""
    exports.latest(Cursor(id=str(ObjectId())), 5)
    exports.of(Scope.COMPANY, "x", 5)
    exports.ended_before(now, 5)
    jobs.holder("x")


def keep_views(views: SavedViewRepository, now: datetime) -> None:
    """Use each query of saved views."""
    fields = {"owner": "x", "listing": Listing.JOBS, "name": "n", "query": "q=a", "is_shared": True}
    view = SavedView(id=str(ObjectId()), created_at=now, **fields)
    views.add(view)
    views.of("x", Listing.JOBS, 5)
    views.shared(Listing.JOBS, 5)
    views.save(views.get(view.id))
    views.delete(view.id)
