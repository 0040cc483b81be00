"""Whether first estimates were met is counted when jobs complete."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobs.domain.errors import DocumentUnavailable
from jobs.domain.job import RunOutcome
from jobs.telemetry.metrics import Unmeasured
from tests.making import a_job
from tests.unit.worker.world import LEASE, World


class Counts(Unmeasured):
    def __init__(self) -> None:
        self.met: list[str] = []

    def count(self, name: str, amount: float = 1, /, **labels: str) -> None:
        if name == "filesure_estimates_total":
            self.met.append(labels["met"])


def worked_off(world: World, allowed: timedelta | None) -> list[str]:
    """Perform all runs of a job with an estimate. Returns what was counted."""
    world.jobs.cancel(world.job.id)
    ordered = a_job(world.clock())
    expected = {ordered.id: world.clock() + allowed} if allowed else {}
    world.jobs.add([ordered], again=False, expect=lambda _: expected)
    counts = Counts()
    world.clock.advance(600)
    while job := world.jobs.claim_next("w", LEASE):
        pipeline = world.pipeline()
        pipeline.instruments = counts
        if pipeline.run(job) is RunOutcome.FAILED:
            break
    return counts.met


@pytest.mark.parametrize(
    ("allowed", "met"), [(timedelta(minutes=10), ["yes"]), (timedelta(minutes=2), ["no"]), (None, [])]
)
def test_completion_counts_its_estimate_once(clock, allowed, met):
    assert worked_off(World(clock), allowed) == met


def test_failed_job_counts_no_estimate(clock):
    world = World(clock)

    def refuse(*_: object) -> None:
        raise DocumentUnavailable("gone")

    world.source.meet = refuse
    assert worked_off(world, timedelta(minutes=10)) == []
