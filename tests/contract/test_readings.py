"""Readings and attachments of documents, in every implementation."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from jobs.domain.document import Document, DocumentStatus, Filing, attachment_number
from jobs.domain.errors import LeaseLost
from jobs.domain.filings.reading import Method, ReadingState
from jobs.domain.filings.stated import Stated
from jobs.domain.filings.summary import DocumentReading, Facts
from jobs.domain.job import Job, Lease, Progress
from tests.contract.stores import LEASE, add
from tests.making import a_file, some_filings

READING = DocumentReading(
    state=ReadingState.PARTIAL,
    kind="pdf",
    method=Method.TEXT,
    version=3,
    reason="Missing or damaged: page 2.",
    pages=2,
    characters=17,
    values=4,
    attachments=1,
    seconds=0.25,
    methods={Method.TEXT: 1, Method.NONE: 1},
    facts=Facts(
        form="AOC-4", company_name="A", cin="C", srn="S", filed_on=date(2024, 5, 6), year_end=date(2024, 3, 31)
    ),
    stated=(Stated(name="held_agm_on", value=date(2024, 9, 1), page=2, confidence=0.9),),
    text_blob_name="jobs/x/document_1.txt",
    record_blob_name="jobs/x/document_1.record.json",
)


@pytest.fixture
def held(stores, clock) -> Job:
    """A claimed job with three filings, the first of which is stored."""
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    stores.documents.add(job.lease, job, some_filings(3))
    stores.documents.save_stored(job.lease, stores.documents.to_download(job.id, 1)[0], a_file())
    return job


def first(stores, job) -> Document:
    return stores.documents.get(job.id, 1)


def an_attached(job: Job, index: int = 1) -> Document:
    filing = Filing(number=attachment_number(1, index), document_type="ATTACHMENT", file_name="deed.pdf")
    return Document(
        id="",
        job_id=job.id,
        cin=job.cin,
        company_name=job.company_name,
        filing=filing,
        parent=1,
        file=a_file(),
        reading=READING,
    )


def higher(lease: Lease) -> Lease:
    return replace(lease, fence=lease.fence + 1)


def test_reading_comes_back_unchanged(stores, held, clock):
    assert [document.filing.number for document in stores.documents.to_read(held.id, 5)] == [1]
    stores.documents.mark_reading(held.lease, first(stores, held), 2)
    assert first(stores, held).unended_readings == 2
    stores.documents.save_reading(held.lease, first(stores, held), READING)
    document = first(stores, held)
    assert (document.reading, document.unended_readings) == (replace(READING, at=clock()), 0)
    assert stores.documents.to_read(held.id, 5) == []


def test_older_reader_never_replaces_a_newer_reading(stores, held):
    stores.documents.save_reading(held.lease, first(stores, held), READING)
    stores.documents.save_reading(held.lease, first(stores, held), replace(READING, version=2, pages=9))
    assert first(stores, held).reading.version == 3
    stores.documents.save_reading(held.lease, first(stores, held), replace(READING, pages=9))
    assert first(stores, held).reading.pages == 9


def test_superseded_worker_records_no_reading(stores, held):
    stores.documents.take_over(higher(held.lease))
    for write in (
        lambda: stores.documents.save_reading(held.lease, first(stores, held), READING),
        lambda: stores.documents.mark_reading(held.lease, first(stores, held), 1),
    ):
        with pytest.raises(LeaseLost):
            write()
    assert (first(stores, held).reading, first(stores, held).unended_readings) == (None, 0)


def test_attachment_is_recorded_once_and_not_counted(stores, held):
    for _ in range(2):
        stores.documents.save_attachment(held.lease, an_attached(held))
    documents = stores.documents.of_job(held.id)
    assert [document.filing.number for document in documents] == [1, attachment_number(1, 1), 2, 3]
    attached = stores.documents.get(held.id, attachment_number(1, 1))
    assert (attached.parent, attached.status, attached.file) == (1, DocumentStatus.STORED, a_file())
    assert attached.reading.facts == READING.facts
    assert stores.documents.progress(held.id) == Progress(total=3, downloaded=1)
    stores.documents.add(held.lease, held, some_filings(4))
    assert stores.documents.progress(held.id).total == 4


def test_superseded_worker_replaces_no_attachment(stores, held):
    stores.documents.save_attachment(higher(held.lease), an_attached(held))
    with pytest.raises(LeaseLost):
        stores.documents.save_attachment(held.lease, an_attached(held))
    stores.documents.drop_attachments(held.lease, first(stores, held), 0)
    assert len(stores.documents.of_job(held.id)) == 4


def test_surplus_attachments_are_dropped(stores, held):
    for index in (1, 2, 3):
        stores.documents.save_attachment(held.lease, an_attached(held, index))
    stores.documents.drop_attachments(held.lease, first(stores, held), 1)
    assert [document.place for document in stores.documents.of_job(held.id)] == [(1, 0), (1, 1), (2, 0), (3, 0)]


def test_deletion_removes_attachments(stores, held):
    stores.documents.save_attachment(held.lease, an_attached(held))
    stores.documents.delete_of_job(held.id)
    assert stores.documents.of_job(held.id) == []
