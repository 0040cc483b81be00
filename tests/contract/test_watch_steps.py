"""Rechecks of watched companies: ordered once, whoever dies at which write, and each new filing is announced once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from jobs.domain.audit import Actor as Person
from jobs.domain.document import DocumentStatus, Filing
from jobs.domain.errors import SourceUnavailable
from jobs.domain.job import RECHECK_PRIORITY, JobStatus
from jobs.domain.watching import MOST_FAILURES, CheckOutcome, Interval, ListedFiling, filed_lately
from jobs.services import Order
from tests.contract.growing_source import COMPANIES
from tests.contract.stepping import Actor, Reply
from tests.contract.watched import Watched
from tests.contract.world import in_one_thread

CIN, _ = COMPANIES
ASHA = Person(name="asha")
DAY = timedelta(days=1)


def test_recheck_downloads_and_announces_new_filings_only(watched):
    watch = watched.service().watch(CIN, Interval.DAILY, ASHA)
    watched.world.source.files(CIN)
    downloaded = len(watched.world.source.downloads)
    watched.pass_time()
    assert watched.service().step().ordered == 1
    job = next(job for job in watched.jobs.newest_first() if job.recheck)
    assert (job.priority, job.requested_by, job.status) == (RECHECK_PRIORITY, "asha", JobStatus.PENDING)
    watched.world.drain()
    assert watched.service().step().settled == 1
    assert watched.names() == ["DIR-12_4.pdf"]
    assert watched.world.source.downloads[downloaded:] == ["DIR-12_4.pdf"]
    found = watched.watches.get(watch.id)
    assert (found.last.new, found.last.since, found.baseline) == (1, watch.checked_at, job.id)
    watched.world.assert_always()


def test_recheck_and_its_event_have_the_name_of_the_newest_order(watched):
    watched.service().watch(CIN, Interval.DAILY, ASHA)
    renamed = Order(cin=CIN, company_name="Narmada Colours Limited")
    watched.world.service(watched.world.ports).order([renamed], requested_by="ravi")
    watched.world.drain()
    watched.world.source.files(CIN)
    for _ in range(2):
        watched.pass_time()
        watched.service().step()
        watched.world.drain()
        watched.service().step()
    names = [job.company_name for job in watched.jobs.newest_first() if job.cin == CIN]
    assert names[:3] == ["Narmada Colours Limited"] * 3
    assert [note.data["companyName"] for _, note in watched.watches.notes] == ["Narmada Colours Limited"]


def test_recheck_finds_new_filings_although_its_clock_is_late(watched, monkeypatch):
    watch = watched.service().watch(CIN, Interval.DAILY, ASHA)
    watched.world.source.files(CIN)
    watched.pass_time()
    early = f"{int(watch.baseline[:8], 16) - 60:08x}{watch.baseline[8:]}"
    monkeypatch.setattr(watched.world, "_new_id", lambda: early)
    watched.service().step()
    watched.world.drain()
    watched.service().step()
    assert watched.names() == ["DIR-12_4.pdf"]


@pytest.mark.parametrize("checked_before", [False, True])
def test_filings_of_deleted_orders_are_not_new(watched, checked_before):
    """They are downloaded again."""
    watch = watched.service().watch(CIN, Interval.DAILY, ASHA)

    def check() -> None:
        watched.pass_time()
        watched.service().step()
        watched.world.drain()
        watched.service().step()

    if checked_before:
        check()
    first = next(job for job in watched.jobs.newest_first() if job.cin == CIN and not job.recheck)
    watched.world.act(watched.world.ports, "delete", first.id)
    check()
    assert (watched.names(), watched.watches.get(watch.id).last.new) == ([], 0)
    watched.world.source.files(CIN)
    check()
    assert watched.names() == ["DIR-12_4.pdf"]


def test_recent_filings_are_told_by_their_dates():
    since = datetime(2026, 6, 1, tzinfo=UTC)
    days = [None, date(2020, 1, 1), date(2026, 3, 2), date(2026, 3, 3), date(2026, 6, 9)]
    listed = [
        ListedFiling(
            job_id="1",
            filing=Filing(number=1, document_type="AOC-4", file_name="a", filed_on=day),
            status=DocumentStatus.STORED,
            listed_at=since,
        )
        for day in days
    ]
    assert [each.filing.filed_on for each in filed_lately(listed, since)] == days[3:]


def test_recheck_without_new_filings_completes_with_no_documents(watched):
    watch = watched.service().watch(CIN, Interval.DAILY, ASHA)
    watched.pass_time()
    watched.service().step()
    watched.world.drain()
    watched.service().step()
    job = watched.jobs.get(watched.watches.get(watch.id).last.job_id)
    assert (job.status, job.progress.total, job.last_error) == (JobStatus.COMPLETED, 0, None)
    assert watched.documents.of_job(job.id) == []
    assert watched.names() == []


def test_watch_missed_for_weeks_orders_once(watched):
    watched.service().watch(CIN, Interval.DAILY, ASHA)
    watched.pass_time(30 * DAY)
    for _ in range(3):
        watched.service().step()
        watched.world.drain()
    assert watched.orders() == 1


def test_filings_found_by_staff_in_between_are_new(watched):
    watched.service().watch(CIN, Interval.DAILY, ASHA)
    watched.world.source.files(CIN)
    watched.world.order(watched.world.ports, CIN)
    watched.world.drain()
    watched.pass_time()
    watched.service().step()
    watched.world.drain()
    watched.service().step()
    assert watched.names() == ["DIR-12_4.pdf"]


def test_filings_found_by_staff_before_the_check_is_recorded_are_announced_once(watched):
    watched.service().watch(CIN, Interval.DAILY, ASHA)
    watched.pass_time()
    watched.service().step()
    watched.world.drain()
    watched.world.source.files(CIN)
    watched.world.order(watched.world.ports, CIN)
    watched.world.drain()
    for _ in range(3):
        watched.service().step()
        watched.world.drain()
        watched.pass_time()
    assert watched.names() == ["DIR-12_4.pdf"]


@pytest.mark.parametrize("is_recorded", [False, True])
def test_filings_listed_by_an_earlier_order_that_was_retried_are_announced_once(watched, monkeypatch, is_recorded):
    """The source was down when that order ran, so its retry lists what was filed after the check, recorded or not."""
    listing = watched.world.source.filings
    monkeypatch.setattr(watched.world.source, "filings", down)
    watched.world.order(watched.world.ports, CIN)
    watched.world.drain()
    failed = watched.world.ids[-1]
    assert watched.jobs.get(failed).status is JobStatus.FAILED
    monkeypatch.setattr(watched.world.source, "filings", listing)
    watched.service().watch(CIN, Interval.DAILY, ASHA)
    for day in range(3):
        watched.pass_time()
        watched.service().step()
        watched.world.drain()
        if is_recorded or day > 0:
            watched.service().step()
        if day == 0:
            watched.pass_time(timedelta(minutes=1))
            watched.world.source.files(CIN)
            watched.jobs.retry(failed, watched.documents.progress(failed))
            watched.world.drain()
            assert watched.documents.progress(failed).total == 4
            watched.service().step()
    assert watched.names() == ["DIR-12_4.pdf"]


def test_filings_listed_by_a_retried_order_before_the_watch_are_known(watched, monkeypatch):
    listing = watched.world.source.filings
    monkeypatch.setattr(watched.world.source, "filings", down)
    watched.world.order(watched.world.ports, CIN)
    watched.world.drain()
    failed = watched.world.ids[-1]
    monkeypatch.setattr(watched.world.source, "filings", listing)
    watched.world.order(watched.world.ports, CIN)
    watched.world.drain()
    watched.pass_time(timedelta(minutes=1))
    watched.world.source.files(CIN)
    watched.jobs.retry(failed, watched.documents.progress(failed))
    watched.world.drain()
    watched.service().watch(CIN, Interval.DAILY, ASHA)
    watched.pass_time()
    watched.service().step()
    watched.world.drain()
    watched.service().step()
    assert watched.names() == []


def down(*_: object) -> None:
    raise SourceUnavailable("The portal is gone.")


def test_watches_of_one_company_share_an_order(watched):
    watches = [watched.service().watch(CIN, Interval.DAILY, Person(name=name)) for name in ("asha", "ravi")]
    watched.world.source.files(CIN)
    watched.pass_time()
    watched.service().step()
    assert watched.orders() == 1
    watched.world.drain()
    watched.service().step()
    assert {watched.watches.get(each.id).last.new for each in watches} == {1}
    assert {note.by for _, note in watched.watches.notes} == {"asha", "ravi"}


def test_recheck_waits_for_an_order_that_starts_later(watched):
    watch = watched.service().watch(CIN, Interval.DAILY, ASHA)
    later = Order(cin=CIN, company_name="x", not_before=watched.clock() + 20 * DAY)
    watched.world.service(watched.world.ports).order([later], requested_by="staff")
    watched.pass_time()
    watched.service().step()
    assert watched.orders() == 0
    postponed = watched.watches.get(watch.id)
    assert (postponed.job_id, postponed.next_at) == (None, watched.clock() + timedelta(hours=1))


@pytest.mark.parametrize("reply", [Reply.LOST, Reply.NEVER_SENT])
def test_interrupted_steps_order_and_announce_once(clock, monkeypatch, reply):
    """The step that orders, and the one that records the result, are cut off at each call in turn."""
    in_one_thread(monkeypatch)
    for stage in ("order", "settle"):
        for cut in range(1, 100):
            watched = Watched(clock)
            watched.service().watch(CIN, Interval.DAILY, ASHA)
            watched.world.source.files(CIN)
            watched.pass_time()
            if stage == "settle":
                watched.service().step()
                watched.world.drain()
            actor = Actor("first", lambda actor, watched=watched: watched.service(actor).step())
            for _ in range(cut - 1):
                if actor.call:
                    actor.step()
            ended = actor.call is None
            if actor.call:
                actor.step(reply)
            actor.kill()
            finish(watched)
            if ended:
                break
        assert cut > 3


def finish(watched: Watched) -> None:
    for _ in range(4):
        watched.service().step()
        watched.world.drain()
    assert watched.orders() == 1
    assert watched.names() == ["DIR-12_4.pdf"]
    assert watched.watches.unsettled(5) == []
    watched.world.assert_always()


def test_two_runners_in_any_order_place_one_order(clock, monkeypatch):
    in_one_thread(monkeypatch)
    for first_steps in range(12):
        watched = Watched(clock)
        watched.service().watch(CIN, Interval.DAILY, ASHA)
        watched.world.source.files(CIN)
        watched.pass_time()
        runners = [
            Actor(name, lambda actor, watched=watched: watched.service(actor).step()) for name in ("first", "second")
        ]
        for _ in range(first_steps):
            if runners[0].call:
                runners[0].step()
        runners[1].finish()
        runners[0].finish()
        finish(watched)


def test_paused_and_ended_watches_order_nothing(watched):
    service = watched.service()
    paused, ended = (service.watch(cin, Interval.WEEKLY, ASHA) for cin in COMPANIES)
    assert service.pause(paused, "", ASHA).paused_reason == "No reason given."
    service.end(ended, ASHA)
    watched.pass_time(20 * DAY)
    assert service.step().ordered == 0
    service.resume(paused, ASHA)
    assert service.step().ordered == 0
    watched.pass_time(7 * DAY)
    assert service.step().ordered == 1


def test_failing_watch_pauses_itself_with_the_reason(watched, monkeypatch):
    watch = watched.service().watch(CIN, Interval.DAILY, ASHA)
    monkeypatch.setattr(watched.world.source, "filings", down)
    for _ in range(MOST_FAILURES):
        watched.pass_time()
        watched.service().step()
        watched.world.drain()
        watched.service().step()
    found = watched.watches.get(watch.id)
    assert found.last.outcome is CheckOutcome.FAILED
    assert (found.next_at, found.failures) == (None, MOST_FAILURES)
    assert found.paused_reason.startswith(f"{MOST_FAILURES} rechecks in a row failed")
    assert "The portal is gone." in found.paused_reason


def test_deleted_recheck_is_given_up(watched):
    watch = watched.service().watch(CIN, Interval.DAILY, ASHA)
    watched.pass_time()
    watched.service().step()
    job_id = watched.watches.get(watch.id).job_id
    staff = watched.world.service(watched.world.ports)
    staff.cancel(job_id, ASHA)
    staff.delete(job_id, ASHA)
    watched.service().step()
    found = watched.watches.get(watch.id)
    assert (found.job_id, found.last.outcome, found.baseline) == (None, CheckOutcome.WITHDRAWN, watch.baseline)


def test_watching_again_changes_the_interval(watched):
    service = watched.service()
    first = service.watch(CIN, Interval.MONTHLY, ASHA)
    again = service.watch(CIN, Interval.DAILY, ASHA)
    assert again == replace(first, interval=Interval.DAILY, next_at=again.next_at)
    assert again.next_at <= watched.clock() + DAY
