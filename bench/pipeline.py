"""A worker's documents per second, compared with the most that its source can deliver; and its memory."""

from __future__ import annotations

import contextlib
import logging
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from bench.bare_uploads import bare_uploads
from bench.measuring import Report, an_application, sized
from jobs.bootstrap import Application
from jobs.domain.document import Filing
from jobs.domain.filings.reading import Reading, ReadingState
from jobs.domain.job import RunOutcome
from jobs.ports import Blob
from tests.making import a_job, some_filings
from tests.servers import Unavailable
from tests.servers.azurite import azurite
from worker import bootstrap
from worker.extractors.reader import Reader
from worker.pipeline import Pipeline
from worker.sources.simulated import SimulatedSource
from worker.stopping import Stop

LATENCY, CONCURRENCY, DOCUMENTS = 0.05, 8, sized(640, 16)
PEAKS = (sized(24, 4), sized(96, 8))
LARGE = 4 * 1024 * 1024


@dataclass
class ManyFilings:
    """The simulated source with more filings per company."""

    count: int
    inner: SimulatedSource

    def filings(self, cin: str, company_name: str) -> Sequence[Filing]:
        return some_filings(self.count)

    def download(self, cin: str, company_name: str, filing: Filing, attempt: int) -> Iterator[bytes]:
        return self.inner.download(cin, company_name, filing, attempt)

    def check(self) -> str:
        return "bench"


@dataclass
class LargeFilings(ManyFilings):
    """Documents of 4 MiB, in chunks."""

    def download(self, cin: str, company_name: str, filing: Filing, attempt: int) -> Iterator[bytes]:
        for _ in range(LARGE // (256 * 1024)):
            yield bytes(256 * 1024)


class NoExtractor:
    """An extractor that finds no text."""

    def read(self, path: Path, file_name: str, *, spool: IO[bytes]) -> Reading:
        return Reading(name=file_name, kind="pdf", size=path.stat().st_size, state=ReadingState.READ)

    def close(self) -> None:
        pass


def measure(uri: str, report: Report) -> None:
    """Measure speed with each blob store, and memory."""
    logging.disable(logging.INFO)
    with an_application(uri, worker_concurrency=CONCURRENCY, run_fraction=1.0) as app:
        _speed(app, report, "file store", 0.85)
    try:
        with azurite() as connection_string:
            _azure_speed(uri, connection_string, report)
    except Unavailable as error:
        report.skip("Azurite", str(error))
    _memory(uri, report)


def _azure_speed(uri: str, connection_string: str, report: Report) -> None:
    azure = {"blob_store": "azure", "azure_storage_connection_string": connection_string}
    with an_application(uri, worker_concurrency=CONCURRENCY, run_fraction=1.0, **azure) as app:
        sizes: list[int] = []
        put = app.blobs.put

        def counted(name: str, data: IO[bytes], **rest: Any) -> Blob:
            stored = put(name, data, **rest)
            sizes.append(stored.size)
            return stored

        app.blobs.put = counted  # type: ignore[method-assign]
        # Azurite shares these CPUs, so this figure has only a low limit.
        seconds = _speed(app, report, "Azurite on the same machine", 0.2)
        floor = max(bare_uploads(connection_string, sizes, CONCURRENCY), DOCUMENTS * LATENCY / CONCURRENCY)
        note = f"{len(sizes) / DOCUMENTS:.1f} uploads per document; bare {DOCUMENTS / floor:.0f} documents/s"
        report.add("seconds / a bare client's uploads, Azurite", seconds / floor, 3.0, note=note)


def _speed(app: Application, report: Report, store: str, limit: float) -> float:
    source = ManyFilings(DOCUMENTS, SimulatedSource(seconds_per_document=LATENCY, fault_rate=0))
    pipeline = bootstrap.pipeline(app, Stop())
    pipeline.source = source
    seconds = _run(app, pipeline)
    rate, bound = DOCUMENTS / seconds, CONCURRENCY / LATENCY
    name = f"documents per second / {bound:.0f}, {store}"
    report.add(name, rate / bound, limit, at_least=True, note=f"{rate:.0f} documents/s")
    return seconds


def _run(app: Application, pipeline: Pipeline) -> float:
    app.jobs.add([a_job(app.clock())], again=True)
    job = app.jobs.claim_next("bench", 600)
    assert job is not None
    started = time.perf_counter()
    with contextlib.closing(pipeline):
        assert pipeline.run(job) is RunOutcome.COMPLETED
    return time.perf_counter() - started


def _memory(uri: str, report: Report) -> None:
    """Peak memory must not grow with four times as many documents of 4 MiB."""
    peaks = [_peak(uri, count) for count in PEAKS]
    report.add(f"peak memory, {PEAKS[1]} documents / {PEAKS[0]} documents of 4 MiB", peaks[1] / peaks[0], 1.25)
    bound = CONCURRENCY * LARGE
    report.add("peak memory / (concurrency × largest document)", peaks[1] / bound, 1, note=f"{peaks[1] / 1e6:.1f} MB")


def _peak(uri: str, count: int) -> float:
    with an_application(uri, worker_concurrency=CONCURRENCY, run_fraction=1.0) as app:
        pipeline = bootstrap.pipeline(app, Stop())
        if isinstance(pipeline.extractor, Reader):
            pipeline.extractor.close()
        pipeline.extractor = NoExtractor()
        pipeline.source = LargeFilings(count, SimulatedSource(seconds_per_document=0, fault_rate=0))
        tracemalloc.start()
        try:
            _run(app, pipeline)
            return float(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
