"""A worker's in-memory environment: stores that outlive a run, and a source that tests control."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from jobs.adapters.memory import MemoryDocumentRepository, MemoryJobRepository, MemoryRunRepository
from jobs.adapters.memory_blob import MemoryBlobStore
from jobs.domain.document import DocumentStatus, Filing
from jobs.domain.ending import Backoff
from jobs.domain.filings.reading import Reading
from jobs.domain.job import RunOutcome
from tests.making import a_job, a_reading, some_filings
from worker.limits import Limits
from worker.pipeline import Pipeline
from worker.progress import ignored
from worker.stopping import Stop

LEASE = 60.0


class TextExtractor:
    """Reads the bytes as text."""

    def read(self, path: Path, file_name: str, *, spool: IO[bytes]) -> Reading:
        return a_reading(path.read_text(), file_name)

    def close(self) -> None:
        pass


@dataclass
class ScriptedSource:
    """A source with ``count`` filings. It calls ``meet`` before each download."""

    count: int = 10
    meet: Callable[[Filing, int], None] = lambda filing, attempt: None
    asked: list[int] = field(default_factory=list)

    def filings(self, cin: str, company_name: str) -> list[Filing]:
        return some_filings(self.count)

    def download(self, cin: str, company_name: str, filing: Filing, attempt: int):
        self.asked.append(filing.number)
        self.meet(filing, attempt)
        yield f"document {filing.number} of {cin}".encode()

    def check(self) -> str:
        return "scripted"


@dataclass
class World:
    """Everything that outlives a run."""

    clock: Callable
    source: ScriptedSource = field(default_factory=ScriptedSource)

    def __post_init__(self) -> None:
        self.jobs = MemoryJobRepository(self.clock)
        self.documents = MemoryDocumentRepository(self.clock)
        self.runs = MemoryRunRepository()
        self.blobs = MemoryBlobStore()
        self.job = a_job(self.clock())
        self.jobs.add([self.job], again=False)

    def pipeline(self, on_progress=ignored, extractor=None, **options) -> Pipeline:
        limits = {
            "concurrency": 4,
            "run_fraction": 0.35,
            "lease_seconds": LEASE,
            "stop_seconds": 5,
            "run_timeout_seconds": 60,
            "backoff": Backoff(base_seconds=10, cap_seconds=900),
        }
        self.stop = Stop()
        return Pipeline(
            jobs=self.jobs,
            documents=self.documents,
            runs=self.runs,
            blobs=self.blobs,
            source=self.source,
            extractor=extractor or TextExtractor(),
            clock=self.clock,
            limits=Limits(**{**limits, **options}),
            stop=self.stop,
            on_progress=on_progress,
        )

    def run(self, **options) -> RunOutcome:
        job = self.jobs.claim_next("w", LEASE)
        assert job is not None
        return self.pipeline(**options).run(job)

    def now(self):
        return self.jobs.get(self.job.id)

    def stored(self) -> list[int]:
        documents = self.documents.of_job(self.job.id)
        return [each.filing.number for each in documents if each.status is DocumentStatus.STORED]
