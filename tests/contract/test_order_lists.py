"""Lists of orders, in every implementation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from bson import ObjectId

from jobs.adapters.memory import MemoryJobRepository, MemoryOrderListRepository
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.adapters.mongo.order_lists import MongoOrderListRepository
from jobs.domain.order_list import OrderList, RefusedRow
from jobs.domain.wrong_use import UnknownList
from jobs.ports import JobRepository, OrderListRepository
from tests.contract.stores import LEASE
from tests.making import a_cin, a_job


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.server)])
def both(request, clock) -> tuple[OrderListRepository, JobRepository]:
    if request.param == "memory":
        jobs = MemoryJobRepository(clock)
        return MemoryOrderListRepository(clock, lambda: list(jobs._jobs.values())), jobs
    clock.now = datetime.now(UTC).replace(microsecond=0)  # old refusals would be deleted
    database = request.getfixturevalue("database")
    for name in ("lists", "refusals"):
        database[name].delete_many({})
    return MongoOrderListRepository(database, clock), MongoJobRepository(database, clock)


@pytest.fixture
def lists(both) -> OrderListRepository:
    return both[0]


def a_list(clock, name: str = "orders.csv", **changes) -> OrderList:
    fields = {"id": str(ObjectId()), "name": name, "by": "asha", "at": clock(), "attempt": str(ObjectId())}
    return OrderList(**{**fields, **changes})


def refusal(line: int) -> RefusedRow:
    return RefusedRow(line=line, cin="x", company_name="Acme", priority="11", field="priority", reason="No.")


def test_list_is_begun_once_and_finished(lists, clock):
    made = lists.begin(a_list(clock))
    assert made.done_at is None
    clock.advance(5)
    again = a_list(clock, "other", id=made.id, by="ravi")
    assert lists.begin(again) == replace(made, attempt=again.attempt)
    lists.finish(made, ordered=3, refused=1)
    done = lists.get(made.id)
    assert (done.ordered, done.refused, done.done_at, done.attempt) == (3, 1, clock(), made.attempt)
    assert lists.begin(again) == done
    clock.advance(1)
    lists.finish(again, ordered=4, refused=0)
    assert lists.get(made.id) == done


def test_refused_rows_are_kept_in_order(lists, clock):
    made = lists.begin(a_list(clock))
    lists.refuse(made, [refusal(30), refusal(4)])
    lists.refuse(made, [refusal(5), refusal(4)])
    lists.refuse(made, [])
    assert list(lists.refused(made.id)) == [refusal(4), refusal(5), refusal(30)]


def test_repetition_checks_refused_rows_again(lists, clock):
    made = lists.begin(a_list(clock))
    lists.refuse(made, [refusal(4)])
    again = a_list(clock, id=made.id)
    lists.begin(again)
    assert list(lists.refused(made.id)) == []
    lists.refuse(again, [refusal(5)])
    lists.finish(again, ordered=0, refused=1)
    lists.refuse(made, [refusal(6)])
    lists.finish(made, ordered=0, refused=2)
    lists.begin(a_list(clock, id=made.id))
    assert list(lists.refused(made.id)) == [refusal(5)]


@pytest.mark.server
def test_rows_refused_by_an_earlier_version_are_kept(database, clock):
    clock.now = datetime.now(UTC).replace(microsecond=0)
    lists = MongoOrderListRepository(database, clock)
    made = lists.begin(a_list(clock, attempt=""))
    lists.finish(made, ordered=0, refused=1)
    database["lists"].update_one({"_id": ObjectId(made.id)}, {"$unset": {"attempt": ""}})
    lists.refuse(replace(made, attempt=made.id), [refusal(4)])
    assert list(lists.refused(made.id)) == [refusal(4)]


@pytest.mark.parametrize("list_id", ["0" * 24, "nonsense"])
def test_unknown_list_is_reported(lists, list_id):
    with pytest.raises(UnknownList):
        lists.get(list_id)


def test_lists_are_paged_newest_first(lists, clock):
    made = [lists.begin(a_list(clock, f"{number}")) for number in range(5)]
    first = lists.latest(None, 3)
    second = lists.latest(first.next, 3)
    assert [each.name for each in [*first.items, *second.items]] == [each.name for each in reversed(made)]
    assert second.next is None


def test_wishes_about_mail_are_replaced(lists, clock):
    made = lists.begin(a_list(clock))
    for name, mail in (("a.b$c", True), ("ravi", True), ("ravi", True), ("ravi", False), ("meera", False)):
        lists.wish(made.id, name, mail=mail)
    lists.wish(made.id, "meera", mail=True)
    assert lists.get(made.id).wishes == {"a.b$c": True, "ravi": False, "meera": True}
    for unknown in ("0" * 24, "nonsense"):
        with pytest.raises(UnknownList):
            lists.wish(unknown, "ravi", mail=True)


def test_jobs_are_counted_by_state(both, clock):
    lists, jobs = both
    made = lists.begin(a_list(clock))
    jobs.add([a_job(clock(), cin=a_cin(), list_id=made.id) for _ in range(3)], again=False)
    jobs.add([a_job(clock(), cin=a_cin())], again=False)
    claimed = jobs.claim_next("w", LEASE)
    assert claimed.list_id == made.id
    assert {status: number for status, number in lists.states(made.id).items() if number} == {
        "pending": 2,
        "processing": 1,
    }
