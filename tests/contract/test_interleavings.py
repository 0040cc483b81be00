"""Workers and staff act concurrently, one port call at a time, in orders that Hypothesis generates.

The tests run the real services and pipeline. Between two calls, any actor may pause for any time, be killed, lose a
call or a reply, or see the clock jump.
"""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from tests.conftest import FakeClock
from tests.contract.growing_source import COMPANIES
from tests.contract.machines import Concurrent, run_machine
from tests.contract.stepping import Actor, Reply
from tests.contract.stores import memory_stores, mongodb_stores
from tests.contract.world import LEASE, World, a_world, in_one_thread
from worker.stopping import Reason

STEPS = 50
VERBS = ["cancel", "retry", "delete", "prune", "sweep", "prioritise", "reread", "export"]
MOST = 4  # actors at once
which = st.integers(0, 1000)


class Interleavings(Concurrent):
    """Starts workers and staff. ``thorough``: check after each step, not only after several."""

    def __init__(self, world: World, *, thorough: bool) -> None:
        super().__init__()
        self.world, self.thorough = world, thorough

    def start(self, name: str, act) -> None:
        ports = self.world.ports
        self.actors.append(Actor(f"{name} {len(self.actors)}", lambda actor: act(ports.stepped(actor), actor.name)))

    @initialize()
    def place_orders(self) -> None:
        for cin in COMPANIES:
            self.world.order(self.world.ports, cin)

    @precondition(lambda self: len(self.alive()) < MOST)
    @rule(cin=st.sampled_from(COMPANIES))
    def staff_order(self, cin: str) -> None:
        self.start("order", lambda ports, _: self.world.order(ports, cin))

    @precondition(lambda self: len(self.alive()) < MOST)
    @rule(verb=st.sampled_from(VERBS), which=which)
    def staff_act(self, verb: str, which: int) -> None:
        job_id = self.world.ids[which % len(self.world.ids)]
        self.start(verb, lambda ports, _: self.world.act(ports, verb, job_id))

    @precondition(lambda self: len(self.alive()) < MOST)
    @rule()
    def worker_starts(self) -> None:
        self.start("worker", self.world.work)

    @precondition(lambda self: self.alive())
    @rule(which=which, count=st.integers(1, 12))
    def run_one_further(self, which: int, count: int) -> None:
        self.take_steps(self.one(which), count)

    @precondition(lambda self: self.alive())
    @rule(which=which)
    def run_one_to_its_end(self, which: int) -> None:
        self.run_one_further(which, 1000)

    @precondition(lambda self: self.alive())
    @rule(which=which, what=st.sampled_from([Reply.LOST, Reply.NEVER_SENT, "killed", "beat", "stop"]))
    def disturb_one(self, which: int, what: Reply | str) -> None:
        actor = self.one(which)
        if isinstance(what, Reply):
            self.take_step(actor, what)
        elif what == "killed":
            actor.kill()
        elif actor.name in self.world.claims and what == "beat":
            self.world.beat(actor.name)
        elif actor.name in self.world.claims:
            self.world.asked_to_stop[actor.name].request(Reason.ASKED)

    def take_step(self, actor: Actor, reply: Reply = Reply.ARRIVES) -> None:
        super().take_step(actor, reply)
        if self.thorough:
            self.world.assert_always()

    @rule(cin=st.sampled_from(COMPANIES), seconds=st.sampled_from([-2, 0.001, LEASE / 2, LEASE + 1, 1000]))
    def time_passes(self, cin: str, seconds: float) -> None:
        """The clock jumps, sometimes backwards; during a long jump a company files another document."""
        self.world.clock.advance(seconds)
        if seconds > LEASE:
            self.world.source.files(cin)

    @invariant()
    def nothing_is_misreported(self) -> None:
        self.world.assert_always()

    def teardown(self) -> None:
        """Drain the queue, then wake the frozen actors, which must not change anything that has ended."""
        world = self.world
        try:
            world.drain()
            for actor in self.alive()[1::2]:
                actor.kill()
            for actor in self.alive():
                actor.finish()
            world.drain()
            world.act(world.ports, "sweep", "")
            world.assert_in_the_end()
        finally:
            for actor in self.alive():
                actor.kill()


@pytest.mark.own_mongodb
def test_memory_survives_any_interleaving(monkeypatch):
    in_one_thread(monkeypatch)

    def empty() -> World:
        clock = FakeClock()
        return a_world(memory_stores(clock), clock)

    run_machine(lambda: Interleavings(empty(), thorough=True), 10_000 // STEPS, STEPS)


@pytest.mark.server
def test_mongodb_survives_any_interleaving(monkeypatch, database):
    in_one_thread(monkeypatch)

    def empty() -> World:
        for name in ("jobs", "documents", "runs", "totals"):
            database[name].delete_many({})
        clock = FakeClock()
        return a_world(mongodb_stores(database, clock), clock)

    run_machine(lambda: Interleavings(empty(), thorough=False), 10, STEPS)
