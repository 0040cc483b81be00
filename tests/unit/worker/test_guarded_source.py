"""A source that is down holds its jobs without costing them attempts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from jobs.adapters.memory import MemoryBreakerRepository
from jobs.domain.errors import DatabaseUnavailable, SourceOnHold, SourceUnavailable
from jobs.domain.job import JobStatus, RunOutcome
from jobs.domain.sources import BreakerRule
from tests.making import a_job
from tests.unit.worker.world import LEASE, ScriptedSource, World
from worker.sources.guarded import GuardedSource

FIRST = 30.0
RULE = BreakerRule(failures=3, first=timedelta(seconds=FIRST), longest=timedelta(seconds=100))


@dataclass
class Fragile(ScriptedSource):
    """A source whose parts can be made to fail."""

    broken: dict[str, SourceUnavailable] = field(default_factory=dict)
    checks: int = 0

    def filings(self, cin: str, company_name: str):
        self._fail("filings")
        return super().filings(cin, company_name)

    def download(self, *asked):
        self._fail("download")
        yield from super().download(*asked)

    def check(self) -> str:
        self.checks += 1
        self._fail("check")
        return "fragile"

    def _fail(self, part: str) -> None:
        if part in self.broken:
            raise self.broken[part]

    def goes_down(self) -> None:
        error = SourceUnavailable("The portal does not answer.")
        self.broken = dict.fromkeys(("filings", "download", "check"), error)


@dataclass
class Queue:
    """Several jobs of one source, and the workers that take them."""

    world: World
    fragile: Fragile
    breakers: MemoryBreakerRepository

    def run(self) -> RunOutcome:
        """One run in a process of its own."""
        self.world.source = GuardedSource(
            source=self.fragile,
            name="portal",
            breakers=self.breakers,
            jobs=self.world.jobs,
            clock=self.world.clock,
            rule=RULE,
        )
        return self.world.run()

    def due(self) -> int:
        return self.world.jobs.count_due(100)

    def jobs(self):
        return list(self.world.jobs._jobs.values())

    def open(self) -> None:
        self.fragile.goes_down()
        while not self.breakers.get("portal").is_open:
            self.run()


@pytest.fixture
def queue(world: World) -> Queue:
    world.jobs.add([a_job(world.clock()) for _ in range(4)], again=False)
    return Queue(world, Fragile(), MemoryBreakerRepository(world.clock))


def test_outage_holds_every_job_for_free(queue):
    queue.open()
    assert queue.due() == 0
    assert {job.attempts for job in queue.jobs()} == {0}
    assert {job.status for job in queue.jobs()} == {JobStatus.PENDING}
    assert {job.last_error.kind for job in queue.jobs() if job.last_error} == {"source_on_hold"}


def test_outage_never_uses_up_the_attempts(queue):
    queue.open()
    for _ in range(50):
        queue.world.clock.now = min(job.run_after for job in queue.jobs())
        queue.run()
    assert {job.status for job in queue.jobs()} == {JobStatus.PENDING}
    assert {job.attempts for job in queue.jobs()} == {0}


def test_one_job_is_due_for_the_probe(queue):
    queue.open()
    queue.world.clock.advance(FIRST)
    assert queue.due() == 1
    checks = queue.fragile.checks
    assert queue.run() is RunOutcome.RELEASED
    assert (queue.fragile.checks - checks, queue.due()) == (1, 0)
    queue.world.clock.advance(2 * FIRST - 1)
    assert queue.due() == 0
    queue.world.clock.advance(1)
    assert queue.due() == 1


def test_successful_probe_goes_on_with_its_job(queue):
    queue.open()
    queue.fragile.broken = {}
    queue.world.clock.advance(FIRST)
    assert queue.run() is RunOutcome.ADVANCED
    assert not queue.breakers.get("portal").is_open
    queue.world.clock.advance(FIRST)
    assert queue.due() == 5


def test_dead_prober_is_replaced(queue):
    queue.open()
    queue.world.clock.advance(FIRST)
    assert queue.world.jobs.claim_next("killed", LEASE)
    assert queue.breakers.begin_probe("portal", FIRST)
    queue.fragile.broken = {}
    queue.world.clock.advance(FIRST)
    assert queue.due() == 4
    assert queue.run() is RunOutcome.ADVANCED
    assert not queue.breakers.get("portal").is_open


def test_job_s_own_failure_costs_an_attempt(queue):
    queue.fragile.broken = {"filings": SourceUnavailable("This company's page is broken.")}
    for number in range(1, 4):
        assert queue.run() is RunOutcome.FAILED
        assert sum(job.attempts for job in queue.jobs()) == number
    assert not queue.breakers.get("portal").is_open


def test_failures_of_one_run_count_once(queue):
    queue.run()
    queue.fragile.goes_down()
    queue.world.clock.now += timedelta(seconds=1)
    queue.run()
    assert queue.breakers.get("portal").failures == 1


def test_busy_source_is_not_down(queue):
    queue.fragile.broken = {"download": SourceOnHold("The portal asks to wait.", 40)}
    for _ in range(4):
        assert queue.run() is RunOutcome.RELEASED
    assert queue.breakers.get("portal").failures == 0
    assert {job.attempts for job in queue.jobs()} == {0}
    assert queue.due() == 1
    queue.world.clock.advance(40)
    assert queue.due() == 5


def test_success_ends_a_row_of_failures(queue):
    queue.fragile.goes_down()
    queue.run()
    queue.run()
    queue.fragile.broken = {}
    queue.run()
    assert queue.breakers.get("portal").failures == 0


def test_new_order_during_an_outage_is_held(queue):
    queue.open()
    queue.world.jobs.add([a_job(queue.world.clock())], again=False)
    assert queue.due() == 1
    checks = queue.fragile.checks
    assert queue.run() is RunOutcome.RELEASED
    assert (queue.due(), queue.fragile.checks) == (0, checks)


def test_unreachable_database_starts_no_download(queue):
    def away(_source):
        raise DatabaseUnavailable("MongoDB does not answer.")

    queue.breakers.get = away
    assert queue.run() is RunOutcome.FAILED
    assert queue.fragile.asked == []
