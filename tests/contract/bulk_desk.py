"""The ports of bulk actions, and processes that carry them out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

from jobs.adapters.memory import MemoryAuditLog, MemoryBulkActionRepository
from jobs.adapters.memory_blob import MemoryBlobStore
from jobs.adapters.mongo.audit import MongoAuditLog
from jobs.adapters.mongo.bulk_actions import MongoBulkActionRepository
from jobs.bootstrap import new_id
from jobs.domain.audit import Action, Outcome
from jobs.domain.audit import Actor as Person
from jobs.domain.bulk_action import BulkAction
from jobs.domain.job import Job, JobStatus
from jobs.ports import AuditLog, BulkActionRepository, DocumentRepository, JobRepository, RunRepository
from jobs.services import BulkService
from jobs.web import actions as table
from jobs.web.actions import ACTIONS
from tests.conftest import FakeClock
from tests.contract.stepping import SOME, Actor, Stepped
from tests.contract.stores import job_service, memory_stores, mongodb_stores
from tests.making import a_cin, a_job

LEASE = 30.0
JOBS, STEP = 4, 2
#: The state of the jobs before each action, and whether the action is done.
BEFORE = {Action.CANCEL: JobStatus.PENDING, Action.RETRY: JobStatus.CANCELLED, Action.PRIORITISE: JobStatus.PENDING}
DONE: dict[Action, Callable[[Job], bool]] = {
    Action.CANCEL: lambda job: job.status is JobStatus.CANCELLED,
    Action.RETRY: lambda job: job.status is JobStatus.PENDING,
    Action.PRIORITISE: lambda job: job.priority == 7,
}


@dataclass(kw_only=True)
class Desk:
    """The ports, and the jobs of one action.

    ``stride``: processes stop at each call, or at some of them on a server, where each takes long.
    """

    jobs: JobRepository
    documents: DocumentRepository
    runs: RunRepository
    audit: AuditLog
    actions: BulkActionRepository
    clock: FakeClock
    stride: int = 1
    ids: list[str] = field(default_factory=list)

    def service(self, actor: Actor | None = None) -> BulkService:
        """With an actor, each call to a port is one of its steps."""
        names = ("jobs", "documents", "runs", "audit", "actions")
        ports = {name: Stepped(getattr(self, name), actor) if actor else getattr(self, name) for name in names}
        blobs = MemoryBlobStore()
        staff = job_service(self.clock, **{name: ports[name] for name in names[:4]}, blobs=lambda: blobs)

        def act(action: BulkAction, job_id: str) -> object:
            wanted = table.Request(job_id=job_id, actor=action.actor, priority=action.priority or 0)
            return ACTIONS[action.action].run(staff, wanted)

        return BulkService(
            **{name: ports[name] for name in ("jobs", "audit", "actions")},
            clock=self.clock,
            act=act,
            select=self.select,
            lease_seconds=LEASE,
            renew_seconds=0,
            step=STEP,
        )

    def select(self, action: BulkAction, after: str, limit: int) -> list[Job]:
        """``filters`` is a state."""
        found = [self.jobs.get(job_id) for job_id in sorted(self.ids) if job_id > after]
        return [job for job in found if job.status == action.filters][:limit]

    def begin(self, action: Action, *, chosen: bool = False) -> BulkAction:
        """New jobs, and an action on them. ``chosen``: by their ids, otherwise by their state."""
        self.ids = [self.order(BEFORE[action]) for _ in range(JOBS)]
        begun = self.actions.add(
            BulkAction(
                id=new_id(),
                action=action,
                priority=7 if action is Action.PRIORITISE else None,
                by="asha",
                at=self.clock(),
                filters="" if chosen else BEFORE[action],
                job_ids=tuple(sorted(self.ids)) if chosen else (),
                newest_id=max(self.ids),
                total=JOBS,
                lease_until=self.clock(),
            )
        )
        self.clock.advance(1)
        return begun

    def order(self, status: JobStatus = JobStatus.PENDING, **changes) -> str:
        job = a_job(self.clock(), cin=a_cin(), **changes)
        self.jobs.add([job], again=True)
        if status is JobStatus.CANCELLED:
            self.jobs.cancel(job.id)
        return job.id

    def drain(self, service: BulkService | None = None) -> None:
        """Let the lease end, and advance the action to its end."""
        self.clock.advance(LEASE + 1)
        while (service or self.service()).advance("drain"):
            self.clock.advance(0.001)

    def changed(self, action: Action) -> int:
        return sum(DONE[action](self.jobs.get(job_id)) for job_id in self.ids)

    def assert_exact(self, begun: BulkAction, *, twice: int = 0) -> BulkAction:
        """The report equals what happened, and at most so many jobs were acted on twice."""
        ended = self.actions.get(begun.id)
        assert (ended.done, ended.refused) == (self.changed(begun.action), 0)
        assert list(self.actions.refusals(begun.id)) == []
        assert (ended.batch, ended.lease_until) == ((), None)
        entries = [entry for job_id in self.ids for entry in self.audit.of_job(job_id, 50)]
        done = [entry.job_id for entry in entries if (entry.bulk_id, entry.outcome) == (begun.id, Outcome.DONE)]
        assert len(done) - len(set(done)) <= twice
        return ended


def a_desk_in_memory(clock: FakeClock) -> Desk:
    actions = MemoryBulkActionRepository(clock)
    return Desk(**vars(memory_stores(clock)), audit=MemoryAuditLog(), actions=actions, clock=clock)


def a_desk_in_mongodb(database, clock: FakeClock) -> Desk:
    """In an empty database."""
    clock.now = datetime.now(UTC).replace(microsecond=0)  # old actions would be deleted
    for name in ("jobs", "documents", "runs", "totals", "audit", "bulk_actions", "bulk_refusals"):
        database[name].delete_many({})
    actions = MongoBulkActionRepository(database, clock)
    stores = vars(mongodb_stores(database, clock))
    return Desk(**stores, audit=MongoAuditLog(database), actions=actions, clock=clock, stride=SOME)


def works(desk: Desk, name: str) -> Actor:
    """A process that advances the action to its end."""

    def act(actor: Actor) -> None:
        service = desk.service(actor)
        while service.advance(name):
            pass

    return Actor(name, act)


def after_each_call(desk: Desk, action: Action, *, chosen: bool = False) -> Iterator[tuple[BulkAction, Actor]]:
    """A process just before its first call and later ones, each with an action and jobs of its own."""
    for calls in count(0, desk.stride):
        begun = desk.begin(action, chosen=chosen)
        actor = works(desk, "first")
        for _ in range(calls):
            if actor.call:
                actor.step()
        if not actor.call:
            assert calls > 10
            return
        yield begun, actor
        actor.kill()


@dataclass
class JobServiceOf:
    """Another user who acts on one job."""

    desk: Desk

    def cancel(self, job_id: str) -> None:
        desk = self.desk
        service = job_service(desk.clock, jobs=desk.jobs, documents=desk.documents, runs=desk.runs, audit=desk.audit)
        service.cancel(job_id, Person(name="ravi"))
