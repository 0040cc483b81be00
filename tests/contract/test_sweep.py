"""The sweep removes only data that belongs to no job, even while workers run."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, replace
from typing import Any

import pytest

from jobs.adapters.memory_blob import MemoryBlobStore
from jobs.domain.audit import Actor
from jobs.domain.document import folders_of
from jobs.domain.job import Job, JobStatus, Progress, Run, RunOutcome
from jobs.services import JobService, Sweep
from tests.contract.stores import LEASE, Stores, add, job_service
from tests.making import a_file, some_filings

STAFF = Actor(name="tests")


@dataclass
class World:
    stores: Stores
    clock: Any
    blobs: MemoryBlobStore

    @property
    def service(self) -> JobService:
        return job_service(self.clock, **vars(self.stores), blobs=lambda: self.blobs)

    @property
    def sweep(self) -> Sweep:
        return Sweep(service=self.service, blobs=self.blobs, **vars(self.stores))

    def claimed(self) -> Job:
        """A claimed job with three listed documents."""
        job = add(self.stores, self.clock)
        job = self.stores.jobs.claim(job.id, "w", LEASE)
        self.stores.runs.start(
            Run(job_id=job.id, number=job.runs, worker="w", fence=job.fence, started_at=self.clock())
        )
        self.stores.documents.add(job.lease, job, some_filings(3))
        self.stores.jobs.save_progress(job.lease, Progress(total=3))
        return job

    def upload(self, name: str, fence: int) -> None:
        md5 = hashlib.md5(b"x").digest()
        self.blobs.put(name, io.BytesIO(b"x"), content_type="a/b", md5=md5, fence=fence, metadata={})

    def store(self, job: Job) -> str:
        """Store one document of the job completely. Returns its blob's name."""
        document = self.stores.documents.to_download(job.id, 1)[0]
        self.upload(document.blob_name, job.fence)
        self.stores.documents.save_stored(job.lease, document, a_file(document.blob_name))
        return document.blob_name

    def names(self) -> list[str]:
        return list(self.blobs.names("jobs/"))


@pytest.fixture
def world(stores, clock) -> World:
    return World(stores, clock, MemoryBlobStore())


def test_late_workers_data_is_removed(world, clock):
    job = world.claimed()
    clock.advance(LEASE)
    world.service.cancel(job.id, STAFF)
    world.service.delete(job.id, STAFF)
    world.stores.documents.add(job.lease, job, some_filings(2))
    world.stores.runs.start(Run(job_id=job.id, number=1, worker="w", fence=1, started_at=clock()))
    for folder in folders_of(job.id):
        world.upload(f"{folder}document_1.pdf", 1)
    swept = world.sweep.sweep()
    assert (swept.rows, swept.blobs) == (2, 2)
    assert (world.stores.documents.of_job(job.id), world.stores.runs.of_job(job.id), world.names()) == ([], [], [])


def test_unnamed_blob_of_an_ended_job_is_removed(world, clock):
    job = world.claimed()
    kept = world.store(job)
    world.upload(f"jobs/{job.id}/document_3.pdf", job.fence)
    clock.advance(LEASE)
    world.service.cancel(job.id, STAFF)
    assert world.sweep.sweep().blobs == 1
    assert world.names() == [kept]


def test_unfinished_job_is_left_alone(world):
    job = world.claimed()
    world.upload(f"jobs/{job.id}/document_1.pdf", job.fence)
    swept = world.sweep.sweep()
    assert (swept.rows, swept.blobs) == (0, 0)
    assert len(world.names()) == 1
    assert len(world.stores.documents.of_job(job.id)) == 3
    assert world.stores.runs.of_job(job.id)[0].outcome is None


def test_retry_during_a_sweep_keeps_its_blobs(world, clock):
    job = world.claimed()
    clock.advance(LEASE)
    world.service.cancel(job.id, STAFF)
    name = f"{folders_of(job.id)[0]}document_1.pdf"
    world.upload(name, job.fence)
    seen = world.stores.jobs.get(job.id)
    world.service.retry(job.id, STAFF)
    again = world.stores.jobs.claim(job.id, "w2", LEASE)
    assert world.store(again) == name
    late = replace(world.sweep, jobs=_Earlier(world.stores.jobs, seen), documents=_NoDocuments(world.stores.documents))
    late.sweep()
    assert world.names() == [name]


def test_foreign_blobs_are_left_alone(world):
    world.upload("jobs/readme/file.txt", 1)
    assert world.sweep.sweep().blobs == 0
    assert world.names() == ["jobs/readme/file.txt"]


def test_cancel_counts_what_the_dead_worker_stored(world, clock):
    job = world.claimed()
    world.store(job)
    clock.advance(LEASE)
    cancelled = world.service.cancel(job.id, STAFF)
    assert cancelled.status is JobStatus.CANCELLED
    assert cancelled.progress == Progress(total=3, downloaded=1)
    assert world.stores.jobs.get(job.id) == cancelled
    assert world.stores.runs.of_job(job.id)[0].outcome is RunOutcome.LOST


def test_interrupted_cancel_is_finished_by_the_sweep(world, clock):
    job = world.claimed()
    world.store(job)
    clock.advance(LEASE)
    world.stores.jobs.cancel(job.id)
    world.sweep.sweep()
    assert world.stores.jobs.get(job.id).progress == Progress(total=3, downloaded=1)
    assert world.stores.runs.of_job(job.id)[0].outcome is RunOutcome.LOST


class _Earlier:
    """A repository that returns an earlier state of the job."""

    def __init__(self, jobs: Any, seen: Job) -> None:
        self._jobs = jobs
        self._seen = seen

    def get(self, job_id: str) -> Job:
        return self._seen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._jobs, name)


class _NoDocuments:
    """A repository in its state before any document was stored."""

    def __init__(self, documents: Any) -> None:
        self._documents = documents

    def of_job(self, job_id: str) -> list[Any]:
        return []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._documents, name)
