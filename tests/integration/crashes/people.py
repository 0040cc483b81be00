"""What staff and other workers do to a job while a process is frozen or after it was killed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType

from jobs.domain.errors import LeaseLost, WrongUse
from tests.integration.crashes.scene import STAFF, Scene

#: Acts on a job and returns the ids of jobs that it ordered.
Deed = Callable[[Scene, str], list[str]]


def _do_nothing(_scene: Scene, _job_id: str) -> list[str]:
    return []


def _run(scene: Scene, job_id: str) -> list[str]:
    scene.wait_no_longer(job_id)
    scene.run_once(job_id)
    return []


def _cancel(scene: Scene, job_id: str) -> list[str]:
    scene.app.service.cancel(job_id, STAFF)
    return []


def _cancel_dead(scene: Scene, job_id: str) -> list[str]:
    scene.expire(job_id)
    return _cancel(scene, job_id)


def _delete(scene: Scene, job_id: str) -> list[str]:
    scene.app.service.delete(job_id, STAFF)
    return []


def _retry(scene: Scene, job_id: str) -> list[str]:
    scene.app.service.retry(job_id, STAFF)
    return []


def _prune(scene: Scene, _job_id: str) -> list[str]:
    scene.app.service.prune(scene.app.clock() + timedelta(days=1), STAFF, 100)
    return []


def _order(scene: Scene, job_id: str) -> list[str]:
    return [scene.order_again(scene.cins[job_id])]


_DEEDS: Mapping[str, Deed] = MappingProxyType(
    {
        "nothing": _do_nothing,
        "run": _run,
        "cancel": _cancel,
        "cancel the dead": _cancel_dead,
        "delete": _delete,
        "retry": _retry,
        "prune": _prune,
        "order": _order,
    }
)


def do(scene: Scene, job_id: str, deeds: str) -> list[str]:
    """Perform these deeds in turn, on the job or on "the last" one ordered, ignoring refused ones.

    Returns the ids of all jobs that may exist now.
    """
    ids = [job_id]
    for deed in deeds.split(", "):
        with contextlib.suppress(WrongUse, LeaseLost):
            ids += _DEEDS[deed.removesuffix(" the last")](scene, ids[-1] if deed.endswith(" the last") else job_id)
    return ids
