"""From the end of a job to its deliveries, with a kill after every write."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobs.adapters.memory import (
    MemoryDeliveryRepository,
    MemoryEndpointRepository,
    MemoryJobRepository,
    MemoryOrderListRepository,
    MemoryOutbox,
    MemorySubscriptionRepository,
)
from jobs.adapters.mongo.deliveries import MongoDeliveryRepository
from jobs.adapters.mongo.endpoints import MongoEndpointRepository, MongoSubscriptionRepository
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.adapters.mongo.order_lists import MongoOrderListRepository
from jobs.adapters.mongo.outbox import MongoOutbox
from jobs.bootstrap import new_id
from jobs.domain.deliveries import Attempt, DeliveryFilter, DeliveryState, Subscription
from jobs.domain.ending import ended_well
from jobs.domain.endpoints import FAILING, FAILURES, Endpoint, new_secret
from jobs.domain.events import EventType, NewFiling, new_filings_note, plain_event
from jobs.domain.order_list import OrderList
from jobs.services.delivering import LEASE_SECONDS, Deliverer
from jobs.services.notifying import Notifier
from tests.contract.stepping import Killed
from tests.contract.stores import DONE, LEASE
from tests.making import a_job

KINDS = frozenset({EventType.ORDER_COMPLETED, EventType.LIST_COMPLETED})
CHOICES = frozenset({"completed", "failed"})


class Killing:
    """A repository whose process dies after the ``life``-th call of all repositories."""

    def __init__(self, inner: Any, life: itertools.count[int], dies_at: list[int]) -> None:
        self._inner, self._life, self._dies_at = inner, life, dies_at

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            answer = method(*args, **kwargs)
            if next(self._life) in self._dies_at:
                raise Killed
            return answer

        return call


@dataclass
class Sender:
    """``answers``: the attempts to return; afterwards all succeed."""

    clock: Any
    answers: list[dict[str, Any]] = field(default_factory=list)
    sent: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def mail(self, address, name, deliveries):
        self.sent.append((address, tuple(str(each.event.type) for each in deliveries)))
        return self._attempt()

    def webhook(self, endpoint, event):
        self.sent.append((endpoint.url, (str(event.type),)))
        return self._attempt()

    def _attempt(self):
        return Attempt(at=self.clock(), seconds=0.1, **(self.answers.pop(0) if self.answers else {}))


@dataclass
class World:
    jobs: Any
    lists: Any
    outbox: Any
    deliveries: Any
    endpoints: Any
    subscriptions: Any
    clock: Any
    sender: Sender

    def killed_at(self, *calls: int) -> World:
        """The same world, in a process that is killed after these calls."""
        life = itertools.count(1)
        names = ("jobs", "lists", "outbox", "deliveries", "endpoints", "subscriptions")
        return replace(self, **{name: Killing(getattr(self, name), life, list(calls)) for name in names})

    @property
    def notifier(self) -> Notifier:
        parts = {name: getattr(self, name) for name in ("outbox", "deliveries", "endpoints", "subscriptions", "clock")}
        return Notifier(**parts, zone=UTC)

    @property
    def deliverer(self) -> Deliverer:
        parts = {name: getattr(self, name) for name in ("deliveries", "endpoints", "subscriptions", "sender", "clock")}
        return Deliverer(**parts, most_attempts=3, random_fraction=lambda: 1.0)

    def deliver(self) -> None:
        """Everything that is due, as ``manage.py deliver --once``."""
        while self.notifier.drain():
            pass
        deliverer = self.deliverer
        while deliverer.send_next():
            pass

    def subscribe(self, **changes) -> Endpoint:
        self.subscriptions.put(Subscription(name="asha", address="a@example.com", choices=CHOICES, **changes))
        made = Endpoint(
            id=new_id(),
            name="ERP",
            url="https://erp.example.com/",
            types=KINDS,
            secret=new_secret(),
            by="asha",
            created_at=self.clock(),
        )
        self.endpoints.add(made)
        return made

    def log(self):
        return self.deliveries.log(DeliveryFilter(), None, 200).items


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.server)])
def world(request, clock) -> World:
    sender = Sender(clock)
    if request.param == "memory":
        return a_memory_world(clock)
    clock.now = datetime.now(UTC).replace(microsecond=0)
    database = request.getfixturevalue("database")
    for name in ("refusals", "deliveries", "subscriptions"):
        database[name].delete_many({})
    return World(
        MongoJobRepository(database, clock),
        MongoOrderListRepository(database, clock),
        MongoOutbox(database),
        MongoDeliveryRepository(database, clock),
        MongoEndpointRepository(database, clock),
        MongoSubscriptionRepository(database),
        clock,
        sender,
    )


def a_memory_world(clock) -> World:
    jobs, endpoints = MemoryJobRepository(clock), MemoryEndpointRepository(clock)
    lists = MemoryOrderListRepository(clock, jobs.newest_first)
    outbox = MemoryOutbox(jobs, lists, endpoints)
    deliveries = MemoryDeliveryRepository(clock)
    return World(jobs, lists, outbox, deliveries, endpoints, MemorySubscriptionRepository(), clock, Sender(clock))


def end_a_list(world: World) -> None:
    """A list with one order is placed, runs and ends; then the order is deleted, and its list is looked at."""
    made = world.lists.begin(OrderList(id=new_id(), name="x.csv", by="asha", at=world.clock()))
    job = a_job(world.clock(), list_id=made.id, requested_by="asha")
    world.jobs.add([job], again=True)
    world.lists.finish(made.id, ordered=1, refused=0)
    world.clock.advance(1)
    claimed = world.jobs.claim(job.id, "w", LEASE)
    world.jobs.end(claimed.lease, ended_well(claimed, DONE, world.clock()))


def kinds(world: World) -> list[tuple[str, str, str]]:
    return sorted((str(each.event.type), str(each.channel), str(each.state)) for each in world.log())


ALL = [
    ("list.completed", "mail", "delivered"),
    ("list.completed", "webhook", "delivered"),
    ("order.completed", "webhook", "delivered"),
]


def test_end_of_a_list_reaches_people_and_programs(world):
    world.subscribe()
    end_a_list(world)
    world.deliver()
    assert kinds(world) == ALL
    assert len(world.sender.sent) == 3
    world.deliver()
    assert len(world.sender.sent) == 3


@pytest.mark.parametrize("call", range(1, 40))
def test_killed_deliverer_loses_and_doubles_nothing(clock, call):
    """The process dies after any call to a repository; another one takes over once the leases have expired."""
    world = a_memory_world(clock)
    world.subscribe()
    end_a_list(world)
    try:
        world.killed_at(call).deliver()
    except Killed:
        clock.advance(LEASE_SECONDS)
    world.deliver()
    assert kinds(world) == ALL
    # At least once: only a message that was sent and not yet recorded is sent again.
    assert len(world.sender.sent) in (3, 4)


@pytest.mark.parametrize("call", range(1, 9))
def test_killed_worker_sends_no_event_without_its_cause(clock, call):
    """Whatever write the worker or the one who places the list dies after, events and states agree."""
    world = a_memory_world(clock)
    world.subscribe()
    try:
        end_a_list(world.killed_at(call))
    except Killed:
        clock.advance(LEASE)
    world.deliver()
    ended = [job for job in world.jobs.newest_first() if job.completed_at]
    assert len([each for each in world.log() if each.event.type is EventType.ORDER_COMPLETED]) == len(ended)


def test_deleted_order_still_reaches_its_recipients(world):
    world.subscribe()
    job = a_job(world.clock(), requested_by="asha")
    world.jobs.add([job], again=True)
    claimed = world.jobs.claim(job.id, "w", LEASE)
    world.jobs.end(claimed.lease, ended_well(claimed, DONE, world.clock()))
    world.jobs.begin_deletion(job.id)
    world.jobs.delete(job.id)
    world.deliver()
    assert [each.event.data["jobId"] for each in world.log()] == [job.id, job.id]


def test_failed_attempts_are_repeated_later_and_end(world):
    world.subscriptions.put(Subscription(name="asha", address="a@example.com", choices=CHOICES))
    world.sender.answers = [{"error": "No."}] * 9
    end_a_list(world)
    world.deliver()
    (waiting,) = world.log()
    assert (waiting.state, waiting.next_at) == (DeliveryState.PENDING, world.clock() + timedelta(seconds=60))
    world.deliver()
    assert len(world.sender.sent) == 1
    for wait in (60, 120, 999_999):
        world.clock.advance(wait)
        world.deliver()
    (ended,) = world.log()
    assert (ended.state, ended.attempts, ended.last.error) == (DeliveryState.FAILED, 3, "No.")


def test_dead_endpoint_is_disabled_and_its_owner_told(world):
    made = world.subscribe()
    world.sender.answers = [{"error": "No.", "status": 500}] * (2 * FAILURES)
    for _ in range(FAILURES):
        world.notifier.test(made, f"test-{new_id()}", "asha")
        world.deliverer.send_next()
        world.clock.advance(FAILING.total_seconds() / (FAILURES - 1) + 1)
    off = world.endpoints.get(made.id)
    assert not off.is_enabled
    assert "20 deliveries in a row have failed" in off.disabled_reason
    world.sender.answers, world.sender.sent = [], []
    world.deliver()
    assert world.sender.sent == [("a@example.com", ("endpoint.disabled",))]
    assert DeliveryState.PENDING not in {each.state for each in world.log()}


def test_address_that_is_gone_is_disabled_at_once(world):
    made = world.subscribe()
    world.sender.answers = [{"error": "Gone.", "status": 410, "final": True}]
    world.notifier.test(made, "test-1", "asha")
    world.deliverer.send_next()
    assert not world.endpoints.get(made.id).is_enabled


def test_new_filings_are_one_mail_a_day(world):
    world.subscribe(digest=True)
    for number in range(3):
        filing = NewFiling(document_type="AOC-4", file_name="a.pdf")
        note = new_filings_note(cin="L1", company_name="Acme", filings=[filing], owner="asha", at=world.clock())
        event = plain_event(f"{number:024x}", note)
        world.deliveries.add(list(world.notifier._deliveries(event, [])))
    world.deliver()
    assert world.sender.sent == []
    world.clock.advance(24 * 3600)
    world.deliver()
    assert world.sender.sent == [("a@example.com", ("filings.new",) * 3)]
    assert {each.state for each in world.log()} == {DeliveryState.DELIVERED}


def test_mail_that_is_no_longer_wanted_is_dropped(world):
    world.subscriptions.put(Subscription(name="asha", address="a@example.com", choices=CHOICES))
    end_a_list(world)
    while world.notifier.drain():
        pass
    world.subscriptions.remove("asha")
    world.deliver()
    assert (kinds(world), world.sender.sent) == ([("list.completed", "mail", "dropped")], [])


def test_endpoint_that_hangs_leaves_room_for_others(world):
    busy, other = world.subscribe(), world.subscribe()
    deliverer = world.deliverer
    for number in range(5):
        world.notifier.test(busy, f"busy-{number}", "asha")
    world.clock.advance(1)
    world.notifier.test(other, "other", "asha")
    claimed = [deliverer._claim() for _ in range(4)]
    assert [each.target if each else None for each in claimed] == [busy.id, busy.id, other.id, None]
