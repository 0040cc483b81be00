"""Workers' counts are added once, however often they are sent and whichever process dies meanwhile."""

from __future__ import annotations

import pytest

from jobs.adapters.mongo.totals.workers import BATCH, MongoTotals
from tests.contract.test_ledger import DyingCollection, Killed

pytestmark = pytest.mark.server

FAILED, HALF = "filesure_runs_total?outcome=failed", "filesure_run_duration_seconds_bucket?le=0.5"
N = "filesure_uploaded_bytes_total"


@pytest.fixture
def totals(database, clock):
    return MongoTotals(database, clock)


def read(totals):
    while totals.fold():
        pass
    return totals.read()


def test_parts_from_several_workers_add_up(totals):
    totals.add("a", 1, {FAILED: 1, HALF: 2})
    totals.add("b", 1, {FAILED: 3})
    assert read(totals) == {FAILED: 4, HALF: 2}
    totals.add("a", 2, {HALF: 0.25})
    assert read(totals) == {FAILED: 4, HALF: 2.25}


@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize("sequence", [1, 2])
def test_resent_part_is_added_once(totals, sequence, folded):
    for number in range(1, sequence + 1):
        totals.add("a", number, {N: 1})
    assert not folded or read(totals) == {N: sequence}
    totals.add("a", sequence, {N: 1})
    assert read(totals) == {N: sequence}


@pytest.mark.parametrize("write", [1, 2, 3, 4])
def test_dying_fold_adds_nothing_twice(totals, database, clock, write):
    for worker in "abc":
        totals.add(worker, 1, {N: 1})
    dying, left = MongoTotals(database, clock), [write]
    dying._totals, dying._parts = DyingCollection(dying._totals, left), DyingCollection(dying._parts, left)
    with pytest.raises(Killed):
        dying.fold()
    totals.add("d", 1, {N: 1})
    assert read(totals) == {N: 4}


def test_late_step_changes_nothing(totals, database):
    totals.add("a", 1, {N: 1})
    assert read(totals) == {N: 1}
    totals.add("b", 1, {N: 1})
    totals._settle(1, ["a 1"])
    assert read(totals) == {N: 2}


def test_parts_fold_in_batches(totals, database):
    database["parts"].insert_many([{"_id": f"w {n}", "waiting": True, "amounts": {N: 1}} for n in range(BATCH + 1)])
    assert [totals.fold() for _ in range(3)] == [BATCH, 1, 0]
    assert totals.read() == {N: BATCH + 1}


def test_counted_part_is_forgotten_after_hour(totals, database, clock):
    totals.add("old", 1, {N: 1})
    read(totals)
    clock.advance(3601)
    totals.add("new", 1, {N: 1})
    assert read(totals) == {N: 2}
    assert [part["_id"] for part in database["parts"].find()] == ["new 1"]


def test_totals_of_version_0_1_stay(totals, database):
    before = {"_id": "workers", "runs_total?outcome=failed": 3, "part of a": 2, "seen a": totals._clock()}
    database["totals"].insert_one(before)
    totals.add("a", 1, {FAILED: 1})
    assert read(totals) == {FAILED: 4}
