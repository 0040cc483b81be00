"""Lists, search and counts for staff, on all supported servers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from bson import ObjectId

from jobs.adapters.mongo import catalogue_embedded
from jobs.adapters.mongo.connection import is_embedded
from jobs.domain.job import JobStatus, Progress, Transition
from jobs.domain.listing import Count, JobFilter, JobOrder, parse_cursor
from jobs.domain.wrong_use import InvalidCursor, WrongState
from tests.contract.catalogue import World

pytestmark = pytest.mark.server


@pytest.fixture
def world(database, clock):
    database["audit"].delete_many({})
    return World(database, clock)


def ids(jobs):
    return [job.id for job in jobs]


def walk(world, order, size, **wanted):
    """Read all pages forward, then back from the last one."""
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
def test_paging_shows_every_job_once(world, size):
    jobs = [world.add(priority=number % 3 - 1, company_name=f"Company {number % 2}")[0] for number in range(7)]
    newest = ids(reversed(jobs))
    assert walk(world, JobOrder.NEWEST, size) == newest
    assert walk(world, JobOrder.OLDEST, size) == newest[::-1]
    assert walk(world, JobOrder.PRIORITY, size) == ids(sorted(jobs, key=lambda job: (job.priority, job.id))[::-1])
    assert walk(world, JobOrder.COMPANY, size) == ids(sorted(jobs, key=lambda job: (job.company_name, job.id)))


def test_cursor_of_another_order_breaks_nothing(world):
    world.add(7)
    cursor = world.catalogue.jobs(JobFilter(), JobOrder.COMPANY, None, 2).next
    for order in JobOrder:
        world.catalogue.jobs(JobFilter(), order, cursor, 2)


@pytest.mark.parametrize("size", [1, 2, 9])
def test_company_order_ignores_case(world, size):
    names = ["beta", "Alpha", "Étoile", "alpha", "BETA", "Ä", "étoile"]
    jobs = [world.add(company_name=name)[0] for name in names]
    wanted = sorted(jobs, key=lambda job: (job.company_name.casefold(), job.id))
    assert walk(world, JobOrder.COMPANY, size) == ids(wanted)


def test_jobs_with_ids_are_those_not_deleted(world):
    jobs = world.add(4)
    world.jobs.cancel(jobs[1].id)
    world.jobs.begin_deletion(jobs[1].id)
    wanted = {job.id for job in jobs[:3]} | {str(ObjectId())}
    assert {job.id for job in world.catalogue.jobs_with(wanted)} == {jobs[0].id, jobs[2].id}
    assert world.catalogue.jobs_with(set()) == []


def test_jobs_are_found_by_their_end(world, clock):
    """From the first moment inclusive to the second one exclusive; jobs without an end never match."""
    first, second, _ = world.add(3)
    begin = clock()
    world.fail(first)
    clock.advance(60)
    world.fail(second)
    minute = timedelta(minutes=1)
    assert world.found(ended_since=begin, ended_until=begin + minute) == [first.id]
    assert world.found(ended_since=begin + minute) == [second.id]
    assert world.found(ended_until=begin) == []
    zone = timezone(timedelta(hours=14))
    assert (
        len(world.found(ended_since=datetime.min.replace(tzinfo=zone), ended_until=datetime.max.replace(tzinfo=UTC)))
        == 2
    )


def test_deleting_jobs_are_on_no_page(world):
    jobs = world.add(5)
    for job in (jobs[0], jobs[2]):
        world.jobs.cancel(job.id)
        world.jobs.begin_deletion(job.id)
    visible = ids([jobs[4], jobs[3], jobs[1]])
    assert walk(world, JobOrder.NEWEST, 1) == walk(world, JobOrder.NEWEST, 2) == visible
    assert walk(world, JobOrder.OLDEST, 1) == visible[::-1]


def test_new_jobs_do_not_shift_pages(world):
    jobs = world.add(4)
    first = world.catalogue.jobs(JobFilter(), JobOrder.NEWEST, None, 2)
    world.add(3)
    second = world.catalogue.jobs(JobFilter(), JobOrder.NEWEST, first.next, 2)
    assert ids(second.items) == [jobs[1].id, jobs[0].id]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("tata", {"tata"}),
        ("TATA st", {"tata"}),
        ("steel", {"tata", "other"}),
        ("st", {"tata", "other"}),
        ("teel", set()),
        ("limited", {"tata", "other"}),
        ("L27100", {"tata"}),
        ("l27100mh1907plc000260", {"tata"}),
        ("nothing", set()),
        ("$ne", set()),
        (".*", set()),
        ("(", set()),
        ('"', set()),
        ("   ", {"tata", "other", "umlaut"}),
        ("ünïc", {"umlaut"}),
        ("söhne", {"umlaut"}),
    ],
)
def test_text_matches_prefixes_of_names_and_cins(world, text, found):
    names = {
        "tata": ("L27100MH1907PLC000260", "Tata Steel Limited"),
        "other": ("U27100KA1990PTC000001", "Other Steel Limited"),
        "umlaut": ("U72900KA1990PTC000002", "Ünïcode & Söhne"),
    }
    known = {world.add(cin=cin, company_name=name)[0].id: key for key, (cin, name) in names.items()}
    assert {known[id_] for id_ in world.found(text=text)} == found


def test_text_matches_a_job_id(world):
    first, _ = world.add(2)
    assert world.found(text=first.id.upper()) == [first.id]
    assert world.found(text=str(ObjectId())) == []


def test_filters_combine(world):
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


def test_days_are_utc_creation_dates(world):
    (job,) = world.add()
    today = datetime.now(UTC).date()
    one = timedelta(days=1)
    assert world.found(since=today - one, until=today + one) == [job.id]
    assert world.found(since=today + 2 * one) == []
    assert world.found(until=today - 2 * one) == []
    assert world.found(since=date(1, 1, 1), until=date(9999, 12, 30)) == [job.id]


def test_days_can_be_those_of_another_zone(world, clock):
    clock.now = datetime(2026, 1, 4, 20, tzinfo=UTC)  # 5 January, 01:30 in Kolkata
    (job,) = world.add(id=str(ObjectId.from_datetime(clock())))
    day, zone = date(2026, 1, 5), ZoneInfo("Asia/Kolkata")
    assert world.found(since=day, until=day) == []
    assert world.found(since=day, until=day, zone=zone) == [job.id]
    assert world.found(until=date(2026, 1, 4), zone=zone) == []
    assert world.found(until=date(9999, 12, 31), zone=zone) == [job.id]


def test_facets_count_matches_for_each_value(world):
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


def test_totals_stay_exact_below_the_limit(world):
    failing = world.add(2)
    world.add(5)
    world.fail(failing[0])
    totals = world.catalogue.totals(3)
    if is_embedded(world.database):  # other servers' counts may lag behind
        assert totals[JobStatus.PENDING] == Count(number=6)
    assert totals[JobStatus.FAILED] == Count(number=1)
    assert totals[JobStatus.COMPLETED] == Count(number=0)


def test_running_and_waiting_jobs_are_listed(world, clock):
    assert world.catalogue.oldest_due() is None
    first, second = world.add(2)
    due_since = clock()
    clock.advance(30)
    assert world.catalogue.oldest_due() == due_since
    world.jobs.claim(first.id, "a", 60)
    world.jobs.claim(second.id, "b", 30)
    assert [job.locked_by for job in world.catalogue.running(10)] == ["b", "a"]
    assert world.catalogue.oldest_due() is None


@pytest.mark.parametrize("few", [0, 2_000])
def test_ended_jobs_are_counted_per_period(world, clock, monkeypatch, few):
    monkeypatch.setattr(catalogue_embedded, "_FEW", few)
    begin = clock()
    for seconds in (0, 10, 3600):
        clock.now = begin + timedelta(seconds=seconds)
        world.fail(world.add()[0])
    clock.advance(1)
    cancelled = world.add()[0]
    world.jobs.cancel(cancelled.id)
    buckets = world.catalogue.ended(begin, begin + timedelta(hours=2), 3600)
    assert [(b.begins, b.completed, b.failed, b.cancelled) for b in buckets] == [
        (begin, 0, 2, 0),
        (begin + timedelta(hours=1), 0, 1, 1),
    ]
    assert world.catalogue.ended(begin + timedelta(hours=2), begin + timedelta(hours=3), 3600) == []


def test_periods_count_jobs_by_their_state(world, clock):
    """Long and short periods, and whatever time is asked for; a job that is being deleted is in none."""
    begin = clock.now = datetime(2026, 1, 5, 10, tzinfo=UTC)
    for transition, progress in (
        (Transition.COMPLETE, Progress(total=1, downloaded=1)),
        (Transition.COMPLETE_PARTLY, Progress(total=2, downloaded=1, failed=1)),
        (Transition.FIND_NOTHING, Progress(total=0)),
    ):
        world.end(world.add()[0], transition, progress)
    for _ in range(2):
        world.fail(world.add()[0])
    deleted, cancelled = world.add(2)
    for job in (deleted, cancelled):
        world.jobs.cancel(job.id)
    world.database["jobs"].update_one({"_id": ObjectId(deleted.id)}, {"$set": {"jobStatus": "deleting"}})
    hour = timedelta(hours=1)
    (found,) = world.catalogue.ended(begin, begin + hour, 3600)
    assert (found.completed, found.partial, found.failed, found.cancelled) == (3, 1, 2, 1)
    for since in (begin - hour, begin - hour / 2, begin):
        assert world.catalogue.ended(since, begin + hour / 2, 3600) == [found]
        assert world.catalogue.ended(since, begin + hour / 2, 60) == [found]
    assert world.catalogue.ended(begin - hour, begin, 3600) == []


def test_actions_respect_the_job_state(world):
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


@pytest.mark.parametrize(
    "text", ["x", "e30", "WzEsMiwzXQ", "W10", "Iis", "WyJ6IixudWxsLGZhbHNlXQ", "ünïcode", "a" * 5000]
)
def test_invalid_cursor_is_refused(text):
    with pytest.raises(InvalidCursor):
        parse_cursor(text)
