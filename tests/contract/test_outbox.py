"""Events are noted in the write that causes them, in every implementation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import pytest
from bson import ObjectId

from jobs.adapters.memory import MemoryJobRepository, MemoryOrderListRepository, MemoryOutbox
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.adapters.mongo.order_lists import MongoOrderListRepository
from jobs.adapters.mongo.outbox import MongoOutbox
from jobs.domain.ending import ended_early, ended_well, failed_permanently
from jobs.domain.events import EventType, NewFiling, list_event, new_filings_note, plain_event
from jobs.domain.job import Job, JobError, Progress
from jobs.domain.order_list import OrderList
from jobs.domain.rereading import Reread
from jobs.ports import JobRepository, OrderListRepository, Outbox
from jobs.ports.notifications import Outgoing
from tests.contract.stores import DONE, HALF, LEASE
from tests.making import a_job

NEW = Progress()


@dataclass
class Desk:
    jobs: JobRepository
    lists: OrderListRepository
    outbox: Outbox
    clock: object

    def order(self, **changes) -> Job:
        job = a_job(self.clock(), **changes)
        self.jobs.add([job], again=True)
        return job

    def end(self, job: Job, progress: Progress = DONE) -> None:
        """One run of the job, which ends it."""
        self.clock.advance(1)
        claimed = self.jobs.claim(job.id, "w", LEASE)
        self.jobs.end(claimed.lease, ended_well(claimed, progress, self.clock()))

    def drain(self) -> list[str]:
        """The types of all events, the noted ones in front. Reads everything twice, like an interrupted reader."""
        waiting = self.outbox.waiting(100)
        assert self.outbox.waiting(100) == waiting
        met = [str(event.type) for each in waiting for event in each.events]
        for each in waiting:
            ended = self.outbox.ended_list(each.list_id) if each.list_id else None
            if ended and (event := list_event(ended)):
                met.append(str(event.type))
            if ended:
                self.outbox.announce(ended)
            self.outbox.remove(each)
        return met


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.server)])
def desk(request, clock) -> Desk:
    if request.param == "memory":
        jobs = MemoryJobRepository(clock)
        lists = MemoryOrderListRepository(clock, jobs.newest_first)
        return Desk(jobs, lists, MemoryOutbox(jobs, lists), clock)
    clock.now = datetime.now(UTC).replace(microsecond=0)
    database = request.getfixturevalue("database")
    database["refusals"].delete_many({})
    return Desk(
        MongoJobRepository(database, clock), MongoOrderListRepository(database, clock), MongoOutbox(database), clock
    )


def a_list(desk: Desk, orders: int) -> tuple[OrderList, list[Job]]:
    made = desk.lists.begin(OrderList(id=str(ObjectId()), name="orders.csv", by="asha", at=desk.clock()))
    return made, [desk.order(list_id=made.id, requested_by="asha") for _ in range(orders)]


def test_end_of_an_order_is_one_event(desk, clock):
    job = desk.order(requested_by="asha")
    assert desk.drain() == []
    desk.end(job, Progress(total=3, downloaded=2, failed=1))
    (waiting,) = desk.outbox.waiting(10)
    (event,) = waiting.events
    assert (event.type, event.at, event.by) == (EventType.ORDER_PARTIAL, clock(), "asha")
    assert event.data == {
        "jobId": job.id,
        "cin": job.cin,
        "companyName": job.company_name,
        "requestedBy": "asha",
        "listId": None,
        "status": "partial",
        "documents": {"total": 3, "downloaded": 2, "failed": 1},
        "error": "1 of 3 documents could not be retrieved.",
    }
    assert desk.drain() == ["order.partial"]
    assert desk.drain() == []


def test_run_that_leaves_the_job_unfinished_is_no_event(desk):
    job = desk.order()
    claimed = desk.jobs.claim(job.id, "w", LEASE)
    desk.jobs.end(claimed.lease, ended_early(claimed, HALF, desk.clock()))
    assert desk.drain() == []


def test_retry_keeps_the_earlier_event(desk, clock):
    job = desk.order()
    claimed = desk.jobs.claim(job.id, "w", LEASE)
    error = JobError(kind="k", message="The portal refused.", at=clock())
    desk.jobs.end(claimed.lease, failed_permanently(claimed, NEW, error))
    clock.advance(1)
    desk.jobs.retry(job.id, HALF)
    desk.end(job)
    (waiting,) = desk.outbox.waiting(10)
    assert [(each.type, each.data["error"]) for each in waiting.events] == [
        (EventType.ORDER_FAILED, "The portal refused."),
        (EventType.ORDER_COMPLETED, None),
    ]
    assert len({each.id for each in waiting.events}) == 2


def test_note_added_meanwhile_is_not_removed(desk, clock):
    job = desk.order()
    claimed = desk.jobs.claim(job.id, "w", LEASE)
    desk.jobs.end(claimed.lease, failed_permanently(claimed, NEW, JobError(kind="k", message="m", at=clock())))
    (read,) = desk.outbox.waiting(10)
    desk.jobs.retry(job.id, HALF)
    desk.end(job)
    desk.outbox.remove(read)
    assert desk.drain() == ["order.failed", "order.completed"]


def test_deletion_loses_no_event(desk):
    job = desk.order()
    desk.end(job)
    desk.jobs.begin_deletion(job.id)
    desk.jobs.delete(job.id)
    desk.jobs.delete(job.id)
    assert desk.drain() == ["order.completed"]
    assert desk.drain() == []


def test_reading_again_is_no_event(desk, clock):
    job = a_job(clock(), reread=Reread(job_id="0" * 24))
    desk.jobs.add_tasks([job])
    desk.end(job)
    assert desk.drain() == []


def test_check_of_a_watch_is_no_order(desk):
    desk.end(desk.order(recheck=True))
    assert desk.drain() == []


def test_list_ends_with_its_last_order(desk):
    made, (first, second) = a_list(desk, 2)
    desk.lists.finish(made, ordered=2, refused=1)
    assert desk.drain() == []
    desk.end(first)
    assert desk.drain() == ["order.completed"]
    desk.jobs.cancel(second.id)
    assert desk.drain() == ["order.cancelled", "list.partial"]
    assert desk.drain() == []


def test_list_ends_once_when_its_orders_end_together(desk):
    made, both = a_list(desk, 2)
    desk.lists.finish(made, ordered=2, refused=0)
    for job in both:
        desk.end(job)
    assert sorted(desk.drain()) == ["list.completed", "order.completed", "order.completed"]


def test_list_that_is_still_placed_has_not_ended(desk):
    made, (job,) = a_list(desk, 1)
    desk.end(job)
    assert desk.drain() == ["order.completed"]
    desk.clock.advance(1)
    desk.lists.finish(made, ordered=1, refused=0)
    assert desk.drain() == ["list.completed"]


def test_list_ends_again_after_a_retry(desk):
    made, (job,) = a_list(desk, 1)
    desk.lists.finish(made, ordered=1, refused=0)
    desk.end(job, Progress(total=2, failed=2))
    assert desk.drain() == ["order.failed", "list.failed"]
    desk.jobs.retry(job.id, NEW)
    desk.end(job)
    assert desk.drain() == ["order.completed", "list.completed"]


def test_list_that_ends_again_after_the_clock_was_set_back_is_announced(desk):
    made, (job, other) = a_list(desk, 2)
    desk.lists.finish(made, ordered=2, refused=0)
    desk.end(job, Progress(total=2, failed=2))
    desk.end(other)
    desk.drain()
    for _ in range(2):
        desk.clock.advance(-3600)
        desk.jobs.retry(job.id, NEW)
        desk.end(job, Progress(total=2, failed=2))
        assert desk.drain() == ["order.failed", "list.partial"]
        assert desk.outbox.ended_list(made.id) is None


def test_list_whose_orders_were_all_cancelled_is_no_event(desk):
    made, (job,) = a_list(desk, 1)
    desk.lists.finish(made, ordered=1, refused=0)
    desk.clock.advance(1)
    desk.jobs.cancel(job.id)
    assert desk.drain() == ["order.cancelled"]


def test_list_whose_orders_were_all_deleted_is_no_event(desk):
    made, (job,) = a_list(desk, 1)
    desk.lists.finish(made, ordered=1, refused=0)
    desk.end(job)
    desk.jobs.begin_deletion(job.id)
    desk.jobs.delete(job.id)
    assert desk.drain() == ["order.completed"]


@pytest.mark.server
def test_note_of_a_later_version_stays_and_delays_no_other(database, clock, caplog):
    jobs, outbox = MongoJobRepository(database, clock), MongoOutbox(database)
    lists = MongoOrderListRepository(database, clock)
    desk = Desk(jobs, lists, outbox, clock)
    later, job = desk.order(), desk.order()
    desk.end(later)
    desk.end(job)
    unknown = {"$set": {"outbox": [{"type": "order.renamed", "at": clock(), "by": "", "data": {}}]}}
    database["jobs"].update_one({"_id": ObjectId(later.id)}, unknown)
    for _ in range(2):
        assert [each.record_id for each in outbox.waiting(1)] in ([], [job.id])
    assert [each.record_id for each in outbox.waiting(1)] == [job.id]
    assert desk.drain() == ["order.completed"]
    assert outbox.oldest() is not None
    assert [each.message for each in caplog.records] == ["outbox.unreadable"]
    outbox.remove(Outgoing(collection="jobs", record_id=later.id, notes=1))


def test_new_filings_name_the_first_fifty(clock):
    filing = NewFiling(document_type="AOC-4", file_name="AOC-4_1.pdf", srn="H1", filed_on=date(2026, 1, 5))
    note = new_filings_note(
        cin="L1", company_name="Acme", filings=[filing, *[replace(filing, srn=None)] * 60], owner="asha", at=clock()
    )
    event = plain_event("0" * 24, note)
    assert (event.by, event.data["count"], len(event.data["filings"])) == ("asha", 61, 50)
    assert event.data["filings"][0]["filedOn"] == "2026-01-05"
