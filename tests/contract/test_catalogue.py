"""What people look at, on whichever server."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from bson import ObjectId

from jobs.adapters.mongo.audit import MongoAuditLog
from jobs.adapters.mongo.catalogue import MongoCatalogue
from jobs.adapters.mongo.catalogue_embedded import EmbeddedCatalogue
from jobs.adapters.mongo.connection import is_embedded
from jobs.adapters.mongo.documents import MongoDocumentRepository
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.domain.audit import Action, AuditEntry
from jobs.domain.document import DocumentError, DocumentStatus
from jobs.domain.ending import Ending
from jobs.domain.errors import InvalidCursor, UnknownDocument, WrongState
from jobs.domain.job import JobError, JobStatus, Progress, RunOutcome, Transition
from jobs.domain.listing import Count, DocumentFilter, JobFilter, JobOrder, TextKind, parse_cursor
from tests.making import a_cin, a_file, a_job, some_filings

pytestmark = pytest.mark.server


class World:
    """A few jobs and their documents."""

    def __init__(self, database, clock) -> None:
        self.database, self.clock = database, clock
        self.jobs = MongoJobRepository(database, clock)
        self.documents = MongoDocumentRepository(database, clock)
        kind = EmbeddedCatalogue if is_embedded(database) else MongoCatalogue
        self.catalogue = kind(database, clock)

    def add(self, count: int = 1, **fields):
        jobs = [a_job(self.clock(), **{"cin": a_cin(), **fields}) for _ in range(count)]
        assert not self.jobs.add(jobs, again=True)
        return jobs

    def fail(self, job, kind="source_unavailable", message="The source is away."):
        lease = self.jobs.claim(job.id, "w", 60).lease
        error = JobError(kind=kind, message=message, at=self.clock())
        ending = Ending(
            transition=Transition.FAIL,
            outcome=RunOutcome.FAILED,
            attempts=1,
            run_after=None,
            error=error,
            progress=Progress(total=1, failed=1),
        )
        self.jobs.end(lease, ending)

    def found(self, order=JobOrder.NEWEST, **wanted):
        return [job.id for job in self.catalogue.jobs(JobFilter(**wanted), order, None, 100).items]


@pytest.fixture
def world(database, clock):
    database["audit"].delete_many({})
    return World(database, clock)


def ids(jobs):
    return [job.id for job in jobs]


def walk(world, order, size, **wanted):
    """All pages forward, then back again from the last."""
    forward, pages, cursor = [], [], None
    while True:
        page = world.catalogue.jobs(JobFilter(**wanted), order, cursor, size)
        forward += ids(page.items)
        pages.append(ids(page.items))
        if page.next is None:
            break
        cursor = parse_cursor(str(page.next))
    back = []
    while page.previous:
        page = world.catalogue.jobs(JobFilter(**wanted), order, parse_cursor(str(page.previous)), size)
        back.append(ids(page.items))
    assert back == pages[-2::-1]
    return forward


@pytest.mark.parametrize("size", [1, 3, 7, 8])
def test_pages_show_every_job_once_in_each_order_both_ways(world, size):
    jobs = [world.add(priority=number % 3, company_name=f"Company {number % 2}")[0] for number in range(7)]
    newest = ids(reversed(jobs))
    assert walk(world, JobOrder.NEWEST, size) == newest
    assert walk(world, JobOrder.OLDEST, size) == newest[::-1]
    assert walk(world, JobOrder.PRIORITY, size) == ids(sorted(jobs, key=lambda job: (job.priority, job.id))[::-1])
    assert walk(world, JobOrder.COMPANY, size) == ids(sorted(jobs, key=lambda job: (job.company_name, job.id)))


def test_a_page_is_not_moved_by_jobs_that_arrive(world):
    jobs = world.add(4)
    first = world.catalogue.jobs(JobFilter(), JobOrder.NEWEST, None, 2)
    world.add(3)
    second = world.catalogue.jobs(JobFilter(), JobOrder.NEWEST, first.next, 2)
    assert ids(second.items) == [jobs[1].id, jobs[0].id]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("tata", {"tata"}), ("TATA st", {"tata"}), ("steel", {"tata", "other"}), ("st", {"tata", "other"}),
        ("teel", set()), ("limited", {"tata", "other"}), ("L27100", {"tata"}), ("l27100mh1907plc000260", {"tata"}),
        ("nothing", set()), ("$ne", set()), (".*", set()), ("(", set()), ("\"", set()),
        ("   ", {"tata", "other", "umlaut"}),
        ("ünïc", {"umlaut"}), ("söhne", {"umlaut"}),
    ],
)  # fmt: skip
def test_text_finds_companies_by_beginnings_of_words_and_cins(world, text, found):
    names = {
        "tata": ("L27100MH1907PLC000260", "Tata Steel Limited"),
        "other": ("U27100KA1990PTC000001", "Other Steel Limited"),
        "umlaut": ("U72900KA1990PTC000002", "Ünïcode & Söhne"),
    }  # fmt: skip
    known = {world.add(cin=cin, company_name=name)[0].id: key for key, (cin, name) in names.items()}
    if is_embedded(world.database) and text == "ünïc":
        text = "Ünïc"  # SQLite folds the case of ASCII only
    assert {known[id_] for id_ in world.found(text=text)} == found


def test_text_finds_a_job_by_its_id(world):
    first, _ = world.add(2)
    assert world.found(text=first.id.upper()) == [first.id]
    assert world.found(text=str(ObjectId())) == []


def test_filters_narrow_together(world):
    mine = world.add(2, requested_by="me", priority=3)
    world.add(1, requested_by="me", priority=4)
    world.add(1, requested_by="you", priority=3)
    world.fail(mine[0])
    assert set(world.found(requested_by="me", priority=3)) == set(ids(mine))
    assert world.found(statuses={JobStatus.FAILED}, requested_by="me") == [mine[0].id]
    assert world.found(reason="source_unavailable") == [mine[0].id]
    assert world.found(statuses={JobStatus.COMPLETED}) == []
    assert len(world.found(statuses={JobStatus.FAILED, JobStatus.PENDING})) == 4
    assert world.found(requested_by='{"$ne": null}') == []


def test_days_are_days_of_creation_in_utc(world):
    (job,) = world.add()
    today = datetime.now(UTC).date()
    one = timedelta(days=1)
    assert world.found(since=today - one, until=today + one) == [job.id]
    assert world.found(since=today + 2 * one) == []
    assert world.found(until=today - 2 * one) == []
    assert world.found(since=date(1, 1, 1), until=date(9999, 12, 30)) == [job.id]


def test_facets_count_what_each_value_would_leave(world):
    mine = world.add(3, requested_by="me", priority=3)
    world.add(2, requested_by="you")
    world.fail(mine[0])
    facets = world.catalogue.facets(JobFilter(requested_by="me"), 100)
    assert facets.statuses[JobStatus.FAILED] == 1
    assert facets.statuses[JobStatus.PENDING] == 2
    assert (facets.priorities[3], facets.priorities[0]) == (3, 0)
    assert facets.requesters == {"me": 3, "you": 2}
    assert (facets.matching, facets.everything) == (3, True)
    facets = world.catalogue.facets(JobFilter(statuses={JobStatus.FAILED}, text="test", until=date(9999, 1, 1)), 100)
    assert (facets.requesters, facets.matching) == ({"me": 1}, 1)
    assert facets.statuses[JobStatus.PENDING] == 4
    assert world.catalogue.count(JobFilter(), 100) == Count(number=5)
    assert world.catalogue.count(JobFilter(), 4) == Count(number=4, more=True)


def test_totals_count_exactly_while_one_state_is_beyond_the_limit(world):
    failing = world.add(2)
    world.add(5)
    world.fail(failing[0])
    totals = world.catalogue.totals(3)
    if is_embedded(world.database):  # another server's number may lag behind
        assert totals[JobStatus.PENDING] == Count(number=6)
    assert totals[JobStatus.FAILED] == Count(number=1)
    assert totals[JobStatus.COMPLETED] == Count(number=0)


def test_what_runs_and_what_waits(world, clock):
    assert world.catalogue.oldest_due() is None
    first, second = world.add(2)
    due_since = clock()
    clock.advance(30)
    assert world.catalogue.oldest_due() == due_since
    world.jobs.claim(first.id, "a", 60)
    world.jobs.claim(second.id, "b", 30)
    assert [job.locked_by for job in world.catalogue.running(10)] == ["b", "a"]
    assert world.catalogue.oldest_due() is None


def test_ended_jobs_fall_into_their_stretch_of_time(world, clock):
    begin = clock()
    for seconds in (0, 10, 3600):
        clock.now = begin + timedelta(seconds=seconds)
        world.fail(world.add()[0])
    clock.advance(1)
    cancelled = world.add()[0]
    world.jobs.cancel(cancelled.id)
    buckets = world.catalogue.ended(begin, begin + timedelta(hours=2), 3600)
    assert [(b.begins, b.completed, b.failed, b.cancelled) for b in buckets] == [
        (begin, 0, 2, 0), (begin + timedelta(hours=1), 0, 1, 1),
    ]  # fmt: skip
    assert world.catalogue.ended(begin + timedelta(hours=2), begin + timedelta(hours=3), 3600) == []


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


def test_documents_are_found_by_company_form_state_text_and_day(world):
    (job,) = world.add(company_name="Tata Steel")
    lease = world.jobs.claim(job.id, "w", 60).lease
    world.documents.add(lease, job, some_filings(3))
    one, two, _ = world.documents.of_job(job.id)
    world.documents.save_stored(lease, one, a_file())
    world.documents.save_failure(lease, two, DocumentError(kind="unreadable", message="Needs a password."), final=True)

    def found(**wanted):
        page = world.catalogue.documents(DocumentFilter(**wanted), None, 10)
        return [document.filing.number for document in page.items]

    assert found() == [3, 2, 1]
    assert found(text="tata") == found(text=job.cin) == [3, 2, 1]
    assert found(text="nobody") == []
    assert found(document_type="AOC-4") == [3, 2, 1]
    assert found(document_type="PAS-3") == []
    assert found(status=DocumentStatus.FAILED) == found(reason="unreadable") == [2]
    assert found(text_kind=TextKind.TEXT) == [1]
    assert found(text_kind=TextKind.SCAN) == []
    assert world.catalogue.document_types() == ["AOC-4"]
    assert world.documents.get(job.id, 2).status is DocumentStatus.FAILED
    with pytest.raises(UnknownDocument):
        world.documents.get(job.id, 9)
    (reason,) = world.catalogue.failed_documents(world.clock(), 10)
    assert (reason.kind, reason.number) == ("unreadable", 1)


def test_only_an_unfinished_job_changes_its_priority_and_only_an_ended_one_goes(world):
    open_, ended = world.add(2)
    world.fail(ended)
    assert world.jobs.prioritise(open_.id, 9).priority == 9
    with pytest.raises(WrongState):
        world.jobs.prioritise(ended.id, 9)
    with pytest.raises(WrongState):
        world.jobs.delete(open_.id)
    world.jobs.delete(ended.id)
    world.jobs.delete(ended.id)
    assert world.found() == [open_.id]


def test_the_audit_log_tells_the_newest_first(world, clock):
    log = MongoAuditLog(world.database)
    job_id = str(ObjectId())
    for action in (Action.CANCEL, Action.RETRY):
        clock.advance(1)
        entry = AuditEntry(job_id=job_id, action=action, by="me", at=clock(), address="127.0.0.1", details="to 3")
        last = log.add(entry)
    log.refuse(last, "It runs.")
    assert [(entry.action, entry.refused) for entry in log.of_job(job_id, 10)] == [
        (Action.RETRY, "It runs."), (Action.CANCEL, None),
    ]  # fmt: skip
    assert len(log.of_job(job_id, 1)) == 1


@pytest.mark.parametrize(
    "text", ["x", "e30", "WzEsMiwzXQ", "W10", "Iis", "WyJ6IixudWxsLGZhbHNlXQ", "ünïcode", "a" * 5000]
)
def test_a_place_that_is_none_is_refused(text):
    with pytest.raises(InvalidCursor):
        parse_cursor(text)
