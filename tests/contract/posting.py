"""Everything from the end of a job to its deliveries, on either implementation."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC
from types import MappingProxyType
from typing import Any

from jobs.adapters.memory import (
    MemoryAuditLog,
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
from jobs.adapters.mongo.outbox import OUTBOXES, MongoOutbox
from jobs.bootstrap import new_id
from jobs.domain.audit import Actor
from jobs.domain.deliveries import Attempt, DeliveryFilter, Subscription
from jobs.domain.ending import ended_well
from jobs.domain.endpoints import Endpoint, new_secret
from jobs.domain.events import Event, EventType, NewFiling, new_filings_note, plain_event
from jobs.domain.job import Job
from jobs.domain.order_list import OrderList
from jobs.services.delivering import Deliverer
from jobs.services.notifying import Notifier
from jobs.services.webhooks import WebhookService
from tests.contract import stepping
from tests.contract.stepping import Killed, Stepped
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
    #: The ids of the deliveries in each mail.
    mailed: list[list[str]] = field(default_factory=list)
    #: Each attempt, and those that were accepted: the event's id, and the account or the endpoint's id.
    tried: list[tuple[str, str]] = field(default_factory=list)
    accepted: set[tuple[str, str]] = field(default_factory=set)

    def mail(self, address, name, deliveries):
        self.sent.append((address, tuple(str(each.event.type) for each in deliveries)))
        self.mailed.append([each.id for each in deliveries])
        return self._attempt([(each.event.id, name) for each in deliveries])

    def webhook(self, endpoint, event):
        self.sent.append((endpoint.url, (str(event.type),)))
        return self._attempt([(event.id, endpoint.id)])

    def _attempt(self, what):
        made = Attempt(at=self.clock(), seconds=0.1, **(self.answers.pop(0) if self.answers else {}))
        self.tried += what
        self.accepted |= set(what) if made.succeeded else set()
        return made


@dataclass
class Posting:
    """The repositories, and a mail server and endpoints that answer as ``sender`` says."""

    jobs: Any
    lists: Any
    outbox: Any
    deliveries: Any
    endpoints: Any
    subscriptions: Any
    clock: Any
    sender: Sender

    def killed_at(self, *calls: int) -> Posting:
        """The same posting, in a process that is killed after these calls."""
        life = itertools.count(1)
        names = ("jobs", "lists", "outbox", "deliveries", "endpoints", "subscriptions")
        return replace(self, **{name: Killing(getattr(self, name), life, list(calls)) for name in names})

    def stepped(self, actor: stepping.Actor) -> Posting:
        """The same posting, in a process that waits at each call."""
        names = ("outbox", "deliveries", "endpoints", "subscriptions", "sender")
        return replace(self, **{name: Stepped(getattr(self, name), actor) for name in names})

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

    def test(self, endpoint: Endpoint) -> None:
        service = WebhookService(
            endpoints=self.endpoints,
            deliveries=self.deliveries,
            lists=self.lists,
            audit=MemoryAuditLog(),
            clock=self.clock,
            new_id=new_id,
            allow_http=False,
            allow_private=False,
        )
        service.test(endpoint.id, Actor(name="asha"))

    def find_filings(self, number: int, owner: str = "asha") -> list[Event]:
        """As many watched companies have a new filing, which the next digest lists."""
        events = [self._filing(owner) for _ in range(number)]
        self.deliveries.add(list(self.notifier._deliveries([(event, {}) for event in events])))
        return events

    def _filing(self, owner: str) -> Event:
        filing = NewFiling(document_type="AOC-4", file_name="a.pdf")
        note = new_filings_note(cin="L1", company_name="Acme", filings=[filing], owner=owner, at=self.clock())
        return plain_event(new_id(), note)

    def log(self):
        return self.deliveries.log(DeliveryFilter(), None, 200).items


def a_posting_in_memory(clock) -> Posting:
    jobs, endpoints = MemoryJobRepository(clock), MemoryEndpointRepository(clock)
    lists = MemoryOrderListRepository(clock, jobs.newest_first)
    outbox = MemoryOutbox(jobs, lists, endpoints)
    deliveries = MemoryDeliveryRepository(clock)
    return Posting(jobs, lists, outbox, deliveries, endpoints, MemorySubscriptionRepository(), clock, Sender(clock))


def a_posting_in_mongodb(database, clock) -> Posting:
    """In an empty database."""
    for name in (*OUTBOXES, "refusals", "deliveries", "subscriptions"):
        database[name].delete_many({})
    return Posting(
        MongoJobRepository(database, clock),
        MongoOrderListRepository(database, clock),
        MongoOutbox(database),
        MongoDeliveryRepository(database, clock),
        MongoEndpointRepository(database, clock),
        MongoSubscriptionRepository(database),
        clock,
        Sender(clock),
    )


def end_a_list(
    posting: Posting, orders: int = 1, wishes: Mapping[str, bool] = MappingProxyType({})
) -> tuple[str, list[Job]]:
    """A list is placed, and its orders run and end. Returns its id and the ended orders."""
    made = posting.lists.begin(OrderList(id=new_id(), name="x.csv", by="asha", at=posting.clock()))
    for name, mail in wishes.items():
        posting.lists.wish(made.id, name, mail=mail)
    jobs = [a_job(posting.clock(), list_id=made.id, requested_by="asha") for _ in range(orders)]
    posting.jobs.add(jobs, again=True)
    posting.lists.finish(made, ordered=orders, refused=0)
    posting.clock.advance(1)
    return made.id, [_ended(posting, job) for job in jobs]


def end_an_order(posting: Posting, by: str = "asha") -> Job:
    """An order is placed, runs and ends."""
    job = a_job(posting.clock(), requested_by=by)
    posting.jobs.add([job], again=True)
    return _ended(posting, job)


def _ended(posting: Posting, job: Job) -> Job:
    claimed = posting.jobs.claim(job.id, "w", LEASE)
    posting.jobs.end(claimed.lease, ended_well(claimed, DONE, posting.clock()))
    return posting.jobs.get(job.id)
