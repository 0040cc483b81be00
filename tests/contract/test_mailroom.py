"""Deliverers in any order of their single calls, while people end orders, change their choices and disable endpoints.

Deliverers may die, lose a call or a reply, overlap each other, and see the clock jump by an hour either way. A model
keeps what each event's recipients may get and what they must get.
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from jobs.domain.deliveries import DeliveryState, Subscription
from jobs.domain.endpoints import FAILURES
from jobs.domain.events import event_id
from jobs.domain.wrong_use import WrongState
from jobs.services.delivering import LEASE_SECONDS
from tests.conftest import FakeClock
from tests.contract.machines import Concurrent, run_machine
from tests.contract.posting import CHOICES, Posting, a_posting_in_memory, a_posting_in_mongodb, end_a_list, end_an_order
from tests.contract.stepping import Actor, Reply

PEOPLE = ("asha", "ravi")
MOST, STEPS = 3, 40
HOUR = 3600
which = st.integers(0, 1000)

#: A recipient of an event: the event's id, and an account or an endpoint's id.
Wanted = tuple[str, str]


class Mailroom(Concurrent):
    """``may``: deliveries that there may be; ``must``: those whose recipients have wanted them ever since the event."""

    def __init__(self, posting: Posting) -> None:
        super().__init__()
        self.posting = posting
        self.endpoint = posting.subscribe().id
        self.may: set[Wanted] = set()
        self.must: set[Wanted] = set()
        self.wanting = {self.endpoint, *PEOPLE}
        self.resent: Counter[str] = Counter()
        self.failing = 0
        for name in PEOPLE:
            self._subscribe(name)

    def _subscribe(self, name: str) -> None:
        self.posting.subscriptions.put(
            Subscription(name=name, address=f"{name}@example.com", choices=CHOICES, digest=True)
        )

    # --- causes

    @rule(by=st.sampled_from(PEOPLE), deleted=st.booleans())
    def order_ends(self, by: str, deleted: bool) -> None:
        job = end_an_order(self.posting, by)
        if deleted:
            self.posting.jobs.begin_deletion(job.id)
            self.posting.jobs.delete(job.id)
        self._expect(event_id(job.id, job.completed_at), by)

    @rule(orders=st.integers(1, 3))
    def list_ends(self, orders: int) -> None:
        list_id, jobs = end_a_list(self.posting, orders)
        for job in jobs:
            self._expect(event_id(job.id, job.completed_at))
        self._expect(event_id(list_id, max(job.completed_at for job in jobs)), "asha")

    @rule(by=st.sampled_from(PEOPLE), number=st.integers(1, 3))
    def filings_are_found(self, by: str, number: int) -> None:
        for event in self.posting.find_filings(number, by):
            if by in self.wanting:
                self.may.add((event.id, by))
                self.must.add((event.id, by))

    def _expect(self, event: str, *people: str) -> None:
        recipients = {(event, each) for each in (self.endpoint, *people)}
        self.may |= recipients  # whoever does not want it now may want it before the notes are read
        self.must |= {each for each in recipients if each[1] in self.wanting}

    # --- recipients

    @rule(name=st.sampled_from(PEOPLE), active=st.booleans())
    def account_changes(self, name: str, active: bool) -> None:
        if active:
            self._subscribe(name)
            self.wanting.add(name)
        else:
            self.posting.subscriptions.remove(name)
            self._leaves(name)

    @rule(enabled=st.booleans())
    def endpoint_changes(self, enabled: bool) -> None:
        if enabled:
            self.posting.endpoints.enable(self.endpoint)
            self.wanting.add(self.endpoint)
        else:
            self.posting.endpoints.disable(self.endpoint, "Disabled by asha.")
            self._leaves(self.endpoint)

    def _leaves(self, recipient: str) -> None:
        self.wanting.discard(recipient)
        self.must = {each for each in self.must if each[1] != recipient}

    @precondition(lambda self: self.failing < FAILURES - 3)  # more would disable the endpoint
    @rule(number=st.integers(1, 3), final=st.booleans())
    def attempts_fail(self, number: int, final: bool) -> None:
        self.failing += number
        self.posting.sender.answers += [{"error": "No.", "final": final}] * number

    @rule(which=which)
    def delivery_is_resent(self, which: int) -> None:
        if log := self.posting.log():
            chosen = log[which % len(log)]
            try:
                self.posting.deliveries.resend(chosen.id)
            except WrongState:
                assert chosen.ended_at is None
            else:
                assert chosen.ended_at
                self.resent[chosen.id] += 1

    # --- deliverers

    @precondition(lambda self: len(self.alive()) < MOST)
    @rule()
    def another_deliverer_starts(self) -> None:
        self._start()

    def _start(self) -> None:
        self.actors.append(Actor(f"deliverer {len(self.actors)}", lambda actor: self.posting.stepped(actor).deliver()))

    @precondition(lambda self: self.alive())
    @rule(which=which, count=st.sampled_from([*range(1, 9), 1000]))
    def one_goes_on(self, which: int, count: int) -> None:
        self.take_steps(self.one(which), count)

    @precondition(lambda self: self.alive())
    @rule(which=which, what=st.sampled_from([Reply.LOST, Reply.NEVER_SENT, None]))
    def one_is_disturbed(self, which: int, what: Reply | None) -> None:
        """Another one soon takes its place."""
        self.disturb(self.one(which), what)
        self._start()

    @rule(seconds=st.sampled_from([-HOUR, 1, LEASE_SECONDS, HOUR, 24 * HOUR]))
    def time_jumps(self, seconds: float) -> None:
        self.posting.clock.advance(seconds)

    # --- what holds

    @invariant()
    def deliveries_are_of_events_and_each_is_there_once(self) -> None:
        found = [(each.event.id, each.target) for each in self.posting.log()]
        assert len(set(found)) == len(found)
        assert set(found) <= self.may

    def teardown(self) -> None:
        for actor in self.actors:
            actor.kill()
        self.posting.sender.answers.clear()
        for _ in range(4):
            self.posting.clock.advance(25 * HOUR)
            self.posting.deliver()
        log = {(each.event.id, each.target): each for each in self.posting.log()}
        assert self.must <= log.keys(), "an event is lost"
        assert self.posting.outbox.waiting(9) == []
        attempts = Counter(self.posting.sender.tried)
        for wanted, each in log.items():
            assert each.state is not DeliveryState.PENDING
            assert each.state is not DeliveryState.DROPPED or wanted not in self.must
            if each.state is DeliveryState.DELIVERED:
                assert wanted in self.posting.sender.accepted
        assert set(attempts) <= set(log)
        most = self.posting.deliverer.most_attempts
        for wanted, number in attempts.items():
            assert number <= most * (1 + self.resent[log[wanted].id])


def test_memory_keeps_every_event_whatever_happens():
    run_machine(lambda: Mailroom(a_posting_in_memory(FakeClock())), 200, STEPS, shrink=True)


@pytest.mark.server
def test_mongodb_keeps_every_event_whatever_happens(database):
    run_machine(lambda: Mailroom(a_posting_in_mongodb(database, FakeClock())), 10, STEPS)
