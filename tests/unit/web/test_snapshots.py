"""Snapshots and service states: no caller waits for a slow service, and callers do not share exceptions."""

from __future__ import annotations

import threading
import traceback

import pytest

from jobs.domain.errors import BlobStoreUnavailable, DatabaseUnavailable
from jobs.domain.listing import Page
from jobs.domain.wrong_use import UnknownJob
from jobs.web.snapshots import CHECKING, OK, Live, ServiceStates, Span
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
