"""Orders stored before each filing was stored once have files of their own, until they are read again."""

from __future__ import annotations

import pytest

from tests.contract.links import CIN, act, assert_sound, documents, frozen, names, ordered
from tests.contract.world import LEASE, World, a_world, in_one_thread
from worker.linking import Linker


@pytest.fixture
def world(stores, clock, monkeypatch) -> World:
    in_one_thread(monkeypatch)
    return a_world(stores, clock)


def duplicated(world: World, orders: int = 2) -> list[str]:
    """The ids of orders that stored the same filings, each for itself; they are about to be read again."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("by_filing", "by_content"):
            patch.setattr(Linker, name, lambda *_: None)
        found = [ordered(world) for _ in range(orders)]
    world.clock.advance(10)
    world.reread(world.ports)
    return found


def owners(world: World, job_id: str) -> set[str | None]:
    return {each.stored_with for each in documents(world, job_id) if each.parent is None}


def test_reading_again_stores_each_filing_once(world):
    ids = duplicated(world, 3)
    before = len(names(world))
    assert [owners(world, each) for each in ids] == [{None}] * 3
    assert_sound(world)
    assert [owners(world, each) for each in ids] == [{None}, {ids[0]}, {ids[0]}]
    assert len(names(world)) == before / 3
    assert all(".r" in name for each in documents(world, ids[2]) for name in each.reading.blob_names)


def test_company_keeps_its_filings_until_the_last_order_is_deleted(world):
    ids = duplicated(world)
    assert_sound(world)
    act(world, "delete", ids[0])
    assert_sound(world)
    assert documents(world, ids[1])
    act(world, "delete", ids[1])
    assert names(world) == set()


def test_document_that_others_link_to_keeps_its_file_for_them(world):
    first, second = duplicated(world)
    third = ordered(world)
    assert owners(world, third) == {second}
    assert_sound(world)
    assert (owners(world, second), owners(world, third)) == ({first}, {second})
    for job_id in (first, second):
        act(world, "delete", job_id)
        assert_sound(world)
    act(world, "delete", third)
    assert names(world) == set()


VERBS = ["delete the oldest", "delete it and sweep", "delete its own order", "order again", "take over"]


def others(world: World, verb: str, first: str, second: str) -> None:
    """What happens while the worker is frozen."""
    match verb:
        case "delete the oldest":
            act(world, "delete", first)
        case "delete it and sweep":
            act(world, "delete", first)
            act(world, "sweep", "")
        case "delete its own order":
            act(world, "delete", second)
            act(world, "sweep", "")
        case "order again":
            world.order(world.ports, CIN)
            world.drain()
            act(world, "delete", first)
        case "take over":
            world.clock.advance(2 * LEASE)
            world.drain()
            act(world, "delete", first)


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("verb", VERBS)
def test_worker_that_stops_at_any_call_breaks_nothing(world, verb, killed, numbers):
    for number in numbers:
        first, second = duplicated(world)
        while documents(world, first)[-1].reading.at < world.clock():
            world.work(world.ports, f"first {number}")
        worker = frozen(world, number, lambda actor: world.work(world.ports.stepped(actor), actor.name))
        if worker.call is None:
            return
        others(world, verb, first, second)
        world.assert_always()
        (worker.kill if killed else worker.finish)()
        world.assert_always()
        assert_sound(world)
        for job in world.jobs():
            act(world, "delete", job.id)
        act(world, "sweep", "")
        assert names(world) == set()
