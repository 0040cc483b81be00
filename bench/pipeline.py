"""One worker's documents per second, against the bound that its source sets; and its memory."""

from __future__ import annotations

import contextlib
import logging
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.measuring import Report, an_application
from jobs.bootstrap import Application
from jobs.domain.document import Extraction, Filing
from tests.making import a_job, some_filings
from tests.servers import Unavailable
from tests.servers.azurite import azurite
from worker import bootstrap
from worker.extractors.pdf import PdfExtractor
from worker.pipeline import Pipeline
from worker.sources.simulated import SimulatedSource
from worker.stopping import Stop

LATENCY, CONCURRENCY, DOCUMENTS = 0.05, 8, 640
LARGE = 4 * 1024 * 1024


@dataclass
class ManyFilings:
    """The simulated source with more filings than it would make up."""

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
    """Finds no text."""

    def extract(self, path: Path, file_name: str) -> tuple[Extraction, str]:
        return Extraction(method="none", characters=0), ""

    def close(self) -> None:
        pass


def measure(uri: str, report: Report) -> None:
    """Speed with each blob store, and memory."""
    logging.disable(logging.INFO)
    with an_application(uri, worker_concurrency=CONCURRENCY, run_fraction=1.0) as app:
        _speed(app, report, "file store", 0.85)
    with contextlib.suppress(Unavailable), azurite() as connection_string:
        azure = {"blob_store": "azure", "azure_storage_connection_string": connection_string}
        with an_application(uri, worker_concurrency=CONCURRENCY, run_fraction=1.0, **azure) as app:
            # Azurite shares these CPUs, so this figure is shown and only held against a low bound.
            _speed(app, report, "Azurite on the same machine", 0.2)
    _memory(uri, report)


def _speed(app: Application, report: Report, store: str, limit: float) -> None:
    source = ManyFilings(DOCUMENTS, SimulatedSource(seconds_per_document=LATENCY, fault_rate=0))
    pipeline = bootstrap.pipeline(app, Stop())
    pipeline.source = source
    seconds = _run(app, pipeline)
    rate, bound = DOCUMENTS / seconds, CONCURRENCY / LATENCY
    name = f"documents per second / {bound:.0f}, {store}"
    report.add(name, rate / bound, limit, at_least=True, note=f"{rate:.0f} documents/s")


def _run(app: Application, pipeline: Pipeline) -> float:
    app.jobs.add([a_job(app.clock())], again=True)
    job = app.jobs.claim_next("bench", 600)
    assert job is not None
    started = time.perf_counter()
    with contextlib.closing(pipeline):
        pipeline.run(job)
    return time.perf_counter() - started


def _memory(uri: str, report: Report) -> None:
    """The peak with four times as many documents of 4 MiB: it must not follow."""
    peaks = [_peak(uri, count) for count in (24, 96)]
    report.add("peak memory, 96 documents / 24 documents of 4 MiB", peaks[1] / peaks[0], 1.25)
    bound = CONCURRENCY * LARGE
    report.add("peak memory / (concurrency × largest document)", peaks[1] / bound, 1, note=f"{peaks[1] / 1e6:.1f} MB")


def _peak(uri: str, count: int) -> float:
    with an_application(uri, worker_concurrency=CONCURRENCY, run_fraction=1.0) as app:
        pipeline = bootstrap.pipeline(app, Stop())
        if isinstance(pipeline.extractor, PdfExtractor):
            pipeline.extractor.close()
        pipeline.extractor = NoExtractor()
        pipeline.source = LargeFilings(count, SimulatedSource(seconds_per_document=0, fault_rate=0))
        tracemalloc.start()
        try:
            _run(app, pipeline)
            return float(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
