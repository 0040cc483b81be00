"""What workers counted is added once, however often it is sent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobs.adapters.mongo.totals import MongoTotals

pytestmark = pytest.mark.server


@pytest.fixture
def totals(database, clock):
    return MongoTotals(database, clock)


def test_parts_of_several_workers_add_up(totals):
    totals.add("a", 1, {"runs_total?outcome=failed": 1, "seconds_bucket?le=0.5": 2})
    totals.add("b", 1, {"runs_total?outcome=failed": 3})
    totals.add("a", 2, {"seconds_bucket?le=0.5": 0.25})
    assert totals.read() == {"runs_total?outcome=failed": 4, "seconds_bucket?le=0.5": 2.25}


@pytest.mark.parametrize("sequence", [1, 2])
def test_a_part_that_is_sent_again_is_not_added_again(totals, sequence):
    for number in range(1, sequence + 1):
        totals.add("a", number, {"n": 1})
    totals.add("a", sequence, {"n": 1})
    assert totals.read() == {"n": sequence}


def test_a_part_that_comes_late_is_not_added(totals):
    for number in (1, 2, 3):
        totals.add("a", number, {"n": 1})
    totals.add("a", 2, {"n": 100})
    assert totals.read() == {"n": 3}


def test_a_worker_that_is_silent_for_an_hour_is_forgotten_and_what_it_counted_is_not(totals, database, clock):
    totals.add("old", 1, {"n": 1})
    clock.advance(3500)
    totals.add("new", 1, {"n": 1})
    clock.advance(timedelta(minutes=5).total_seconds())
    assert totals.read() == {"n": 2}
    kept = [name for name in database["totals"].find_one({"_id": "workers"}) if name.startswith(("part", "seen"))]
    assert sorted(kept) == ["part of new", "seen new"]
    totals.add("new", 2, {"n": 1})
    assert totals.read() == {"n": 3}
