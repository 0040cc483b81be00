"""The job state machine, driven at random: whatever happens in whatever order, the invariants hold.

The rules are what workers and staff can do, also late, twice, or with a lease long gone; the model
is a few dictionaries. It runs against the twin in memory and against MongoDB.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from jobs.adapters.memory import MemoryJobRepository
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.domain.ending import Backoff, cancelled, ended_badly, ended_early, ended_well
from jobs.domain.errors import CompanyNotFound, LeaseLost, SourceUnavailable, WrongState
from jobs.domain.job import UNFINISHED, Job, JobStatus, Progress
from jobs.ports import JobRepository
from tests.conftest import FakeClock
from tests.making import a_cin, a_job

LEASE = 60.0
BACKOFF = Backoff(base_seconds=10, cap_seconds=100)
CINS = [a_cin(800_000 + number) for number in range(3)]
HALF, ALL, SOME = Progress(total=2, downloaded=1), Progress(total=2, downloaded=2), Progress(total=2, failed=2)


class Queue(RuleBasedStateMachine):
    """What workers and staff do to the queue."""

    repository: JobRepository
    clock: FakeClock

    ids = Bundle("ids")
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, Job] = {}
        self.holder: dict[str, int] = {}  # job → fence of the last claim, while nobody else has moved the job

    @rule(target=ids, cin=st.sampled_from(CINS), priority=st.integers(0, 9), again=st.booleans())
    def order(self, cin: str, priority: int, again: bool):
        job = a_job(self.clock(), cin=cin, priority=priority)
        unfinished = {each.id for each in self.known.values() if each.cin == cin and each.status in UNFINISHED}
        refused = self.repository.add([job], again=again)
        if unfinished and not again:
            assert refused[cin] in unfinished
            return multiple()
        assert refused == {}
        self.known[job.id] = job
        return job.id

    @rule(target=claims, worker=st.sampled_from(["a", "b"]))
    def claim_next(self, worker: str):
        due = [job for job in self.known.values() if job.is_due(self.clock())]
        job = self.repository.claim_next(worker, LEASE)
        if job is None:
            assert not due
            return multiple()
        best = min((-each.priority, each.created_at) for each in due)
        assert (-job.priority, job.created_at) == best
        return self.claimed(job)

    @rule(target=claims, job_id=ids, worker=st.sampled_from(["a", "b"]))
    def claim_by_id(self, job_id: str, worker: str):
        before = self.known[job_id]
        mine = before.status is JobStatus.PROCESSING and before.locked_by == worker
        try:
            job = self.repository.claim(job_id, worker, LEASE)
        except WrongState:
            assert not before.is_due(self.clock())
            assert not mine
            return multiple()
        assert mine or before.is_due(self.clock())
        return self.claimed(job)

    def claimed(self, job: Job) -> Job:
        assert job.fence > self.known[job.id].fence
        assert (job.status, job.lease_expires_at) == (JobStatus.PROCESSING, job.run_after)
        self.known[job.id], self.holder[job.id] = job, job.fence
        return job

    def held(self, claim: Job) -> bool:
        now = self.known[claim.id]
        return now.status is JobStatus.PROCESSING and now.fence == claim.fence

    def write(self, claim: Job, act) -> None:
        """A worker's write succeeds if and only if nobody moved the job since its claim."""
        held = self.held(claim)
        try:
            act()
        except LeaseLost:
            assert not held
        else:
            assert held
            self.known[claim.id] = self.repository.get(claim.id)

    @rule(claim=claims)
    def renew(self, claim: Job) -> None:
        self.write(claim, lambda: self.repository.renew(claim.lease, LEASE))

    @rule(claim=claims, progress=st.sampled_from([Progress(), HALF, ALL]))
    def save_progress(self, claim: Job, progress: Progress) -> None:
        self.write(claim, lambda: self.repository.save_progress(claim.lease, progress))

    @rule(claim=claims, progress=st.sampled_from([HALF, ALL, SOME]), how=st.sampled_from(["well", "early", "cancel"]))
    def end(self, claim: Job, progress: Progress, how: str) -> None:
        now = self.clock()
        ending = {
            "well": lambda: ended_well(claim, progress, now),
            "early": lambda: ended_early(claim, progress, now),
            "cancel": lambda: cancelled(claim, progress),
        }[how]()
        self.write(claim, lambda: self.repository.end(claim.lease, ending))

    @rule(claim=consumes(claims), error=st.sampled_from([SourceUnavailable("away"), CompanyNotFound("none")]))
    def fail(self, claim: Job, error) -> None:
        ending = ended_badly(claim, HALF, error, self.clock(), BACKOFF)
        self.write(claim, lambda: self.repository.end(claim.lease, ending))

    @rule(job_id=ids)
    def cancel(self, job_id: str) -> None:
        before = self.known[job_id]
        try:
            job = self.repository.cancel(job_id)
        except WrongState:
            assert before.status in (JobStatus.COMPLETED, JobStatus.FAILED)
            return
        alive = before.status is JobStatus.PROCESSING and not before.is_due(self.clock())
        assert job.status is (JobStatus.PROCESSING if alive else JobStatus.CANCELLED)
        self.known[job_id] = job

    @rule(job_id=ids)
    def retry(self, job_id: str) -> None:
        before = self.known[job_id]
        allowed = before.status in (JobStatus.FAILED, JobStatus.CANCELLED)
        try:
            job = self.repository.retry(job_id, HALF)
        except WrongState:
            assert not allowed
            return
        assert allowed
        assert job == replace(
            before, status=JobStatus.PENDING, run_after=self.clock(), due_at=self.clock(), attempts=0,
            progress=HALF, completed_at=None,
            cancel_requested_at=None, last_error=None, updated_at=self.clock(),
        )  # fmt: skip
        self.known[job_id] = job

    @rule(seconds=st.sampled_from([0.001, 1, LEASE / 2, LEASE, 1000]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @invariant()
    def the_store_is_what_the_model_says(self) -> None:
        for job_id, job in self.known.items():
            assert self.repository.get(job_id) == job

    @invariant()
    def what_is_due_is_unfinished_and_counted(self) -> None:
        due = [job for job in self.known.values() if job.is_due(self.clock())]
        assert all(job.status in UNFINISHED for job in due)
        assert self.repository.count_due(1000) == len(due)
        assert self.repository.has_unfinished() == any(job.status in UNFINISHED for job in self.known.values())

    @invariant()
    def only_a_processing_job_has_a_holder(self) -> None:
        for job in self.known.values():
            assert (job.locked_by is not None) == (job.status is JobStatus.PROCESSING)
            assert (job.run_after is None) == (job.status not in UNFINISHED)


def drive(make_repository, examples: int) -> None:
    class Driven(Queue):
        def __init__(self) -> None:
            super().__init__()
            self.clock = FakeClock()
            self.repository = make_repository(self.clock)

    run_state_machine_as_test(
        Driven,
        settings=settings(
            max_examples=examples, stateful_step_count=30, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


def test_the_queue_in_memory_keeps_its_invariants():
    drive(MemoryJobRepository, examples=150)


@pytest.mark.server
def test_the_queue_in_mongodb_keeps_its_invariants(database):
    def empty(clock: FakeClock) -> MongoJobRepository:
        database["jobs"].delete_many({})
        return MongoJobRepository(database, clock)

    drive(empty, examples=15)
