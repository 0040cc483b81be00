"""The numbers from which completions are estimated, in every implementation; the estimates; and past waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jobs.adapters.memory import (
    MemoryJobRepository,
    MemoryPauseRepository,
    MemoryQueueNumbers,
    MemoryRunRepository,
)
from jobs.adapters.mongo import catalogue_embedded
from jobs.adapters.mongo.catalogues import catalogue
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.adapters.mongo.pauses import MongoPauseRepository
from jobs.adapters.mongo.queue_numbers import MongoQueueNumbers
from jobs.adapters.mongo.runs import MongoRunRepository
from jobs.domain.ending import ended_well
from jobs.domain.expectation import Kind
from jobs.domain.job import Progress, Run, RunOutcome
from jobs.domain.listing import UNKNOWN_WAIT
from jobs.domain.pausing import Pause
from jobs.services import Estimates
from tests.contract.stores import DONE, HALF, LEASE, a_run
from tests.making import a_job

LIST = "a" * 24


class Site:
    """The queue and what is estimated about it."""

    def __init__(self, clock, jobs, runs, pauses, numbers) -> None:
        self.clock, self.jobs, self.runs, self.pauses, self.numbers = clock, jobs, runs, pauses, numbers

    @property
    def estimates(self) -> Estimates:
        """Without anything kept from an earlier question."""
        return Estimates(numbers=self.numbers, pauses=self.pauses, clock=self.clock, workers=1, run_fraction=0.35)

    def order(self, *cases: dict) -> list[str]:
        jobs = [a_job(self.clock(), due_at=self.clock(), **each) for each in cases]
        self.jobs.add(jobs, again=True, expect=self.estimates.first)
        return [job.id for job in jobs]

    def run(self, seconds: float, progress: Progress = DONE, outcome: RunOutcome = RunOutcome.COMPLETED) -> str:
        """Claim a job and perform a run."""
        job = self.jobs.claim_next("w", LEASE)
        run = a_run(job, self.clock)
        self.runs.start(run)
        self.clock.advance(seconds)
        self.runs.finish(a_run(job, self.clock, started_at=run.started_at, finished_at=self.clock(), outcome=outcome))
        self.jobs.end(job.lease, ended_well(job, progress, self.clock()))
        return job.id


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.server)])
def site(request, clock) -> Site:
    if request.param == "memory":
        pauses, runs = MemoryPauseRepository(clock), MemoryRunRepository()
        jobs = MemoryJobRepository(clock, pauses)
        return Site(clock, jobs, runs, pauses, MemoryQueueNumbers(jobs, runs, clock))
    database = request.getfixturevalue("database")
    return Site(
        clock,
        MongoJobRepository(database, clock),
        MongoRunRepository(database),
        MongoPauseRepository(database, clock),
        MongoQueueNumbers(database, clock),
    )


def test_due_jobs_are_in_the_order_of_claims(site):
    later = site.clock() + timedelta(seconds=60)
    ids = site.order({}, {"priority": 5}, {"requested_by": "other"}, {"run_after": later})
    assert [each.id for each in site.numbers.first_due(2)] == [ids[1], ids[0]]
    found = site.numbers.first_due(10)
    assert {(each.priority, each.runs, each.due_at) for each in found} == {(5, 0, site.clock()), (0, 0, site.clock())}
    assert [site.jobs.claim_next("w", LEASE).id for _ in found] == [each.id for each in found]


def test_held_jobs_are_counted_until_their_lease_expires(site):
    site.order({}, {})
    site.jobs.claim_next("w", LEASE)
    assert list(site.numbers.held(10)) == [1]
    site.clock.advance(LEASE + 1)
    assert list(site.numbers.held(10)) == []
    assert len(site.numbers.first_due(10)) == 2


def test_latest_runs_come_first(site):
    ids = site.order({}, {}, {})
    assert [site.run(10 * number) for number in (1, 2)] == ids[:2]
    held = site.jobs.claim_next("w", LEASE)
    site.runs.start(a_run(held, site.clock))
    assert [run.job_id for run in site.numbers.last_runs(10)] == [ids[1], ids[0]]
    assert [run.job_id for run in site.numbers.last_runs(1)] == [ids[1]]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 9])
def test_latest_runs_are_found_however_old_they_are(site, limit):
    ids = []
    for days in (400, 3, 0):
        site.order({})
        ids.append(site.run(30))
        site.clock.advance(days * 86_400)
    assert [run.job_id for run in site.numbers.last_runs(limit)] == ids[::-1][:limit]


def test_delayed_job_of_a_list_is_last(site):
    later = site.clock() + timedelta(seconds=60)
    ids = site.order({"list_id": LIST}, {"list_id": LIST, "run_after": later}, {"list_id": LIST}, {})
    assert site.numbers.last_of_list(LIST).id == ids[1]
    site.clock.advance(61)
    assert site.numbers.last_of_list(LIST).id == ids[2]
    site.jobs.cancel(ids[2])
    assert site.numbers.last_of_list(LIST).id == ids[1]
    assert site.numbers.last_of_list("b" * 24) is None


def test_order_records_its_first_estimate(site):
    (first,) = site.order({})
    assert site.jobs.get(first).expected_at is None  # no run has ended yet
    site.run(10)
    second, third = site.order({}, {})
    now = site.clock()
    assert site.jobs.get(second).expected_at == now + timedelta(seconds=30)
    assert site.jobs.get(third).expected_at == now + timedelta(seconds=60)
    site.run(10, HALF, RunOutcome.ADVANCED)
    assert site.jobs.get(second).expected_at == now + timedelta(seconds=30)


def test_retry_forgets_the_estimate(site):
    site.order({})
    site.run(10)
    (job_id,) = site.order({})
    site.jobs.cancel(job_id)
    assert site.jobs.retry(job_id, Progress()).expected_at is None


def test_estimate_follows_pauses_and_delays(site):
    site.order({})
    site.run(10)
    later = site.clock() + timedelta(seconds=500)
    due, delayed = site.order({}, {"run_after": later})
    found = site.estimates.of_job(site.jobs.get(due))
    assert (found.kind, found.ahead.number) == (Kind.EXPECTED, 0)
    assert (site.estimates.of_job(site.jobs.get(delayed)).kind) is Kind.NOT_BEFORE
    site.pauses.put(Pause(by="asha", reason="r", since=site.clock(), until=later))
    assert site.estimates.of_job(site.jobs.get(due)).kind is Kind.PAUSED
    (paused,) = site.order({})
    assert site.jobs.get(paused).expected_at is None


def test_list_completes_with_its_last_job(site):
    site.order({})
    site.run(10)
    site.order(*[{"list_id": LIST}] * 3)
    found = site.estimates.of_list(LIST, 3)
    assert (found.kind, found.ahead.number) == (Kind.EXPECTED, 2)
    assert found.at == site.clock() + timedelta(seconds=90)
    assert site.estimates.of_list(LIST, 0) is None


@pytest.mark.server
@pytest.mark.parametrize("few", [0, 2_000])
def test_longest_wait_is_found_per_period(database, clock, monkeypatch, few):
    """An earlier version's run, which has no wait, makes that of its period unknown."""
    monkeypatch.setattr(catalogue_embedded, "_FEW", few)
    begin = clock.now = datetime(2026, 1, 5, 10, tzinfo=UTC)
    hour = timedelta(hours=1)
    runs = MongoRunRepository(database)
    for number, (at, waited) in enumerate([(0, 0.0), (10, 62.5), (20, 9.0), (3600, 3.0), (7200, 500.0), (7210, None)]):
        started = begin + timedelta(seconds=at)
        runs.start(Run(job_id="a" * 24, number=number, worker="w", fence=number, started_at=started, waited=waited))
    longest_waits = catalogue(database, clock).longest_waits
    for seconds in (60, 3600):
        expected = {begin: 62.5, begin + hour: 3.0, begin + 2 * hour: UNKNOWN_WAIT}
        assert longest_waits(begin, begin + 4 * hour, seconds) == expected
        assert longest_waits(begin, begin + timedelta(seconds=10), seconds) == {begin: 0.0}
        assert longest_waits(begin + 3 * hour, begin + 4 * hour, seconds) == {}
