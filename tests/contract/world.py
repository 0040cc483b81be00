"""A queue with documents, runs and blobs, the staff and workers who act on it, and its invariants."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from zipfile import ZipFile

import pytest

from jobs.adapters.memory import MemoryAuditLog
from jobs.adapters.memory_blob import MemoryBlobStore
from jobs.bootstrap import new_id
from jobs.domain.audit import Actor as Person
from jobs.domain.document import DocumentStatus
from jobs.domain.ending import Backoff
from jobs.domain.errors import FilesureError, LeaseLost
from jobs.domain.export import Export, Scope, blob_names
from jobs.domain.job import UNFINISHED, Job, JobStatus
from jobs.domain.rereading import Reread
from jobs.domain.sharing import needed
from jobs.domain.wrong_use import UnknownJob
from jobs.ports import AuditLog, BlobStore, DocumentRepository, JobRepository, RunRepository
from jobs.services import ExportService, JobService, Order, RereadService, Sweep
from tests.conftest import FakeClock
from tests.contract.growing_source import ATTACHED, GrowingSource, TextExtractor, content
from tests.contract.stepping import Actor, SameThread, Stepped
from tests.contract.stores import Stores, exports_of
from tests.making import blobs_of
from worker import pipeline
from worker.limits import Limits
from worker.pipeline import Pipeline
from worker.stopping import Reason, Stop

LEASE = 60.0
STAFF = Person(name="staff")
_LIMITS = Limits(
    concurrency=1,
    run_fraction=0.5,
    lease_seconds=LEASE,
    stop_seconds=5,
    run_timeout_seconds=60,
    backoff=Backoff(base_seconds=10, cap_seconds=100),
)


@dataclass(kw_only=True)
class Ports:
    """The stores, which outlive every process."""

    jobs: JobRepository
    documents: DocumentRepository
    runs: RunRepository
    audit: AuditLog
    blobs: BlobStore

    def stepped(self, actor: Actor) -> Ports:
        return Ports(**{name: Stepped(port, actor) for name, port in vars(self).items()})


@dataclass(kw_only=True)
class World:
    ports: Ports
    clock: FakeClock
    source: GrowingSource = field(default_factory=GrowingSource)
    ids: list[str] = field(default_factory=list)
    asked_to_stop: dict[str, Stop] = field(default_factory=dict)
    claims: dict[str, Job] = field(default_factory=dict)

    def service(self, ports: Ports) -> JobService:
        return JobService(
            jobs=ports.jobs,
            documents=ports.documents,
            runs=ports.runs,
            audit=ports.audit,
            blobs=lambda: ports.blobs,
            clock=self.clock,
            new_id=self._new_id,
            max_attempts=3,
        )

    def _new_id(self) -> str:
        """Record the id at once, because the caller may die before it learns that the job is stored."""
        self.ids.append(new_id())
        return self.ids[-1]

    # --- actions

    def work(self, ports: Ports, name: str) -> bool:
        """Claim and run one job. Returns False if none was due."""
        job = ports.jobs.claim_next(name, LEASE)
        if job is None:
            return False
        stop = self.asked_to_stop[name] = Stop()
        self.claims[name] = job
        run = Pipeline(
            jobs=ports.jobs,
            documents=ports.documents,
            runs=ports.runs,
            blobs=ports.blobs,
            source=self.source,
            extractor=TextExtractor(),
            clock=self.clock,
            limits=_LIMITS,
            stop=stop,
        )
        run.run(job)
        return True

    def beat(self, name: str) -> None:
        """One heartbeat of a worker."""
        try:
            job = self.ports.jobs.renew(self.claims[name].lease, LEASE)
        except LeaseLost:
            self.asked_to_stop[name].request(Reason.LOST)
        else:
            if job.cancel_requested_at:
                self.asked_to_stop[name].request(Reason.CANCELLED)

    def order(self, ports: Ports, cin: str, *, fresh: bool = False) -> None:
        self.service(ports).order([Order(cin=cin, company_name="Company", fresh=fresh)], requested_by="staff")

    def act(self, ports: Ports, verb: str, job_id: str) -> None:
        service = self.service(ports)
        match verb:
            case "prioritise":
                service.prioritise(job_id, 5, STAFF)
            case "prune":
                service.prune(self.clock() - timedelta(seconds=100), STAFF, 10)
            case "sweep":
                self.sweep(ports)
            case "reread":
                self.reread(ports)
            case "export":
                self.export(ports, job_id)
            case _:
                getattr(service, verb)(job_id, STAFF)

    def reread(self, ports: Ports) -> None:
        """Order that all stored documents are read again."""
        service = RereadService(
            jobs=ports.jobs, documents=ports.documents, clock=self.clock, new_id=self._new_id, max_attempts=3
        )
        list(service.order(Reread(job_id=""), cin=None, requested_by="staff", preview=False))

    def exporting(self, ports: Ports) -> ExportService:
        return ExportService(exports=exports_of(self.ports.jobs), service=self.service(ports), part_bytes=1)

    def export(self, ports: Ports, job_id: str) -> None:
        """Order a job's documents as ZIP files, in parts of one document."""
        documents = ports.documents.of_job(job_id)
        self.exporting(ports).order(Scope.ORDER, job_id, documents, STAFF)

    def sweep(self, ports: Ports) -> None:
        Sweep(
            service=self.service(ports),
            jobs=ports.jobs,
            documents=ports.documents,
            runs=ports.runs,
            blobs=ports.blobs,
            exports=self.exporting(ports),
        ).sweep()

    # --- invariants

    def jobs(self) -> list[Job]:
        found = []
        for job_id in self.ids:
            with suppress(UnknownJob):
                found.append(self.ports.jobs.get(job_id))
        return found

    def drain(self) -> None:
        """Run undisturbed workers until all jobs are finished."""
        for number in range(200):
            if not self.ports.jobs.has_unfinished():
                return
            # Time passes only when nothing is due, since a job that waits for another one is soon due again.
            with suppress(FilesureError):
                if not self.work(self.ports, f"drain {number}"):
                    self.clock.advance(10 * LEASE)
        raise AssertionError("jobs do not end")

    def assert_always(self) -> None:
        """Holds after every step of every actor."""
        unfinished = [job.unique_key for job in self.jobs() if job.status in UNFINISHED]
        assert len(unfinished) == len(set(unfinished)), "two unfinished jobs of one company"
        for job in self.jobs():
            if job.export:
                self._assert_parts(job, job.export)
            elif job.status is JobStatus.COMPLETED and not job.reread:
                self._assert_whole(job)
            else:
                self._assert_blobs(job)

    def _assert_whole(self, job: Job) -> None:
        documents = self.ports.documents.of_job(job.id)
        filings = [document for document in documents if document.parent is None]
        assert job.progress.total == len(filings) > 0
        attached = {document.parent for document in documents} - {None}
        assert attached == {each.filing.number for each in filings if each.filing.file_name.startswith("ADT-1")}
        assert all(document.reading for document in documents), "a stored document was never read"
        assert {document.status for document in documents} == {DocumentStatus.STORED}
        self._assert_blobs(job)

    def _assert_parts(self, job: Job, export: Export) -> None:
        """Each recorded part is a ZIP of its own, with what it claims to contain and a manifest."""
        for part in export.parts:
            with self.ports.blobs.open(part.blob_name) as blob, ZipFile(blob) as archive:
                assert archive.testzip() is None
                assert len(archive.namelist()) == part.documents + len(("manifest.csv", "manifest.json"))
        if job.status is JobStatus.COMPLETED:
            assert [part.number for part in export.parts] == list(range(1, export.planned + 1))
            assert export.packed == job.progress.total == job.progress.downloaded

    def _assert_blobs(self, job: Job) -> None:
        """Each stored document's blobs exist and are correct, also those that another order stored."""
        for document in self.ports.documents.of_job(job.id):
            if file := document.file:
                wanted = content(job.cin, document.filing) if document.parent is None else ATTACHED
                assert file.checksum == f"sha256:{hashlib.sha256(wanted).hexdigest()}"
                for name in replace(document, reserved=None).blob_names:
                    with self.ports.blobs.open(name) as blob:
                        assert name.endswith(".json") or blob.read() == wanted

    def assert_in_the_end(self) -> None:
        """Holds once all actors have ended, the queue has drained and a sweep has run."""
        self.assert_always()
        known = {job.id for job in self.jobs()}
        blobs = set(self.ports.blobs.names("jobs/"))
        documents = [document for job_id in known for document in self.ports.documents.of_job(job_id)]
        exported = {name for job in self.jobs() if job.export for name in blob_names(job.id, job.export)}
        assert needed(blobs, documents) == blobs - exported, "blobs without a document"
        for job_id in set(self.ids) - known:
            assert self.ports.documents.of_job(job_id) == [], "documents without a job"
            assert self.ports.runs.of_job(job_id) == [], "runs without a job"
        for job in self.jobs():
            assert all(run.outcome for run in self.ports.runs.of_job(job.id)), "a run has no outcome"
            if not job.is_order:
                self._assert_read_again(job)
            else:
                self._assert_ended(job)

    def _assert_read_again(self, job: Job) -> None:
        assert job.status in {JobStatus.COMPLETED, JobStatus.CANCELLED, JobStatus.FAILED}
        assert job.status is not JobStatus.COMPLETED or job.progress.pending == 0
        assert self.ports.documents.of_job(job.id) == []

    def _assert_ended(self, job: Job) -> None:
        documents = self.ports.documents.of_job(job.id)
        assert job.status not in UNFINISHED
        counted = self.ports.documents.progress(job.id)
        unlisted = job.progress.total is None and counted.downloaded == counted.failed == 0
        assert unlisted or job.progress == counted, "the counts differ from the stored data"
        names = [document.filing.file_name for document in documents if document.parent is None]
        assert len(names) == len(set(names)), "a filing is stored twice"
        assert set(names) <= set(self.source.names[job.cin])
        assert {document.attempts for document in documents} <= {0}, "an attempt was charged"
        self._assert_blobs(job)

    def seen(self) -> Sequence[Any]:
        """Everything that belongs to jobs, except runs, which are only a record."""
        return [(job, self.ports.documents.of_job(job.id), blobs_of(self.ports.blobs, job.id)) for job in self.jobs()]


def a_world(stores: Stores, clock: FakeClock) -> World:
    """A world over these repositories, with blobs in memory."""
    ports = Ports(
        jobs=stores.jobs,
        documents=stores.documents,
        runs=stores.runs,
        audit=MemoryAuditLog(),
        blobs=MemoryBlobStore(),
    )
    return World(ports=ports, clock=clock)


def in_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every pipeline repeatable: no thread of its own, and nothing that depends on the real clock."""
    monkeypatch.setattr(pipeline, "ThreadPoolExecutor", SameThread)
    monkeypatch.setattr(pipeline, "_SAVE_SECONDS", math.inf)
    monkeypatch.setattr(pipeline, "Heartbeat", lambda *_, **__: nullcontext())
