"""Bulk actions on the same jobs: processes race, are killed, lose calls and replies, while others change the jobs.

Others cancel, retry and delete jobs, stop the actions and withdraw rights. Hypothesis decides who takes the next step.
In the end, each report equals what its action did.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from jobs.bootstrap import new_id
from jobs.domain.audit import Action
from jobs.domain.bulk_action import BulkAction, BulkState
from jobs.domain.job import JobStatus
from jobs.domain.wrong_use import WrongUse
from jobs.services import BulkService
from tests.conftest import FakeClock
from tests.contract.bulk_desk import BEFORE, LEASE, Desk, a_desk_in_memory, a_desk_in_mongodb
from tests.contract.machines import Concurrent, run_machine
from tests.contract.stepping import Actor, Reply

STEPS, JOBS, MOST = 50, 5, 3
which = st.integers(0, 1000)
#: Stops and withdrawn rights are rare, since little happens after them.
chances = st.sampled_from([*range(10)])
some_action = st.sampled_from([*BEFORE])


class Noting:
    """The queue; notes on which jobs each action succeeded, and which ones it changed."""

    def __init__(self, jobs: Any) -> None:
        self.jobs = jobs
        self.succeeded: defaultdict[str, set[str]] = defaultdict(set)
        self.changed: defaultdict[str, set[str]] = defaultdict(set)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.jobs, name)
        if name not in BEFORE:
            return method

        def call(job_id: str, *args: Any, **more: Any) -> Any:
            before = self.jobs.get(job_id)
            result = method(job_id, *args, **more)
            self.succeeded[name].add(job_id)
            if result != before:
                self.changed[name].add(job_id)
            return result

        return call


class Bulk(Concurrent):
    """One action of each kind."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.begun: dict[Action, BulkAction] = {}
        self.allowed = dict.fromkeys(BEFORE, True)
        #: Action → jobs changed when the right was withdrawn, while no process was at work.
        self.at_most: dict[Action, set[str]] = {}
        #: Jobs that others changed, of which a report may therefore say either.
        self.touched: set[str] = set()

    @initialize(action=some_action, chosen=st.booleans())
    def order(self, action: Action, chosen: bool) -> None:
        states = [JobStatus.PENDING, JobStatus.CANCELLED]
        self.ids = sorted(self.desk.order(states[number % 2]) for number in range(JOBS))
        self.desk.ids = [*self.ids]
        self.noting = self.desk.jobs = Noting(self.desk.jobs)
        for each in (action, *BEFORE):
            if each not in self.begun:
                self.begin(each, chosen)
        self.desk.clock.advance(1)

    def begin(self, action: Action, chosen: bool) -> None:
        matching = self.ids if chosen else [job.id for job in self.found(BEFORE[action])]
        new = BulkAction(
            id=new_id(),
            action=action,
            priority=7 if action is Action.PRIORITISE else None,
            by="asha",
            at=self.desk.clock(),
            filters="" if chosen else BEFORE[action],
            job_ids=tuple(matching) if chosen else (),
            newest_id=max(self.ids),
            total=len(matching),
            lease_until=self.desk.clock(),
        )
        self.begun[action] = self.desk.actions.add(new)

    def found(self, status: JobStatus) -> list[Any]:
        return self.desk.select(
            BulkAction(id="", action=Action.CANCEL, by="", at=self.desk.clock(), filters=status), "", 99
        )

    def service(self, actor: Actor | None = None) -> BulkService:
        return replace(self.desk.service(actor), allowed=lambda action: self.allowed[action.action])

    @precondition(lambda self: len(self.alive()) < MOST)
    @rule()
    def process_starts(self) -> None:
        name = f"web {len(self.actors)}"

        def work(actor: Actor) -> None:
            service = self.service(actor)
            while service.advance(name):
                pass

        self.actors.append(Actor(name, work))

    @precondition(lambda self: self.alive())
    @rule(which=which, count=st.integers(1, 12))
    def process_goes_on(self, which: int, count: int) -> None:
        self.take_steps(self.one(which), count)

    @precondition(lambda self: self.alive())
    @rule(which=which, count=st.integers(0, 40), then=st.sampled_from([Reply.LOST, Reply.NEVER_SENT, None]))
    def process_dies(self, which: int, count: int, then: Reply | None) -> None:
        """After some calls: it is killed, or one more call or its reply is lost, which also ends its step."""
        self.process_goes_on(which, count)
        for actor in self.alive()[which % max(1, len(self.alive())) :][:1]:
            self.disturb(actor, then)

    @rule(which=which, verb=st.sampled_from(["cancel", "retry", "delete"]))
    def others_act(self, which: int, verb: str) -> None:
        job_id = self.ids[which % JOBS]
        jobs = self.noting.jobs
        self.touched.add(job_id)
        try:
            if verb == "delete":
                jobs.begin_deletion(job_id)
                if job_id in self.desk.ids:
                    self.desk.ids.remove(job_id)
            elif verb == "retry":
                jobs.retry(job_id, jobs.get(job_id).progress)
            else:
                jobs.cancel(job_id)
        except WrongUse:
            pass

    @rule(action=some_action, chance=chances)
    def user_stops(self, action: Action, chance: int) -> None:
        if not chance:
            self.desk.actions.request_stop(self.begun[action].id)

    @rule(action=some_action, chance=chances)
    def right_is_withdrawn(self, action: Action, chance: int) -> None:
        if chance:
            return
        if not self.alive() and self.allowed[action]:
            self.at_most[action] = set(self.noting.changed[action])
        self.allowed[action] = False

    @rule(seconds=st.sampled_from([0.001, LEASE / 2]))
    def time_passes(self, seconds: float) -> None:
        self.desk.clock.advance(seconds)

    @rule()
    def processes_die_and_their_leases_end(self) -> None:
        for actor in self.alive():
            actor.kill()
        self.desk.clock.advance(LEASE + 1)

    @invariant()
    def nothing_is_done_without_the_right(self) -> None:
        for action, changed in self.at_most.items():
            assert self.noting.changed[action] == changed

    def teardown(self) -> None:
        self.processes_die_and_their_leases_end()
        self.desk.drain(self.service())
        self.nothing_is_done_without_the_right()
        for action, begun in self.begun.items():
            self.assert_exact(action, self.desk.actions.get(begun.id))

    def assert_exact(self, action: Action, ended: BulkAction) -> None:
        refused = {each.job_id for each in self.desk.actions.refusals(ended.id)}
        undone = self.touched.union(*(jobs for other, jobs in self.noting.changed.items() if other != action))
        changed = self.noting.changed[action] - undone
        assert ended.state is not BulkState.RUNNING
        assert (ended.batch, ended.lease_until) == ((), None)
        assert len(refused) == ended.refused
        assert not refused & changed
        assert len(changed) <= ended.done <= len(self.noting.succeeded[action] | self.touched)
        if ended.job_ids:
            assert ended.acted == JOBS or (ended.acted < JOBS and ended.state is BulkState.STOPPED)
        if not self.allowed[action] and ended.state is BulkState.STOPPED and not ended.stop_requested_at:
            assert ended.problem


@pytest.mark.own_mongodb
def test_bulk_actions_in_memory_survive_any_interleaving():
    run_machine(lambda: Bulk(a_desk_in_memory(FakeClock())), 3_000 // STEPS, STEPS)


@pytest.mark.server
def test_bulk_actions_in_mongodb_survive_any_interleaving(database):
    run_machine(lambda: Bulk(a_desk_in_mongodb(database, FakeClock())), 150 // STEPS, STEPS)
