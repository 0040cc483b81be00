"""Steps of the tests about documents that are linked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from jobs.domain.document import Document
from jobs.domain.errors import FilesureError
from jobs.domain.job import JobStatus
from tests.contract.growing_source import COMPANIES
from tests.contract.stepping import Actor
from tests.contract.world import World

CIN = COMPANIES[0]


def ordered(world: World, **options: bool) -> str:
    """The id of a new order that a worker has completed."""
    world.order(world.ports, CIN, **options)
    job_id = world.ids[-1]
    world.drain()
    assert world.ports.jobs.get(job_id).status is JobStatus.COMPLETED
    return job_id


def documents(world: World, job_id: str) -> list[Document]:
    return world.ports.documents.of_job(job_id)


def names(world: World) -> set[str]:
    return set(world.ports.blobs.names(""))


def act(world: World, verb: str, job_id: str) -> None:
    with suppress(FilesureError):
        world.act(world.ports, verb, job_id)


def assert_sound(world: World) -> None:
    world.drain()
    act(world, "sweep", "")
    world.assert_in_the_end()


def frozen(world: World, number: int, act_: Callable[[Actor], object]) -> Actor:
    """An actor before its ``number``-th call."""
    actor = Actor(f"actor {number} {len(world.ids)}", act_)
    for _ in range(number):
        if actor.call:
            actor.step()
    return actor
