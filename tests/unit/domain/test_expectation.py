"""Expected completions: what is said in which situation, and how well a simulated queue keeps to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jobs.domain.expectation import (
    Expectation,
    Kind,
    Pace,
    Queue,
    Waiting,
    expectation,
    first_estimates,
    is_met,
    pace_of,
    planned_runs,
    utc,
)
from jobs.domain.job import JobStatus, Progress, Run, RunOutcome
from jobs.domain.listing import Count
from jobs.domain.pausing import Pause
from tests.making import a_job

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PACE = Pace(workers=4, run_fraction=0.35, run_seconds=30.0, last_ended=NOW)
PAUSE = Pause(by="asha", reason="r", since=NOW, until=NOW + MINUTE)


def waiting(count: int, **changes) -> list[Waiting]:
    fields = {"priority": 0, "runs": 0, "due_at": NOW} | changes
    return [Waiting(id=f"{at}", turn=at + 1, **fields) for at in range(count)]


def a_queue(count: int = 0, **changes) -> Queue:
    return Queue(**({"first": waiting(count), "more": False, "held": [], "pace": PACE} | changes))


def expected(queue: Queue, **changes) -> Expectation:
    found = expectation(a_job(NOW, **{"turn": 1_000, **changes}), queue, NOW)
    assert found
    return found


def minutes(found: Expectation) -> float:
    assert found.at
    return (found.at - NOW) / MINUTE


def test_idle_workers_need_only_the_jobs_own_runs():
    assert minutes(expected(a_queue(0))) == 1.5
    assert minutes(expected(a_queue(2, held=[1]))) == 1.5


def test_jobs_ahead_need_three_runs_each():
    assert minutes(expected(a_queue(40))) == (40 * 3 / 4 + 3) * 0.5


def test_held_jobs_still_need_their_later_runs():
    assert minutes(expected(a_queue(0, held=[1, 2, 3, 3]))) == ((2.5 + 1.5 + 0.5 + 0.5) / 4 + 3) * 0.5


@pytest.mark.parametrize(("downloaded", "runs"), [(0, 3), (35, 2), (70, 1), (99, 1)])
def test_stored_documents_shorten_a_job(downloaded, runs):
    assert minutes(expected(a_queue(), progress=Progress(total=100, downloaded=downloaded))) == runs * 0.5


def test_place_follows_priority_and_turn():
    queue = a_queue(10)
    assert expected(queue, turn=4).ahead == Count(number=4)
    assert expected(queue, turn=4, priority=1).ahead == Count(number=0)
    assert expected(queue, id="7").ahead == Count(number=7)


def test_current_run_is_deducted():
    held = {"status": JobStatus.PROCESSING, "runs": 3, "locked_at": NOW - timedelta(seconds=10)}
    found = expected(a_queue(40, held=[3]), **held)
    assert (found.ahead, minutes(found)) == (None, pytest.approx(20 / 60))
    overdue = held | {"locked_at": NOW - timedelta(hours=1)}
    assert minutes(expected(a_queue(40, held=[3]), **overdue)) == pytest.approx(3 / 60)


def test_uncounted_jobs_give_a_bound_only():
    found = expected(a_queue(10, more=True))
    assert found.kind is Kind.AT_LEAST
    assert found.sentence(NOW, utc) == "At least 5 minutes until completion. More than 10 jobs are ahead."


def test_list_has_its_own_jobs_ahead():
    found = expectation(a_job(NOW, turn=1_000), a_queue(10, more=True), NOW, at_least_ahead=4_999)
    assert found.ahead == Count(number=4_999, more=True)
    assert minutes(found) > 1_800


SITUATIONS = [
    (a_queue(34), {}, "About 14 minutes until completion, at 5 Jan, 12:14 UTC. 34 jobs are ahead."),
    (a_queue(1), {}, "About 2 minutes until completion, at 5 Jan, 12:01 UTC. 1 job is ahead."),
    (a_queue(0), {}, "About 2 minutes until completion, at 5 Jan, 12:01 UTC. No job is ahead."),
    (a_queue(3, pauses=[PAUSE]), {}, "Paused until 5 Jan, 12:01 UTC."),
    (a_queue(3), {"run_after": NOW + MINUTE}, "Not before 5 Jan, 12:01 UTC."),
    (
        a_queue(first=waiting(3, due_at=NOW - 3 * MINUTE), pace=replace(PACE, last_ended=None)),
        {},
        "No worker is running. 3 jobs are ahead.",
    ),
    (
        a_queue(3, pace=Pace(workers=4, run_fraction=0.35)),
        {},
        "3 jobs are ahead. The time of completion is unknown, because no run has ended yet.",
    ),
]


@pytest.mark.parametrize(("queue", "job", "sentence"), SITUATIONS)
def test_sentence_fits_the_situation(queue, job, sentence):
    assert expected(queue, **job).sentence(NOW, utc) == sentence


def test_ended_job_expects_nothing():
    assert expectation(a_job(NOW, status=JobStatus.FAILED), a_queue(), NOW) is None


def test_pace_is_the_median_of_regular_runs():
    def run(seconds: float, outcome: RunOutcome) -> Run:
        ended = NOW + timedelta(seconds=seconds)
        return Run(job_id="x", number=1, worker="w", fence=1, started_at=NOW, finished_at=ended, outcome=outcome)

    ended = [run(seconds, RunOutcome.ADVANCED) for seconds in (10, 20, 90)] + [run(1, RunOutcome.FAILED)]
    pace = pace_of(ended, workers=4, run_fraction=0.35)
    assert (pace.run_seconds, pace.last_ended) == (20, NOW + timedelta(seconds=90))
    assert pace_of([], workers=4, run_fraction=0.35).run_seconds is None


# --- the first estimate


def test_jobs_ordered_together_are_ahead_of_each_other():
    jobs = [a_job(NOW, turn=100 + at) for at in range(3)]
    found = first_estimates(jobs, a_queue(40))
    first, second, third = (found[job.id] for job in jobs)
    assert (second - first, third - second) == (timedelta(seconds=22.5), timedelta(seconds=22.5))


@pytest.mark.parametrize(
    "queue",
    [
        a_queue(10, more=True),
        a_queue(3, pauses=[PAUSE]),
        a_queue(3, pace=Pace(workers=4, run_fraction=0.35)),
        a_queue(first=waiting(3, due_at=NOW - 3 * MINUTE), pace=replace(PACE, last_ended=None)),
    ],
)
def test_guess_is_not_recorded(queue):
    assert first_estimates([a_job(NOW, turn=1_000)], queue) == {}


def test_delayed_order_has_no_estimate():
    assert first_estimates([a_job(NOW, run_after=NOW + MINUTE)], a_queue()) == {}


@pytest.mark.parametrize(
    ("allowed", "took", "met"),
    [(60, 60, True), (60, 120, True), (60, 121, False), (3_600, 4_500, True), (3_600, 4_501, False), (None, 1, None)],
)
def test_estimate_is_met_with_a_little_slack(allowed, took, met):
    at = None if allowed is None else NOW + timedelta(seconds=allowed)
    assert is_met(a_job(NOW, expected_at=at), NOW + timedelta(seconds=took)) is met


@pytest.mark.parametrize(
    ("total", "runs", "planned"),
    [(None, 0, 3), (None, 1, 3), (40, 2, 3), (40, 3, 3), (40, 4, 4), (1, 1, 1), (2, 1, 2)],
)
def test_planned_runs_do_not_change_during_a_run(total, runs, planned):
    for downloaded in range((total or 0) + 1):
        job = replace(a_job(NOW), runs=runs, progress=Progress(total=total, downloaded=downloaded))
        assert planned_runs(job, 0.35) == planned
