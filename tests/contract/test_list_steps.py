"""Orders of one list race, are repeated, killed and lose replies, while others order and delete the same companies.

Hypothesis decides who takes the next step. Whatever happens, every row of a placed list has been ordered or is refused,
and its numbers are those of its rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from jobs.adapters.memory import MemoryJobRepository, MemoryOrderListRepository, MemoryOutbox
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.adapters.mongo.order_lists import MongoOrderListRepository
from jobs.adapters.mongo.outbox import MongoOutbox
from jobs.bootstrap import new_id
from jobs.domain.order_list import OrderList, job_id_in
from jobs.domain.wrong_use import UnknownList
from jobs.ports import JobRepository, OrderListRepository, Outbox
from jobs.services import ListRow, ListService, Order
from tests.conftest import FakeClock
from tests.contract.machines import Concurrent, run_machine
from tests.contract.stepping import Actor, Reply, Stepped
from tests.contract.stores import job_service
from tests.making import a_cin, a_job

STEPS = 40
COMPANIES = [a_cin() for _ in range(3)]
#: The second batch repeats a company of the first one and has an invalid row.
BATCHES = [[*COMPANIES[:2]], [COMPANIES[0], "nonsense", COMPANIES[2]]]
ROWS = [cin for batch in BATCHES for cin in batch]
LINES = range(1, len(ROWS) + 1)
MOST = 3
which = st.integers(0, 1000)


@dataclass(kw_only=True)
class Desk:
    jobs: JobRepository
    lists: OrderListRepository
    outbox: Outbox
    clock: FakeClock
    list_id: str = field(default_factory=new_id)

    def place(self, actor: Actor | None = None) -> OrderList:
        jobs, lists = (Stepped(each, actor) if actor else each for each in (self.jobs, self.lists))
        line = iter(LINES)
        rows = [
            [ListRow(line=next(line), order=Order(cin=cin, company_name="Acme")) for cin in batch] for batch in BATCHES
        ]
        placing = ListService(lists=lists, service=job_service(self.clock, jobs=jobs), clock=self.clock)
        return placing.place(self.list_id, "orders.csv", rows, requested_by="asha")

    def placed(self) -> OrderList | None:
        """The list, once all its rows are done."""
        try:
            found = self.lists.get(self.list_id)
        except UnknownList:
            return None
        return found if found.done_at else None


class Placing(Concurrent):
    """Starts orders of the same list."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.done: OrderList | None = None
        self.deleted: set[str] = set()

    def take_step(self, actor: Actor, reply: Reply = Reply.ARRIVES) -> None:
        super().take_step(actor, reply)
        self.report_stays()

    @precondition(lambda self: len(self.alive()) < MOST)
    @rule()
    def somebody_places_the_list(self) -> None:
        self.actors.append(Actor(f"place {len(self.actors)}", self.desk.place))

    @precondition(lambda self: self.alive())
    @rule(which=which, count=st.integers(1, 8))
    def one_goes_on(self, which: int, count: int) -> None:
        self.take_steps(self.one(which), count)

    @precondition(lambda self: self.alive())
    @rule(which=which, what=st.sampled_from([Reply.LOST, Reply.NEVER_SENT, None]))
    def one_is_disturbed(self, which: int, what: Reply | None) -> None:
        self.disturb(self.one(which), what)

    @rule(cin=st.sampled_from(COMPANIES))
    def somebody_orders_one_company(self, cin: str) -> None:
        self.desk.jobs.add([a_job(self.desk.clock(), cin=cin)], again=False)

    @rule(cin=st.sampled_from(COMPANIES), delete=st.booleans())
    def an_order_ends(self, cin: str, delete: bool) -> None:
        if job_id := self.desk.jobs.unfinished([cin]).get(cin):
            self.desk.jobs.cancel(job_id)
            if delete:
                self.deleted.add(job_id)
                self.desk.jobs.begin_deletion(job_id)
                self.desk.jobs.delete(job_id)

    @rule()
    def time_passes(self) -> None:
        self.desk.clock.advance(1)

    @rule()
    def events_are_read(self) -> None:
        for each in self.desk.outbox.waiting(100):
            if each.list_id == self.desk.list_id and (ended := self.desk.outbox.ended_list(self.desk.list_id)):
                self.desk.outbox.announce(ended)
            self.desk.outbox.remove(each)

    @invariant()
    def report_stays(self) -> None:
        """Once a list is placed, each row is ordered or refused, and its report does not change any more."""
        if found := self.desk.placed():
            rows = list(self.desk.lists.refused(self.desk.list_id))
            assert (found.ordered + found.refused, found.refused) == (len(ROWS), len(rows))
            ids = {line: job_id_in(found.id, line) for line in LINES}
            refused = {ids[row.line] for row in rows}
            assert set(ids.values()) == refused | self.deleted & {*ids.values()} | self.desk.jobs.existing(ids.values())
            self.done = self.done or found
            assert found == self.done

    def teardown(self) -> None:
        for actor in self.alive()[::2]:
            actor.kill()
        for actor in self.alive():
            actor.finish()
            self.report_stays()
        self.desk.place()
        self.report_stays()
        assert self.done


@pytest.mark.own_mongodb
def test_lists_in_memory_survive_any_interleaving():
    def empty() -> Desk:
        clock = FakeClock()
        jobs = MemoryJobRepository(clock)
        lists = MemoryOrderListRepository(clock, jobs.newest_first)
        return Desk(jobs=jobs, lists=lists, outbox=MemoryOutbox(jobs, lists), clock=clock)

    run_machine(lambda: Placing(empty()), 4_000 // STEPS, STEPS)


@pytest.mark.server
def test_lists_in_mongodb_survive_any_interleaving(database):
    def empty() -> Desk:
        clock = FakeClock()
        clock.now = datetime.now(UTC).replace(microsecond=0)  # old refusals would be deleted
        for name in ("jobs", "lists", "refusals", "totals"):
            database[name].delete_many({})
        jobs, lists = MongoJobRepository(database, clock), MongoOrderListRepository(database, clock)
        return Desk(jobs=jobs, lists=lists, outbox=MongoOutbox(database), clock=clock)

    run_machine(lambda: Placing(empty()), 200 // STEPS, STEPS)
