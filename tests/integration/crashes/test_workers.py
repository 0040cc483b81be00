"""If a worker is killed or frozen at any request, nothing is lost or doubled, whatever others do meanwhile."""

from __future__ import annotations

import pytest

from tests.integration.crashes.invariants import assert_all_sound
from tests.integration.crashes.people import do
from tests.integration.crashes.scene import Scene
from tests.integration.crashes.traps import cut_at, frozen_at, kill_at, requests_of, stop_at
from tests.servers.proxy import Verdict

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("crashes"), pytest.mark.timeout(3600)]


@pytest.fixture(scope="session")
def length(shared_scene: Scene) -> int:
    """The number of requests that a worker's first run makes."""
    return len(requests_of(shared_scene, "manage", "process_job", shared_scene.order()))


@pytest.mark.parametrize(
    "deeds",
    ["nothing", "cancel", "cancel the dead, delete", "cancel the dead, retry", "run, prune", "cancel the dead, order"],
)
def test_killed_worker_loses_and_duplicates_nothing(scene, points, length, deeds):
    ids = []
    for number in points(length, 2):
        job_id = scene.order()
        name = kill_at(scene, number, "manage", "process_job", job_id)
        ids += do(scene, job_id, deeds)
        scene.note(job_id, f"killed at {number}, {name}; {deeds}")
    assert_all_sound(scene, ids)


@pytest.mark.parametrize(
    "deeds",
    [
        "cancel",
        "run",
        "cancel the dead",
        "cancel the dead, delete",
        "cancel the dead, retry",
        "cancel the dead, retry, run",
        "cancel the dead, delete, order, run",
        "run, prune",
    ],
)
def test_frozen_worker_changes_nothing(scene, points, length, deeds):
    ids = []
    for number in points(length, 2):
        job_id = scene.order()
        with frozen_at(scene, number, "manage", "process_job", job_id) as name:
            ids += do(scene, job_id, deeds)
        scene.note(job_id, f"frozen at {number}, {name}; {deeds}")
    assert_all_sound(scene, ids)


@pytest.fixture(scope="session")
def second_length(shared_scene: Scene) -> int:
    """The number of requests that a worker makes for filings that another order has stored."""
    return len(requests_of(shared_scene, "manage", "process_job", shared_scene.order_twice()[1]))


@pytest.mark.parametrize("deeds", ["nothing", "delete"])
def test_killed_worker_breaks_no_link(scene, points, second_length, deeds):
    """``deeds`` are done to the first order, whose files the killed worker was about to share."""
    ids = []
    for number in points(second_length, 2):
        first, second = scene.order_twice()
        name = kill_at(scene, number, "manage", "process_job", second)
        ids += [*do(scene, first, deeds), second]
        scene.note(second, f"killed at {number}, {name}; first order: {deeds}")
    assert_all_sound(scene, ids)


@pytest.mark.parametrize("deeds", ["delete", "prune"])
def test_frozen_worker_links_to_nothing_deleted(scene, points, second_length, deeds):
    ids = []
    for number in points(second_length, 2):
        first, second = scene.order_twice()
        with frozen_at(scene, number, "manage", "process_job", second) as name:
            ids += [*do(scene, first, deeds), second]
        scene.note(second, f"frozen at {number}, {name}; first order: {deeds}")
    assert_all_sound(scene, ids)


def test_stopped_worker_is_charged_nothing(scene, points, length):
    ids = []
    for number in points(length, 3):
        job_id = scene.order()
        name, code = stop_at(scene, number, "manage", "process_job", job_id)
        scene.note(job_id, f"stopped at {number}, {name}")
        assert code == 0, scene.stories[job_id]
        assert scene.app.jobs.get(job_id).attempts == 0, scene.stories[job_id]
        ids.append(job_id)
    assert_all_sound(scene, ids)


@pytest.mark.parametrize("verdict", [Verdict.CUT, Verdict.HALF])
@pytest.mark.parametrize("when", ["before", "after"])
def test_cut_connection_is_not_charged_to_documents(scene, points, length, when, verdict):
    ids = []
    for number in points(length, 2):
        job_id = scene.order()
        name = cut_at(scene, number, when, verdict, "manage", "process_job", job_id)
        scene.note(job_id, f"{verdict} {when} {number}, {name}")
        ids.append(job_id)
    assert_all_sound(scene, ids)
