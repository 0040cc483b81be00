"""Documents, and reasons of failures and poor readings, for staff, on all supported servers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jobs.domain.document import DocumentError, DocumentStatus, attachment_number
from jobs.domain.filings.reading import ReadingState
from jobs.domain.listing import Count, DocumentFilter, JobDocuments, TextKind
from jobs.domain.wrong_use import UnknownDocument
from tests.contract.catalogue import World
from tests.making import a_file, a_summary, some_filings

pytestmark = pytest.mark.server


@pytest.fixture
def world(database, clock):
    database["audit"].delete_many({})
    return World(database, clock)


def test_failures_are_grouped_by_reason(world, clock):
    for kind, count in (("source_unavailable", 3), ("documents_missing", 1)):
        for job in world.add(count):
            world.fail(job, kind, f"About {kind}.")
    clock.advance(2 * 86400)
    world.fail(world.add()[0], "documents_missing", "The newest.")
    first, second = world.catalogue.failed_jobs(clock(), 1000)
    assert (first.kind, first.number, first.example) == ("source_unavailable", 3, "About source_unavailable.")
    assert first.days == (0, 0, 0, 0, 3, 0, 0)
    assert (second.number, second.days[-1], second.example, second.last_at) == (2, 1, "The newest.", clock())


def test_poor_readings_are_grouped_by_reason(world, clock):
    (job,) = world.add()
    lease = world.jobs.claim(job.id, "w", 60).lease
    world.documents.add(lease, job, some_filings(5))
    reasons = ["Missing or damaged: page 2.", "Missing or damaged: pages 1, 30.", "The PDF needs a password.", None]
    states = [ReadingState.PARTIAL, ReadingState.PARTIAL, ReadingState.UNREADABLE, ReadingState.READ]
    for document, state, reason in zip(world.documents.of_job(job.id), states, reasons, strict=False):
        world.documents.save_stored(lease, document, a_file())
        world.documents.save_reading(lease, document, a_summary(state=state, reason=reason))
    partial, unreadable = world.catalogue.poor_readings(clock(), 1000)
    assert (partial.kind, partial.number, partial.example) == ("partial", 2, reasons[1])
    assert (unreadable.kind, unreadable.number, unreadable.last_at) == ("unreadable", 1, clock())


def test_documents_are_found_by_every_filter(world):
    (job,) = world.add(company_name="Tata Steel")
    lease = world.jobs.claim(job.id, "w", 60).lease
    world.documents.add(lease, job, some_filings(3))
    one, two, _ = world.documents.of_job(job.id)
    world.documents.save_stored(lease, one, a_file())
    world.documents.save_reading(lease, one, a_summary(state=ReadingState.PARTIAL, reason="Page 2."))
    world.documents.save_failure(lease, two, DocumentError(kind="unreadable", message="Needs a password."), final=True)

    def found(**wanted):
        page = world.catalogue.documents(DocumentFilter(**wanted), None, 10)
        return [document.filing.number for document in page.items]

    assert world.catalogue.document_totals(10) == dict.fromkeys(DocumentStatus, Count(number=1))
    assert found() == [3, 2, 1]
    assert found(text="tata") == found(text=job.cin) == [3, 2, 1]
    assert found(text="nobody") == []
    assert found(document_type="AOC-4") == [3, 2, 1]
    assert found(document_type="PAS-3") == []
    assert found(status=DocumentStatus.FAILED) == found(reason="unreadable") == [2]
    assert found(text_kind=TextKind.TEXT) == found(reading=ReadingState.PARTIAL) == [1]
    assert found(reading=ReadingState.READ) == []
    assert found(text_kind=TextKind.SCAN) == []
    assert [each.filing.number for each in world.catalogue.documents_with_srn("H00000002", 5)] == [2]
    assert world.catalogue.document_types() == ["AOC-4"]
    assert world.documents.get(job.id, 2).status is DocumentStatus.FAILED
    with pytest.raises(UnknownDocument):
        world.documents.get(job.id, 9)
    (reason,) = world.catalogue.failed_documents(world.clock(), 10)
    assert (reason.kind, reason.number) == ("unreadable", 1)


def test_filings_begin_with_failed_ones_and_attachments_have_their_order(world):
    job, other = world.add(2)
    lease = world.jobs.claim(job.id, "w", 60).lease
    world.documents.add(lease, job, some_filings(4))
    world.documents.add(world.jobs.claim(other.id, "w", 60).lease, other, some_filings(1))
    one, _, three, _ = world.documents.of_job(job.id)
    world.documents.save_stored(lease, one, a_file())
    world.documents.save_failure(lease, three, DocumentError(kind="k", message="m"), final=True)
    for parent in (2, 1):  # as they were read
        filing = replace(one.filing, number=attachment_number(parent, 1))
        attached = replace(one, filing=filing, parent=parent, file=a_file(), reading=a_summary())
        world.documents.save_attachment(lease, attached)

    def numbers(which):
        found, cursor = [], None
        while not found or cursor:
            page = world.catalogue.documents_of_job(job.id, which, cursor, 2)
            found += [document.filing.number for document in page.items]
            cursor = page.next
        return found

    assert numbers(None) == [3, 2, 4, 1]
    attachments = [attachment_number(1, 1), attachment_number(2, 1)]
    assert [numbers(which) for which in JobDocuments] == [[3], [2, 4], [1], attachments]
