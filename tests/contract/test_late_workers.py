"""A worker that was killed or frozen during a listing or a run leaves no data that affects its successor."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from jobs.adapters.memory import MemoryDocumentRepository
from jobs.adapters.mongo.documents import MongoDocumentRepository
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.adapters.mongo.runs import MongoRunRepository
from jobs.domain.document import Filing
from jobs.domain.errors import LeaseLost
from jobs.domain.job import RunOutcome
from tests.contract.growing_source import COMPANIES
from tests.contract.stepping import SOME, Actor
from tests.contract.stores import LEASE, Stores, a_run, add
from tests.contract.world import World, a_world, in_one_thread
from tests.making import a_file, some_filings


def a_listing(*names: str) -> list[Filing]:
    return [Filing(number=number, document_type="AOC-4", file_name=name) for number, name in enumerate(names, 1)]


def listed_names(stores, job) -> dict[int, str]:
    return {each.filing.number: each.filing.file_name for each in stores.documents.of_job(job.id)}


@pytest.fixture
def taken_over(stores, clock):
    """A job as held by a dead worker that claimed it first, and as held by its successor."""
    add(stores, clock)
    dead = stores.jobs.claim_next("dead", LEASE)
    clock.advance(LEASE)
    return dead, stores.jobs.claim_next("alive", LEASE)


def test_changed_source_is_listed_once(stores, taken_over):
    dead, alive = taken_over
    stores.documents.add(dead.lease, dead, a_listing("a", "b", "c"))
    stores.documents.add(alive.lease, alive, a_listing("a", "aa", "b", "c"))
    assert listed_names(stores, alive) == {1: "a", 2: "b", 3: "c", 4: "aa"}


def test_same_name_twice_is_two_filings(stores, taken_over):
    _, alive = taken_over
    for _ in range(2):
        stores.documents.add(alive.lease, alive, a_listing("a", "a", "b"))
    assert listed_names(stores, alive) == {1: "a", 2: "a", 3: "b"}


class Overtaken(MongoDocumentRepository):
    """Another worker lists the job just before this one stores what it read."""

    rival: Callable[[], None] | None = None

    def _added(self, *args: Any) -> bool:
        rival, self.rival = self.rival, None
        if rival:
            rival()
        return super()._added(*args)


@pytest.mark.server
@pytest.mark.parametrize("later", [True, False])
def test_two_workers_that_list_at_once_store_each_filing_once(database, clock, later):
    """The source has renumbered its filings between the two listings."""
    stores = Stores(MongoJobRepository(database, clock), Overtaken(database, clock), MongoRunRepository(database))
    add(stores, clock)
    dead = stores.jobs.claim_next("dead", LEASE)
    clock.advance(LEASE)
    alive = stores.jobs.claim_next("alive", LEASE)
    first, second = (alive, dead) if later else (dead, alive)
    stores.documents.rival = lambda: stores.documents.add(first.lease, first, a_listing("a"))
    stores.documents.add(second.lease, second, a_listing("new", "a"))
    assert sorted(listed_names(stores, alive).values()) == ["a", "new"]


def test_withdrawn_listing_spares_the_successors(stores, taken_over):
    dead, alive = taken_over
    stores.documents.add(alive.lease, alive, a_listing("a", "b"))
    stores.documents.withdraw(dead.lease)
    assert listed_names(stores, alive) == {1: "a", 2: "b"}
    stores.documents.withdraw(alive.lease)
    assert listed_names(stores, alive) == {}


def test_listing_of_the_dead_becomes_the_successors(stores, taken_over):
    dead, alive = taken_over
    stores.documents.add(dead.lease, dead, some_filings(3))
    stores.documents.add(alive.lease, alive, some_filings(3))
    stores.documents.withdraw(dead.lease)
    assert len(listed_names(stores, alive)) == 3


def test_raised_fence_shuts_out_the_runs_threads(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    stores.documents.add(job.lease, job, some_filings(2))
    first, second = stores.documents.to_download(job.id, 2)
    stores.documents.take_over(replace(job.lease, fence=job.fence + 1))
    with pytest.raises(LeaseLost):
        stores.documents.save_stored(job.lease, first, a_file())
    clock.advance(LEASE)
    successor = stores.jobs.claim_next("next", LEASE)
    stores.documents.take_over(successor.lease)
    stores.documents.save_stored(successor.lease, second, a_file())


def test_deleted_run_stays_deleted(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    stores.runs.start(a_run(job, clock))
    stores.runs.delete_of_job(job.id)
    stores.runs.finish(a_run(job, clock, outcome=RunOutcome.LOST, finished_at=clock()))
    assert stores.runs.of_job(job.id) == []


def test_dead_run_becomes_lost_once(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    stores.runs.start(a_run(job, clock))
    assert stores.runs.lose(job.id, job.fence, clock()) == 0
    assert [stores.runs.lose(job.id, job.fence + 1, clock()) for _ in range(2)] == [1, 0]
    assert [run.outcome for run in stores.runs.of_job(job.id)] == [RunOutcome.LOST]


def at_each_call(world: World, begin: Callable[[], object]) -> Iterator[tuple[str, Actor]]:
    """Workers that were frozen at each of their calls, or some on a server: the call's name and the worker."""
    in_memory = isinstance(world.ports.documents, MemoryDocumentRepository)
    for number in itertools.count(1, 1 if in_memory else SOME):
        begin()
        worker = Actor(f"worker {number}", lambda actor: world.work(world.ports.stepped(actor), actor.name))
        for _ in range(number):
            if worker.call:
                worker.step()
        if worker.call is None:
            return
        yield worker.call, worker


def test_frozen_worker_adds_no_rows_to_a_deleted_job(stores, clock, monkeypatch):
    """No sweep is needed for rows: the worker that wakes up removes what it has added meanwhile."""
    in_one_thread(monkeypatch)
    world = a_world(stores, clock)
    for call, worker in at_each_call(world, lambda: world.order(world.ports, COMPANIES[0])):
        job_id = world.ids[-1]
        clock.advance(2 * LEASE)
        world.act(world.ports, "cancel", job_id)
        world.act(world.ports, "delete", job_id)
        worker.finish()
        assert stores.runs.of_job(job_id) == [], call
        assert stores.documents.of_job(job_id) == [], call


def test_frozen_worker_s_blobs_replace_none_of_its_successor_s(stores, clock, monkeypatch):
    """Blobs keep the fence of their run when it ends. A later run has a higher one; others' blobs are named nowhere."""
    in_one_thread(monkeypatch)
    world = a_world(stores, clock)
    for _, worker in at_each_call(world, lambda: world.order(world.ports, COMPANIES[0])):
        world.drain()
        worker.finish()
        world.act(world.ports, "sweep", "")
        world.assert_in_the_end()
