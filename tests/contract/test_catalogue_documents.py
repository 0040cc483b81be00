"""Documents, and reasons of failures and poor readings, for staff, on all supported servers."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date

import pytest
from bson import ObjectId

from jobs.adapters.mongo import document_lists
from jobs.domain.document import DocumentError, DocumentStatus, attachment_number
from jobs.domain.filings.reading import ReadingState
from jobs.domain.listing import (
    Count,
    Cursor,
    DocumentFilter,
    DocumentOrder,
    JobDocuments,
    TextKind,
)
from jobs.domain.wrong_use import InvalidCursor, UnknownDocument
from tests.contract.catalogue import World
from tests.contract.walking import walked
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
        page = world.catalogue.documents(DocumentFilter(**wanted), DocumentOrder.NEWEST, None, 10)
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


_NAMES = ("beta", "Alpha", "BETA")
_FORMS = ("MGT-7", "AOC-4", "ADT-1")
#: Days of filing, some equal, one unknown; and sizes, 0 for documents that are not stored.
_DAYS = (5, 9, None, 5, 2, 9, None, 5)
_SIZES = (300, 7, 0, 300, 20_000_000_000, 7, 0, 1)


@pytest.fixture
def listed(world):
    """Sixteen documents with equal and missing values, in the order in which they were stored."""
    for number, name in enumerate(_NAMES[:2]):
        job = world.add(company_name=name)[0]
        add_documents(world, job, number)
    return every_document(world)


def add_documents(world, job, shift: int = 0) -> None:
    lease = world.jobs.claim(job.id, "w", 60).lease
    filings = [
        replace(filing, document_type=_FORMS[(at + shift) % 3], filed_on=day and date(2025, 1, day))
        for at, (filing, day) in enumerate(zip(some_filings(8), _DAYS, strict=True))
    ]
    world.documents.add(lease, job, filings)
    for document in world.documents.of_job(job.id):
        if size := _SIZES[document.filing.number - 1]:
            world.documents.save_stored(lease, document, a_file(size=size))


def every_document(world):
    return sorted((each for job in world.documents.job_ids() for each in world.documents.of_job(job)), key=by_id)


def by_id(document):
    return document.id


def in_order(documents, order):
    """Sorted in Python: documents without the value last, equal ones by age."""
    value, back = {
        DocumentOrder.NEWEST: (by_id, True),
        DocumentOrder.OLDEST: (by_id, False),
        DocumentOrder.COMPANY: (lambda each: each.company_name.casefold(), False),
        DocumentOrder.FORM: (lambda each: each.filing.document_type, False),
        DocumentOrder.FILED: (lambda each: each.filing.filed_on, True),
        DocumentOrder.FILED_FIRST: (lambda each: each.filing.filed_on, False),
        DocumentOrder.LARGEST: (lambda each: each.file and each.file.size, True),
        DocumentOrder.SMALLEST: (lambda each: each.file and each.file.size, False),
    }[order]
    known, unknown = ([each for each in documents if (value(each) is None) == missing] for missing in (False, True))
    return [
        *sorted(known, key=lambda each: (value(each), each.id), reverse=back),
        *sorted(unknown, key=by_id, reverse=back),
    ]


def walk(world, order, size, **wanted):
    """All pages forward, and the same pages back."""
    pages, back = walked(lambda place: world.catalogue.documents(DocumentFilter(**wanted), order, place, size))
    assert back == pages
    return [*itertools.chain(*pages)]


def test_every_order_of_documents_shows_each_once(world, listed):
    for order, size in itertools.product(DocumentOrder, (1, 3, 16)):
        assert walk(world, order, size) == in_order(listed, order), order


def test_filtered_documents_are_sorted(world, listed):
    for wanted, matches in (
        ({"document_type": "AOC-4"}, lambda each: each.filing.document_type == "AOC-4"),
        ({"status": DocumentStatus.STORED, "text": "beta"}, lambda each: each.file and each.company_name == "beta"),
        (
            {"since": date(2025, 1, 5), "until": date(2025, 1, 8)},
            lambda each: each.filing.filed_on == date(2025, 1, 5),
        ),
        (
            {"since": date(2025, 1, 5), "document_type": "ADT-1"},
            lambda each: each.filing.document_type == "ADT-1" and each.filing.filed_on and each.filing.filed_on.day > 4,
        ),
    ):
        found = [each for each in listed if matches(each)]
        assert found
        for order in DocumentOrder:
            assert walk(world, order, 2, **wanted) == in_order(found, order), (order, wanted)


def test_only_the_newest_of_many_matches_are_sorted(world, listed, monkeypatch):
    monkeypatch.setattr(document_lists, "AMONG", 5)
    found, stored = DocumentFilter(status=DocumentStatus.STORED), [each for each in listed if each.file]
    for order in DocumentOrder:
        is_by_age = order in (DocumentOrder.NEWEST, DocumentOrder.OLDEST)
        some = stored if is_by_age else stored[-5:]
        assert walk(world, order, 2, status=DocumentStatus.STORED) == in_order(some, order)
        assert world.catalogue.documents(found, order, None, 2).among == (None if is_by_age else 5)
        assert world.catalogue.documents(DocumentFilter(), order, None, 2).among is None
    of_company = [each for each in listed if each.company_name == "beta"]
    assert walk(world, DocumentOrder.OLDEST, 2, text="beta") == of_company[-5:]


@pytest.mark.parametrize("wanted", [DocumentFilter(), DocumentFilter(status=DocumentStatus.STORED)])
@pytest.mark.usefixtures("listed")
def test_documents_that_are_added_between_pages_shift_nothing(world, wanted):
    """Of the documents that were there before, each is shown once; of the new ones, those that follow in the order."""

    def every():
        return [each for each in every_document(world) if each.file or not wanted.status]

    for order in DocumentOrder:
        before = in_order(every(), order)
        page = world.catalogue.documents(wanted, order, None, 4)
        found = list(page.items)
        add_documents(world, world.add(company_name=_NAMES[2])[0])
        while page.next:
            page = world.catalogue.documents(wanted, order, page.next, 7)
            found += page.items
        assert [each for each in found if each in before] == before
        assert found == in_order(set(found), order)
        while page.previous:  # also those that were added before the first page's last entry
            page = world.catalogue.documents(wanted, order, page.previous, 9)
            found += page.items
        assert {each.id for each in found} == {each.id for each in every()}


def test_documents_without_a_key_come_last_until_they_are_migrated(world, listed):
    """Documents of an earlier version have no ``companyKey``."""
    old = listed[3]
    world.database["documents"].update_one({"_id": ObjectId(old.id)}, {"$unset": {"companyKey": ""}})
    others = [each for each in in_order(listed, DocumentOrder.COMPANY) if each != old]
    assert walk(world, DocumentOrder.COMPANY, 3) == [*others, old]


@pytest.mark.parametrize(
    ("order", "value"),
    [
        (DocumentOrder.FILED, "yesterday"),
        (DocumentOrder.FILED, 7),
        (DocumentOrder.LARGEST, "7"),
        (DocumentOrder.COMPANY, 7),
    ],
)
def test_cursor_of_another_order_is_refused(world, listed, order, value):
    place = Cursor(id=listed[0].id, value=value)
    for wanted in (DocumentFilter(), DocumentFilter(status=DocumentStatus.STORED)):
        with pytest.raises(InvalidCursor):
            world.catalogue.documents(wanted, order, place, 2)


def test_cursor_outside_the_filtered_days_is_refused(world, listed):
    for day in ("2025-01-04", "2025-01-09"):
        place = Cursor(id=listed[0].id, value=day)
        wanted = DocumentFilter(since=date(2025, 1, 5), until=date(2025, 1, 8))
        for order in (DocumentOrder.FILED, DocumentOrder.FILED_FIRST):
            with pytest.raises(InvalidCursor):
                world.catalogue.documents(wanted, order, place, 2)
