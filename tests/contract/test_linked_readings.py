"""Reading linked documents again."""

from __future__ import annotations

import pytest

from jobs.domain.job import JobStatus
from tests.contract.links import act, assert_sound, documents, frozen, names, ordered
from tests.contract.world import World, a_world, in_one_thread


@pytest.fixture
def world(stores, clock, monkeypatch) -> World:
    in_one_thread(monkeypatch)
    return a_world(stores, clock)


def test_reading_again_leaves_linked_readings_alone(world, clock):
    first, second = ordered(world), ordered(world)
    before = {each.id: each.reading.blob_names for each in documents(world, second)}
    clock.advance(10)
    world.reread(world.ports)
    world.work(world.ports, "w")  # one of the two jobs, and only a part
    world.assert_always()
    assert {each.id: each.reading.blob_names for each in documents(world, second)} == before
    assert {each.reading.at for each in documents(world, first)} != {documents(world, second)[0].reading.at}


def test_reading_again_reads_shared_files_once(world, clock):
    first, second = ordered(world), ordered(world)
    clock.advance(10)
    world.reread(world.ports)
    world.drain()
    one, other = ([each.reading.blob_names for each in documents(world, id_)] for id_ in (first, second))
    assert one == other
    assert all(".r" in name for found in one for name in found)
    assert_sound(world)
    assert len(names(world)) == len({name for each in documents(world, first) for name in each.blob_names})


def test_linked_document_can_be_read_again_alone(world, clock):
    first, second = ordered(world), ordered(world)
    clock.advance(10)
    world.reread(world.ports)
    (other,) = (job for job in world.jobs() if job.reread and job.reread.job_id == first)
    act(world, "cancel", other.id)
    world.drain()
    assert {each.stored_with for each in documents(world, second) if each.parent is None} == {first}
    read_at = [each.reading.at for each in documents(world, second)]
    assert min(read_at) > max(each.reading.at for each in documents(world, first))
    assert_sound(world)


def test_own_reading_of_a_linked_document_is_not_taken_over(world, clock):
    """It is not beside the original, so nothing that refers to the original would spare it."""
    first, second = ordered(world), ordered(world)
    act(world, "delete", first)
    clock.advance(10)
    world.reread(world.ports)
    world.drain()
    third = ordered(world)
    act(world, "delete", second)
    assert {each.stored_with for each in documents(world, third) if each.parent is None} == {first}
    assert_sound(world)


def test_reader_of_a_linked_document_that_stops_at_any_call_breaks_nothing(world, clock, numbers):
    for number in numbers:
        first, second = ordered(world), ordered(world)
        clock.advance(10)
        world.reread(world.ports)
        while world.ports.documents.of_job(first)[-1].reading.at < clock():
            world.work(world.ports, f"first {number}")
        reader = frozen(world, number, lambda actor: world.work(world.ports.stepped(actor), actor.name))
        if reader.call is None:
            return
        act(world, "delete", first)
        act(world, "sweep", "")
        reader.finish()
        assert_sound(world)
        for job in world.jobs():
            act(world, "delete", job.id)
        act(world, "sweep", "")
        assert names(world) == set(), second


def test_nothing_is_read_again_during_a_deletion(world, clock):
    first = ordered(world)
    clock.advance(10)
    world.reread(world.ports)
    world.ports.jobs.begin_deletion(first)  # and the deletion is interrupted
    world.drain()
    (again,) = (job for job in world.jobs() if job.reread)
    assert (again.status, documents(world, again.id)) == (JobStatus.COMPLETED, [])
    act(world, "sweep", "")
    assert list(world.ports.documents.job_ids()) == []
    assert names(world) == set()
