"""Snapshots and service states: no caller waits for a slow service, and callers do not share exceptions."""

from __future__ import annotations

import threading
import traceback
from datetime import timedelta
from types import SimpleNamespace

import pytest

from jobs.domain.errors import BlobStoreUnavailable, DatabaseUnavailable
from jobs.domain.listing import Bucket, Page
from jobs.domain.pausing import Pause
from jobs.domain.wrong_use import UnknownJob
from jobs.web import snapshots
from jobs.web.snapshots import CHECKING, COUNTING_SECONDS, OK, WIDTHS, Live, ServiceStates, Span
from tests.processes import wait_until


class QuietCatalogue:
    """A catalogue without jobs."""

    def totals(self, limit):
        return {}

    def oldest_due_by_priority(self):
        return {}

    def in_progress(self, limit):
        return []

    def jobs(self, *_):
        return Page(items=[])

    def ended(self, *_):
        return []

    def longest_waits(self, *_):
        return {}


def test_slow_blob_store_does_not_hold_up_snapshots(clock):
    answers = threading.Event()
    states = ServiceStates({"Blob store": lambda: answers.wait(5)})
    live = Live(QuietCatalogue, clock, states)
    assert live.snapshot(Span.HOUR).services == {"MongoDB": OK, "Blob store": CHECKING}
    answers.set()
    wait_until(lambda: states() == {"Blob store": OK})


def test_service_that_fails_is_described():
    def check():
        raise BlobStoreUnavailable("No room left.")

    states = ServiceStates({"Blob store": check})
    states()
    wait_until(lambda: states() == {"Blob store": "No room left."})


@pytest.mark.parametrize("error", [DatabaseUnavailable("away"), UnknownJob("65a1b2c3d4e5f60718293a4b")])
def test_callers_do_not_share_exceptions(clock, error):
    def away():
        raise error

    live = Live(away, clock, ServiceStates({}))
    seen = []
    for _ in range(3):
        with pytest.raises(type(error)) as caught:
            live.snapshot(Span.HOUR)
        seen.append(caught.value)
    assert len({id(each) for each in seen}) == 3
    assert {str(each) for each in seen} == {str(error)}
    assert {len(traceback.extract_tb(each.__traceback__)) for each in seen} == {2}


class SlowCatalogue(QuietCatalogue):
    """Takes some time for every count, by a clock that nothing else moves. Each bucket has one job more."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.elapsed = seconds, 0.0
        self.asked: list[tuple[object, object]] = []

    def ended(self, since, until, seconds):
        self.elapsed += self.seconds
        self.asked.append((since, until))
        width = timedelta(seconds=seconds)
        number = (until - since) // width
        return [
            Bucket(begins=since + at * width, completed=(since + at * width).minute, waited=0.5) for at in range(number)
        ]

    def longest_waits(self, since, until, seconds):
        """Also where no job ended."""
        width = timedelta(seconds=seconds)
        return {since + at * width: 0.5 for at in range((until - since) // width)}


@pytest.fixture
def slow(monkeypatch) -> SlowCatalogue:
    catalogue = SlowCatalogue(COUNTING_SECONDS)
    monkeypatch.setattr(snapshots, "time", SimpleNamespace(monotonic=lambda: catalogue.elapsed))
    return catalogue


@pytest.mark.parametrize("span", Span)
def test_slow_counts_are_continued_at_the_next_view(clock, slow, span):
    """The latest bars are counted first; what is counted in the end is what one query would have counted."""
    live = Live(lambda: slow, clock, ServiceStates({}))
    counted = []
    while not counted or counted[-1]:
        before = len(slow.asked)
        counted.append(live.snapshot(span).counted_since)
        assert len(slow.asked) - before <= 2
        slow.elapsed += 2
    assert counted[:-1] == sorted(counted[:-1], reverse=True)
    assert counted[0] <= clock()
    seconds, number = WIDTHS[span]
    found = live.snapshot(span)
    shown = [*found.before, *found.buckets]
    assert len(shown) == 2 * number
    assert shown == slow.ended(shown[0].begins, shown[-1].begins + timedelta(seconds=seconds), seconds)


def test_quick_counts_take_few_queries(clock, slow):
    slow.seconds = 0
    live = Live(lambda: slow, clock, ServiceStates({}))
    assert live.snapshot(Span.HOUR).counted_since is None
    assert len(slow.asked) < 8


def test_past_bars_are_counted_once_but_for_the_newest(clock, slow):
    slow.seconds = 0
    live = Live(lambda: slow, clock, ServiceStates({}))
    live.snapshot(Span.HOUR)
    slow.elapsed += 2
    slow.asked.clear()
    clock.advance(60)
    live.snapshot(Span.HOUR)
    [(since, until)] = slow.asked
    assert until - since == timedelta(minutes=3)
    assert since <= clock() - timedelta(minutes=2)


class WaitingCatalogue(QuietCatalogue):
    """A job is due since 14 minutes and 58 seconds, and others were claimed in a minute in which none ended."""

    def __init__(self, now):
        self.now = now

    def oldest_due_by_priority(self):
        return {0: self.now - timedelta(minutes=14, seconds=58)}

    def longest_waits(self, since, until, seconds):
        return {since: 9.0}


def test_waits_are_read_without_pauses(clock):
    pauses = []
    live = Live(lambda: WaitingCatalogue(clock()), clock, ServiceStates({}), pauses=lambda: pauses)
    found = live.snapshot(Span.HOUR)
    assert found.waiting == timedelta(minutes=14, seconds=50)
    assert {each.waited for each in found.buckets} == {9.0, None}
    for until, waiting in ((-60, 60), (60, 0)):
        pauses[:] = [Pause(by="x", reason="r", since=clock(), until=clock() + timedelta(seconds=until))]
        live = Live(lambda: WaitingCatalogue(clock()), clock, ServiceStates({}), pauses=lambda: pauses)
        assert live.snapshot(Span.HOUR).waiting == timedelta(seconds=waiting)
