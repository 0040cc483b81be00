"""Staff commands that are killed or frozen at any request leave no half-done work that cannot be finished."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from bson import ObjectId

from tests.integration.crashes.invariants import assert_all_sound
from tests.integration.crashes.people import do
from tests.integration.crashes.scene import STAFF, Scene
from tests.integration.crashes.traps import frozen_at, kill_at, requests_of

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("crashes"), pytest.mark.timeout(3600)]

DEEDS = [
    "nothing",
    "run",
    "delete",
    "retry",
    "retry, run",
    "cancel the dead, delete",
    "prune",
    "retry, run, delete",
    "order, run the last",
]


def a_cancelled_job(scene: Scene) -> str:
    """A job that was cancelled long ago and has some stored documents."""
    job_id = scene.order()
    scene.run_half(job_id)
    scene.app.service.cancel(job_id, STAFF)
    ended = scene.app.clock() - timedelta(days=100)
    scene.app.database["jobs"].update_one({"_id": ObjectId(job_id)}, {"$set": {"completedAt": ended}})
    return job_id


def a_waiting_job(scene: Scene) -> str:
    job_id = scene.order()
    scene.run_half(job_id)
    return job_id


COMMANDS = {
    "retry": (a_cancelled_job, ("manage", "retry_job")),
    "cancel": (a_waiting_job, ("manage", "cancel_job")),
    "delete": (a_cancelled_job, ("service", "delete")),
    "prune": (a_cancelled_job, ("manage", "prune", "--older-than-days", "99", "--yes")),
}


@dataclass(frozen=True, kw_only=True)
class Command:
    prepare: Callable[[Scene], str]
    arguments: Callable[[str], tuple[str, ...]]
    #: The number of requests that it makes.
    length: int


@pytest.fixture(scope="session")
def lengths() -> dict[str, int]:
    return {}


@pytest.fixture(params=COMMANDS)
def command(request, scene: Scene, lengths: dict[str, int]) -> Command:
    name = request.param
    prepare, words = COMMANDS[name]

    def arguments(job_id: str) -> tuple[str, ...]:
        return words if name == "prune" else (*words, job_id)

    if name not in lengths:
        lengths[name] = len(requests_of(scene, *arguments(prepare(scene))))
    return Command(prepare=prepare, arguments=arguments, length=lengths[name])


@pytest.mark.parametrize("deeds", DEEDS)
def test_killed_command_leaves_a_sound_job(scene, points, command, deeds):
    ids = []
    for number in points(command.length, 1):
        job_id = command.prepare(scene)
        name = kill_at(scene, number, *command.arguments(job_id))
        ids += do(scene, job_id, deeds)
        scene.note(job_id, f"killed at {number}, {name}; {deeds}")
    assert_all_sound(scene, ids)


@pytest.mark.parametrize("deeds", DEEDS)
def test_frozen_command_leaves_a_sound_job(scene, points, command, deeds):
    ids = []
    for number in points(command.length, 1):
        job_id = command.prepare(scene)
        with frozen_at(scene, number, *command.arguments(job_id)) as name:
            ids += do(scene, job_id, deeds)
        scene.note(job_id, f"frozen at {number}, {name}; {deeds}")
    assert_all_sound(scene, ids)
