"""The repositories do what a pure model predicts, under random actions in random order.

Workers may be late, repeat themselves or have lost their lease; deletions may stop after any step; the clock may jump.
After each action, its result and everything that it could have changed are compared with the model.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from jobs.adapters.memory import (
    MemoryDocumentRepository,
    MemoryJobRepository,
    MemoryPauseRepository,
    MemoryRunRepository,
)
from jobs.adapters.mongo.documents import MongoDocumentRepository
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.adapters.mongo.pauses import MongoPauseRepository
from jobs.adapters.mongo.runs import MongoRunRepository
from jobs.domain.job import VISIBLE, Job
from jobs.domain.pausing import Pause
from jobs.ports import PauseRepository
from tests.conftest import FakeClock
from tests.contract.machines import run_machine
from tests.contract.model import LEASE, SOURCE, WAITING
from tests.contract.stores import Stores
from tests.contract.workers import HALF, Workers, outcome, priorities

STEPS = 50
sources = st.sampled_from([None, SOURCE, "another"])


class Queue(Workers):
    """Workers and staff, and the clock. ``thorough``: compare all jobs after each action, not only the touched ones."""

    def __init__(self, empty: Callable[[FakeClock], tuple[Stores, PauseRepository]], *, thorough: bool) -> None:
        super().__init__()
        self.stores, self.pauses = empty(self.clock)
        self.thorough = thorough

    @rule(job_id=Workers.ids)
    def cancel(self, job_id: str) -> None:
        self.both(job_id, lambda: self.model.cancel(job_id), lambda: self.stores.jobs.cancel(job_id))

    @rule(job_id=Workers.ids, again=st.booleans())
    def retry(self, job_id: str, again: bool) -> None:
        self.both(
            job_id,
            lambda: self.model.retry(job_id, HALF, again=again),
            lambda: self.stores.jobs.retry(job_id, HALF, again=again),
        )

    @rule(job_id=Workers.ids)
    def list_again(self, job_id: str) -> None:
        self.both(job_id, lambda: self.model.list_again(job_id), lambda: self.stores.documents.list_again(job_id))

    @rule(job_id=Workers.ids, priority=priorities)
    def prioritise(self, job_id: str, priority: int) -> None:
        self.both(
            job_id,
            lambda: self.model.prioritise(job_id, priority),
            lambda: self.stores.jobs.prioritise(job_id, priority),
        )

    @rule(job_id=Workers.ids)
    def run_now(self, job_id: str) -> None:
        self.both(job_id, lambda: self.model.run_now(job_id), lambda: self.stores.jobs.run_now(job_id))

    @rule(claim=Workers.claims)
    def settle(self, claim: Job) -> None:
        """The part of it that concerns runs."""
        self.both(
            claim.id,
            lambda: self.model.lose(claim.id, claim.fence + 1),
            lambda: self.stores.runs.lose(claim.id, claim.fence + 1, self.clock()),
        )

    @rule(job_id=Workers.ids)
    def begin_deletion(self, job_id: str) -> None:
        self.both(job_id, lambda: self.model.begin_deletion(job_id), lambda: self.stores.jobs.begin_deletion(job_id))

    @precondition(lambda self: self.model.deleting())
    @rule(which=st.integers(0, 9), steps=st.integers(1, 3))
    def deletion_goes_on(self, which: int, steps: int) -> None:
        """Up to where it is interrupted; the next one begins again."""
        ids = sorted(self.model.deleting())
        job_id = ids[which % len(ids)]
        self.both(job_id, lambda: set(ids), lambda: set(self.stores.jobs.deleting(100)))
        for model, real in [
            (self.model.delete_rows, self.stores.documents.delete_of_job),
            (self.model.delete_runs, self.stores.runs.delete_of_job),
            (self.model.delete, self.stores.jobs.delete),
        ][:steps]:
            model(job_id)
            real(job_id)

    @rule()
    def sweep(self) -> None:
        """Remove the rows that late workers wrote to deleted jobs."""
        for repository, rows in ((self.stores.documents, self.model.rows), (self.stores.runs, self.model.runs)):
            job_ids = set(repository.job_ids())
            assert job_ids == {job_id for job_id in rows if rows[job_id]}
            orphaned = job_ids - self.stores.jobs.existing(job_ids)
            assert orphaned == job_ids - self.model.jobs.keys()
            for job_id in orphaned:
                repository.delete_of_job(job_id)
                rows.pop(job_id)

    @rule(seconds=st.sampled_from([LEASE / 2, LEASE, 100]), source=sources)
    def pause(self, seconds: float, source: str | None) -> None:
        until = self.model.paused_until[source] = self.clock() + timedelta(seconds=seconds)
        self.pauses.put(Pause(source=source, by="x", reason="r", since=self.clock(), until=until))

    @rule(source=sources)
    def resume(self, source: str | None) -> None:
        assert bool(self.pauses.end(source)) == self.model.has_pause(source)
        if self.model.has_pause(source):
            self.model.paused_until[source] = self.clock()

    @rule(seconds=st.sampled_from([-1000, -1, 0.001, 1, LEASE / 2, LEASE, 1000]))
    def time_jumps(self, seconds: float) -> None:
        self.clock.advance(seconds)

    # --- comparisons

    @invariant()
    def everything_touched_is_as_predicted(self) -> None:
        for job_id in self.known if self.thorough else self.touched:
            self.compare(job_id)
        self.touched = set()

    @invariant()
    def everything_is_counted_as_predicted(self) -> None:
        jobs = self.model.jobs.values()
        assert self.stores.jobs.count_due(1000) == len(self.model.claimable())
        assert self.stores.jobs.has_unfinished() == any(job.status in WAITING for job in jobs)
        if self.thorough:
            counts = {status: sum(job.status is status for job in jobs) for status in VISIBLE}
            assert self.stores.jobs.count_by_status() == counts

    def compare(self, job_id: str) -> None:
        assert outcome(lambda: self.stores.jobs.get(job_id)) == outcome(lambda: self.model.get(job_id))
        rows = [(row.id, row.filing, row.status, row.attempts) for row in self.model.of_job(job_id)]
        documents = self.stores.documents.of_job(job_id)
        assert [(each.id, each.filing, each.status, each.attempts) for each in documents] == rows
        assert self.stores.documents.progress(job_id) == self.model.progress(job_id)
        runs = self.model.runs.get(job_id, {})
        assert self.stores.runs.of_job(job_id) == [runs[number] for number in sorted(runs)]

    def teardown(self) -> None:
        for job_id in self.known:
            self.compare(job_id)


@pytest.mark.own_mongodb
def test_memory_does_what_the_model_predicts():
    def empty(clock: FakeClock) -> tuple[Stores, PauseRepository]:
        pauses = MemoryPauseRepository(clock, SOURCE)
        jobs = MemoryJobRepository(clock, pauses)
        return Stores(jobs, MemoryDocumentRepository(clock), MemoryRunRepository()), pauses

    run_machine(lambda: Queue(empty, thorough=True), 20_000 // STEPS, STEPS, shrink=True)


@pytest.mark.server
def test_mongodb_does_what_the_model_predicts(database):
    def empty(clock: FakeClock) -> tuple[Stores, PauseRepository]:
        for name in ("jobs", "documents", "runs", "totals", "pauses"):
            database[name].delete_many({})
        pauses = MongoPauseRepository(database, clock, SOURCE)
        jobs = MongoJobRepository(database, clock, pauses)
        return Stores(jobs, MongoDocumentRepository(database, clock), MongoRunRepository(database)), pauses

    run_machine(lambda: Queue(empty, thorough=False), 1_000 // STEPS, STEPS)
