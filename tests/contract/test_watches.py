"""Watches, in every implementation."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.adapters.memory import MemoryWatchRepository
from jobs.adapters.mongo.outbox import MongoOutbox
from jobs.adapters.mongo.watches import MongoWatchRepository
from jobs.bootstrap import new_id
from jobs.domain.events import EventType, Note
from jobs.domain.watching import Check, CheckOutcome, Interval, Watch
from jobs.domain.wrong_use import UnknownWatch
from jobs.ports import WatchRepository
from tests.making import a_cin

DAY = timedelta(days=1)


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.server)])
def watches(request, clock) -> WatchRepository:
    if request.param == "memory":
        return MemoryWatchRepository(clock)
    database = request.getfixturevalue("database")
    return MongoWatchRepository(database, clock)


def a_watch(clock, **changes) -> Watch:
    fields = {"id": new_id(), "cin": a_cin(), "company_name": "Acme", "by": "asha", "at": clock(), "next_at": clock()}
    return Watch(**{**fields, "interval": Interval.WEEKLY, **changes})


def test_watch_is_stored_once_per_user_and_company(watches, clock):
    made = a_watch(clock, list_id="1" * 24, baseline="2" * 24, checked_at=clock())
    other = replace(made, id=new_id(), by="ravi")
    assert watches.add([made, other, a_watch(clock)]) == 3
    assert watches.add([replace(made, id=new_id(), interval=Interval.DAILY), a_watch(clock)]) == 1
    assert watches.add([]) == 0
    assert watches.get(made.id) == watches.of_user(made.cin, "asha") == made
    assert watches.of_company(made.cin, 5) == [made, other]
    assert watches.of_user(made.cin, "nobody") is None
    unwatched = [a_cin() for _ in range(5_000)]
    assert watches.watched("asha", [made.cin, *unwatched]) == {made.cin}
    assert watches.watched("nobody", [made.cin]) == watches.watched("asha", []) == set()
    assert (watches.count("asha", 9), watches.count("asha", 2)) == (3, 2)


def test_watches_are_paged_by_user_and_list(watches, clock):
    made = [a_watch(clock, by=by, list_id=list_id) for by in ("asha", "ravi") for list_id in (None, "1" * 24)]
    watches.add(made)
    first = watches.latest(None, None, None, 3)
    second = watches.latest(None, None, first.next, 3)
    assert [*first.items, *second.items] == made[::-1]
    assert watches.latest("asha", None, None, 5).items == made[1::-1]
    assert watches.latest("asha", "1" * 24, None, 5).items == [made[1]]


@pytest.mark.parametrize("watch_id", ["0" * 24, "nonsense"])
def test_unknown_watch_is_reported(watches, clock, watch_id):
    for ask in (watches.get, lambda each: watches.pause(each, "x", "y"), lambda each: watches.resume(each, clock())):
        with pytest.raises(UnknownWatch):
            ask(watch_id)


def test_due_watches_begin_once(watches, clock):
    late, now = a_watch(clock, next_at=clock() - DAY), a_watch(clock)
    watches.add([now, late, a_watch(clock, next_at=clock() + DAY), a_watch(clock, next_at=None)])
    assert watches.due(5) == [late, now]
    assert watches.due(1) == [late]
    begun = watches.begin(late, "a" * 24, clock() + DAY)
    assert begun == replace(late, job_id="a" * 24, placing=True, next_at=clock() + DAY)
    assert watches.begin(late, "b" * 24, clock() + DAY) is None
    assert watches.due(5) == [now]
    assert watches.unsettled(5) == [begun]
    watches.placed(begun, "c" * 24)
    assert watches.get(late.id) == replace(begun, job_id="c" * 24, placing=False)


def test_recheck_settles_once(watches, clock):
    watch = a_watch(clock)
    watches.add([watch])
    begun = watches.begin(watch, "a" * 24, clock() + DAY)
    check = Check(job_id="a" * 24, at=clock(), outcome=CheckOutcome.CHECKED, new=2, since=clock() - DAY)
    assert watches.settle(begun, check)
    assert not watches.settle(begun, replace(check, new=9))
    settled = watches.get(watch.id)
    assert settled == replace(
        watch, next_at=clock() + DAY, last=check, found=check, baseline="a" * 24, checked_at=clock()
    )
    assert watches.unsettled(5) == []
    begun = watches.begin(settled, "b" * 24, clock() + DAY)
    watches.settle(begun, Check(job_id="b" * 24, at=clock(), outcome=CheckOutcome.CHECKED))
    assert watches.get(watch.id).found == check


@pytest.mark.server
def test_watch_that_ends_loses_no_event(database, clock):
    watches, outbox, watch = MongoWatchRepository(database, clock), MongoOutbox(database), a_watch(clock)
    watches.add([watch])
    note = Note(type=EventType.FILINGS_NEW, at=clock(), by="asha", data={"cin": watch.cin})
    begun = watches.begin(watch, "a" * 24, clock() + DAY)
    watches.settle(begun, Check(job_id="a" * 24, at=clock(), outcome=CheckOutcome.CHECKED, new=1), note=note)
    (before,) = outbox.waiting(5)
    watches.delete(watch.id)
    (after,) = outbox.waiting(5)
    assert after.events == before.events != ()
    outbox.remove(before)  # read before the watch was deleted
    assert outbox.waiting(5) == [after]
    outbox.remove(after)
    assert outbox.waiting(5) == []
    watches.delete(watch.id)


def test_failures_are_counted_and_may_pause(watches, clock):
    watch = a_watch(clock)
    watches.add([watch])
    failed = Check(job_id="a" * 24, at=clock(), outcome=CheckOutcome.FAILED, error="No.")
    watches.settle(watches.begin(watch, "a" * 24, clock()), failed)
    once = watches.get(watch.id)
    assert (once.failures, once.last, once.baseline) == (1, failed, None)
    watches.settle(watches.begin(once, "b" * 24, clock()), failed, paused_reason="Enough.")
    twice = watches.get(watch.id)
    assert (twice.failures, twice.paused_reason, twice.next_at) == (2, "Enough.", None)
    assert watches.due(5) == []
    assert watches.resume(watch.id, clock()).failures == 0


def test_paused_watch_is_not_due_until_resumed(watches, clock):
    watch = a_watch(clock)
    watches.add([watch])
    begun = watches.begin(watch, "a" * 24, clock())
    paused = watches.pause(watch.id, "Holidays.", "ravi")
    assert (paused.paused_reason, paused.paused_by, paused.next_at) == ("Holidays.", "ravi", None)
    watches.postpone(begun, clock())
    assert watches.change(paused, Interval.DAILY, clock()) == replace(
        paused, job_id=None, placing=False, interval=Interval.DAILY
    )
    assert watches.due(5) == []
    resumed = watches.resume(watch.id, clock() + DAY)
    assert (
        resumed == watches.resume(watch.id, clock()) == replace(watch, interval=Interval.DAILY, next_at=clock() + DAY)
    )
    watches.delete(watch.id)
    watches.delete(watch.id)
    assert watches.begin(resumed, "a" * 24, clock()) is None


def test_all_watches_of_a_user_are_paused(watches, clock):
    paused, active, others = (a_watch(clock, by=by) for by in ("asha", "asha", "ravi"))
    watches.add([paused, active, others])
    watches.pause(paused.id, "Merged", "asha")
    for _ in range(2):
        watches.pause_all("asha", "Left")
    assert [watches.get(each.id).paused_reason for each in (paused, active, others)] == ["Merged", "Left", None]
    assert [each.id for each in watches.due(5)] == [others.id]


def test_watches_of_a_list_are_paused_and_resumed_at_once(watches, clock):
    mine, also_mine, others = (a_watch(clock, by=by, list_id="1" * 24) for by in ("asha", "asha", "ravi"))
    elsewhere = a_watch(clock)
    watches.add([mine, also_mine, others, elsewhere])
    watches.pause(mine.id, "Merged", "asha")
    assert watches.pause_list("1" * 24, "asha", "Holidays", "admin") == 1
    assert watches.pause_list("1" * 24, "asha", "Again", "admin") == 0
    assert [watches.get(each.id).paused_reason for each in (mine, also_mine, others)] == ["Merged", "Holidays", None]
    assert watches.pause_list("1" * 24, None, "All", "admin") == 1
    assert [each.id for each in watches.due(9)] == [elsewhere.id]
    watches.pause_all("ravi", "Left")
    paused = {each.id for each in watches.paused("1" * 24, None, 9)}
    assert paused == {each.id for each in watches.paused("1" * 24, "asha", 9)} == {mine.id, also_mine.id}
    assert len(watches.paused("1" * 24, "asha", 1)) == 1
    at = clock() + DAY
    assert watches.resume_many({mine.id: at, also_mine.id: at, new_id(): at}) == 2
    assert watches.resume_many({mine.id: at + DAY}) == watches.resume_many({}) == 0
    assert watches.get(mine.id) == replace(mine, next_at=at)


def test_postponed_recheck_is_due_later(watches, clock):
    watch = a_watch(clock)
    watches.add([watch])
    watches.postpone(watches.begin(watch, "a" * 24, clock() + 7 * DAY), clock() + DAY)
    assert watches.get(watch.id) == replace(watch, next_at=clock() + DAY)
    assert watches.change(watch, Interval.MONTHLY, clock()).next_at == clock()


@pytest.mark.parametrize("is_paused", [False, True])
def test_postponed_recheck_says_why(watches, clock, is_paused):
    watch = a_watch(clock)
    watches.add([watch])
    begun = watches.begin(watch, "a" * 24, clock() + 7 * DAY)
    if is_paused:
        watches.pause(watch.id, "Holidays.", "ravi")
    check = Check(job_id="a" * 24, at=clock(), outcome=CheckOutcome.LIMITED, error="5 of 5 this month.")
    watches.postpone(begun, clock() + DAY, check)
    found = watches.get(watch.id)
    assert (found.last, found.job_id, found.failures) == (check, None, 0)
    assert found.next_at == (None if is_paused else clock() + DAY)
