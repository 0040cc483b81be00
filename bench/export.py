"""A ZIP's throughput, compared with reading and writing the same bytes in the same store."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing

from bench.measuring import Report, an_application, sized
from bench.pipeline import NoExtractor
from jobs.bootstrap import Application
from jobs.domain.audit import Actor
from jobs.domain.document import Document
from jobs.domain.ending import ended_well
from jobs.domain.export import Scope
from jobs.domain.job import Job, RunOutcome
from tests.making import a_job, some_filings, store_original
from worker.bootstrap import pipeline
from worker.stopping import Stop

DOCUMENTS, BYTES, ROUNDS = sized(96, 4), sized(8 * 1024 * 1024, 64 * 1024), sized(4, 1)
SMALLEST = 0.8
_CHUNK = 1024 * 1024


def measure(uri: str, report: Report) -> None:
    """Measure in turns, and compare the best of each, since other work on the machine only slows down."""
    with an_application(uri) as app:
        order = _stored(app)
        documents = app.documents.of_job(order.id)
        copied, packed = [], []
        for number in range(ROUNDS):
            copied.append(_copy(app, documents, number))
            packed.append(_pack(app, order, documents))
    size = DOCUMENTS * BYTES
    note = f"{size / min(packed) / 1e6:.0f} MB/s / {size / min(copied) / 1e6:.0f} MB/s"
    report.add(
        "ZIP / reading and writing the same bytes", min(copied) / min(packed), SMALLEST, at_least=True, note=note
    )


def _stored(app: Application) -> Job:
    """An order with stored documents."""
    job = a_job(app.clock())
    app.jobs.add([job], again=True)
    held = app.jobs.claim(job.id, "bench", 600)
    app.documents.add(held.lease, held, some_filings(DOCUMENTS))
    for document in app.documents.to_download(job.id, DOCUMENTS):
        app.documents.save_stored(held.lease, document, store_original(app.blobs, document, os.urandom(BYTES)))
    app.jobs.end(held.lease, ended_well(held, app.documents.progress(job.id), app.clock()))
    return job


def _copy(app: Application, documents: list[Document], number: int) -> float:
    """Seconds to read all documents and write them as one blob."""

    def chunks() -> Iterator[bytes]:
        for document in documents:
            assert document.file
            with app.blobs.open(document.file.blob_name) as blob:
                while chunk := blob.read(_CHUNK):
                    yield chunk

    began = time.perf_counter()
    name = f"jobs/copy/{number}.bin"
    app.blobs.put_stream(name, chunks(), content_type="application/octet-stream", fence=1, metadata={})
    seconds = time.perf_counter() - began
    app.blobs.delete(name)
    return seconds


def _pack(app: Application, order: Job, documents: list[Document]) -> float:
    """Seconds of a worker's whole run."""
    made = app.exporting.order(Scope.ORDER, order.id, documents, Actor(name="bench"))
    job = app.jobs.claim(made.id, "bench", 600)
    with closing(pipeline(app, Stop())) as run:
        run.extractor = NoExtractor()
        began = time.perf_counter()
        assert run.run(job) is RunOutcome.COMPLETED
        seconds = time.perf_counter() - began
    app.service.delete(job.id, Actor(name="bench"))
    return seconds
