"""Deleting a job: if it is interrupted or races with others at any step, no data is left or misreported."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from jobs.adapters.memory import MemoryAuditLog
from jobs.adapters.memory_blob import MemoryBlobStore
from jobs.domain.audit import Actor
from jobs.domain.document import DocumentError
from jobs.domain.ending import ended_well
from jobs.domain.errors import BlobStoreUnavailable, WrongUse
from jobs.domain.job import Job, JobStatus, Progress, Run
from jobs.domain.wrong_use import UnknownJob, WrongState
from jobs.services import JobService
from tests.contract.stores import DONE, LEASE, Stores, add
from tests.making import a_cin, a_file, some_filings

ACTOR = Actor(name="tests")
STEPS = range(1, 15)


class Killed(BaseException):
    """The process ends here."""


class Watched:
    """A wrapper that announces each call before making it."""

    def __init__(self, part: Any, announce: Callable[[], None]) -> None:
        self._part, self._announce = part, announce

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._part, name)

        def call(*args: Any, **options: Any) -> Any:
            self._announce()
            return method(*args, **options)

        return call


@dataclass
class World:
    """A failed job with two documents stored and one missing."""

    stores: Stores
    clock: Any
    blobs: MemoryBlobStore
    job: Job

    def service(self, announce: Callable[[], None] = lambda: None) -> JobService:
        blobs = Watched(self.blobs, announce)
        return JobService(
            jobs=Watched(self.stores.jobs, announce),
            documents=Watched(self.stores.documents, announce),
            runs=Watched(self.stores.runs, announce),
            audit=MemoryAuditLog(),
            blobs=lambda: blobs,
            clock=self.clock,
            new_id=lambda: "",
            max_attempts=3,
        )

    def exists(self) -> bool:
        try:
            self.stores.jobs.get(self.job.id)
        except UnknownJob:
            return False
        return True

    def remains(self) -> list[object]:
        job_id = self.job.id
        rows = [*self.stores.documents.of_job(job_id), *self.stores.runs.of_job(job_id)]
        return [*rows, *self.blobs.names(""), *self.stores.jobs.existing([job_id])]


@pytest.fixture
def world(stores, clock) -> World:
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    blobs = MemoryBlobStore()
    stores.runs.start(Run(job_id=job.id, number=1, worker="w", fence=job.fence, started_at=clock()))
    stores.documents.add(job.lease, job, some_filings(3))
    *good, bad = stores.documents.of_job(job.id)
    for document in good:
        digest = hashlib.md5(b"x").digest()
        blobs.put(document.blob_name, io.BytesIO(b"x"), content_type="a/b", md5=digest, fence=1, metadata={})
        stores.documents.save_stored(job.lease, document, a_file(document.blob_name))
    stores.documents.save_failure(job.lease, bad, DocumentError(kind="k", message="m"), final=True)
    stores.jobs.end(job.lease, ended_well(job, stores.documents.progress(job.id), clock()))
    return World(stores, clock, blobs, stores.jobs.get(job.id))


def at_step(step: int, act: Callable[[], None]) -> Callable[[], None]:
    left = [step]

    def announce() -> None:
        left[0] -= 1
        if left[0] == 0:
            act()

    return announce


def kill() -> None:
    raise Killed


def test_deletion_leaves_nothing(world):
    world.service().delete(world.job.id, ACTOR)
    assert not world.exists()
    assert world.remains() == []


def test_unfinished_job_is_not_deleted(world):
    world.service().retry(world.job.id, ACTOR)
    with pytest.raises(WrongState):
        world.service().delete(world.job.id, ACTOR)
    assert world.exists()


@pytest.mark.parametrize("step", STEPS)
def test_killed_deletion_is_finished_by_the_next(world, step):
    with contextlib.suppress(Killed):
        world.service(at_step(step, kill)).delete(world.job.id, ACTOR)
    if world.exists():
        assert step <= 5  # it only reads before it hides the job
        world.service().delete(world.job.id, ACTOR)
    else:
        with pytest.raises(UnknownJob):
            world.service().retry(world.job.id, ACTOR)
        assert world.stores.jobs.claim_next("w", LEASE) is None
        assert world.service().prune(world.clock(), ACTOR, 10) == 0
    assert world.remains() == []


@pytest.mark.parametrize("step", STEPS)
def test_killed_deletion_is_finished_by_a_repetition(world, step):
    with contextlib.suppress(Killed):
        world.service(at_step(step, kill)).delete(world.job.id, ACTOR)
    with contextlib.suppress(UnknownJob):  # it was gone already
        world.service().delete(world.job.id, ACTOR)
    assert world.remains() == []


@pytest.mark.parametrize("step", STEPS)
def test_retry_during_a_deletion_loses_nothing(world, step):
    refused: list[WrongUse] = []

    def retry() -> None:
        try:
            world.service().retry(world.job.id, ACTOR)
        except WrongUse as error:
            refused.append(error)

    try:
        world.service(at_step(step, retry)).delete(world.job.id, ACTOR)
    except WrongState:
        assert not refused
        job = world.stores.jobs.get(world.job.id)
        assert (job.status, job.progress) == (JobStatus.PENDING, Progress(total=3, downloaded=2))
        assert len(list(world.blobs.names(""))) == 2
    else:
        assert not world.exists()
        assert world.remains() == []


@pytest.mark.parametrize("step", STEPS)
def test_deletion_during_a_retry_loses_nothing(world, step):
    def delete() -> None:
        try:
            world.service().delete(world.job.id, ACTOR)
        except WrongState:
            assert world.stores.jobs.get(world.job.id).status is JobStatus.PENDING

    try:
        world.service(at_step(step, delete)).retry(world.job.id, ACTOR)
    except WrongUse:
        assert world.remains() == []
    else:
        job = world.stores.jobs.get(world.job.id)
        assert (job.status, job.progress) == (JobStatus.PENDING, Progress(total=3, downloaded=2))


def test_retry_without_documents_lists_again(world):
    world.stores.documents.delete_of_job(world.job.id)
    job = world.service().retry(world.job.id, ACTOR)
    assert job.progress.total is None
    assert world.stores.jobs.get(job.id).progress == Progress()


def test_job_without_a_listing_does_not_complete(world):
    ending = ended_well(world.job, Progress(), world.clock())
    assert ending.run_after == world.clock()
    with pytest.raises(ValueError, match="listing"):
        replace(ended_well(world.job, DONE, world.clock()), progress=Progress())


def test_prune_counts_deleted_jobs_only(world):
    world.clock.advance(10)
    world.stores.jobs.cancel(add(world.stores, world.clock, cin=a_cin()).id)
    world.clock.advance(10)

    def retry() -> None:
        world.service().retry(world.job.id, ACTOR)

    # Call 1 lists the jobs; call 2 is the first one of the first deletion.
    assert world.service(at_step(2, retry)).prune(world.clock(), ACTOR, 10) == 1


def test_failed_deletion_is_not_recorded_as_done(world):
    class UnavailableBlobs(MemoryBlobStore):
        def names(self, prefix: str) -> Any:
            raise BlobStoreUnavailable("The blob store does not answer.")

    world.blobs = UnavailableBlobs()
    service = world.service()
    with pytest.raises(BlobStoreUnavailable):
        service.delete(world.job.id, ACTOR)
    (entry,) = service.audit.of_job(world.job.id, 10)
    assert (entry.unfinished, entry.refused) == (True, None)


def test_finished_action_is_recorded_as_done(world):
    service = world.service()
    service.retry(world.job.id, ACTOR)
    (entry,) = service.audit.of_job(world.job.id, 10)
    assert (entry.unfinished, entry.refused) == (False, None)
