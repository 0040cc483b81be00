"""An order with stored files, and the export of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import date

from jobs.domain.document import Filing
from jobs.domain.ending import ended_well
from jobs.domain.job import Job
from tests.integration.conftest import a_stored_job
from tests.making import store_original
from worker.bootstrap import pipeline
from worker.stopping import Stop

FORMS = ("AOC-4", "MGT-7", "CHG-1")


def content_of(number: int) -> bytes:
    return f"%PDF of document {number}".encode()


def a_filed_order(
    app, cin: str, name: str = "Vindhya Chemicals Limited", content: Callable[[int], bytes] = content_of
) -> str:
    """An order with one stored file of each form. ``content`` gets the document's number."""
    job = a_stored_job(app, cin=cin, company_name=name)
    held = app.jobs.claim(job.id, "w", 60)
    filings = [
        Filing(number=at, document_type=form, file_name=f"{form}.pdf", srn=f"S{at}", filed_on=date(2025, 10, at))
        for at, form in enumerate(FORMS, start=1)
    ]
    app.documents.add(held.lease, held, filings)
    for document in app.documents.to_download(job.id, 9):
        app.documents.save_stored(
            held.lease, document, store_original(app.blobs, document, content(document.filing.number))
        )
    app.jobs.end(held.lease, ended_well(held, app.documents.progress(job.id), app.clock()))
    return job.id


def work(app) -> Job | None:
    """Run the next due job once; returns it as it was claimed."""
    job = app.jobs.claim_next("w", 60)
    if job:
        with closing(pipeline(app, Stop())) as run:
            run.run(job)
    return job
