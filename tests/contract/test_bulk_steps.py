"""Bulk actions are carried out exactly, wherever a process is killed, frozen or stopped."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobs.domain.audit import Action
from jobs.domain.bulk_action import BulkAction, BulkState
from jobs.domain.errors import DatabaseUnavailable, TooSlow
from jobs.domain.job import Job, JobStatus
from jobs.services import BulkService
from jobs.services.bulk import RETRY_SECONDS, TRIES
from tests.contract.bulk_desk import (
    BEFORE,
    JOBS,
    LEASE,
    STEP,
    Desk,
    JobServiceOf,
    a_desk_in_memory,
    a_desk_in_mongodb,
    after_each_call,
    works,
)
from tests.contract.stepping import Actor, Reply


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.server)])
def desk(request, clock) -> Desk:
    if request.param == "memory":
        return a_desk_in_memory(clock)
    return a_desk_in_mongodb(request.getfixturevalue("database"), clock)


@pytest.mark.parametrize("chosen", [True, False])
@pytest.mark.parametrize("action", BEFORE)
def test_kill_at_any_call_counts_each_job_once(desk, action, chosen):
    for begun, actor in after_each_call(desk, action, chosen=chosen):
        actor.kill()
        desk.drain()
        ended = desk.assert_exact(begun)
        assert (ended.done, ended.state) == (JOBS, BulkState.DONE)


@pytest.mark.parametrize("reply", [Reply.LOST, Reply.NEVER_SENT])
def test_lost_call_or_reply_counts_each_job_once(desk, reply):
    for begun, actor in after_each_call(desk, Action.RETRY):
        actor.step(reply)
        actor.finish()
        desk.drain()
        assert desk.assert_exact(begun).done == JOBS


@pytest.mark.parametrize("action", BEFORE)
def test_frozen_process_changes_no_count(desk, action):
    for begun, actor in after_each_call(desk, action):
        desk.drain()
        actor.finish()  # what it was doing, but nothing else
        assert desk.assert_exact(begun, twice=1).done == JOBS


def test_two_processes_share_the_steps(desk):
    begun = desk.begin(Action.CANCEL)
    actors = [works(desk, "first"), works(desk, "second")]
    for _ in range(500):
        for actor in actors:
            if actor.call:
                actor.step()
    assert not any(actor.call for actor in actors)
    desk.drain()
    assert desk.assert_exact(begun).done == JOBS


@pytest.mark.parametrize("killed", [True, False])
@pytest.mark.parametrize("action", BEFORE)
def test_stop_reports_what_was_changed(desk, action, killed):
    most = 0
    for begun, actor in after_each_call(desk, action):
        desk.actions.request_stop(begun.id)
        before = desk.changed(action)
        if killed:
            actor.kill()
        else:
            actor.finish()
        desk.drain()
        ended = desk.assert_exact(begun)
        assert ended.state is BulkState.STOPPED or ended.done == JOBS
        assert ended.done - before <= 1  # the job that it was acting on
        most = max(most, JOBS - ended.done)
    assert most == JOBS


def test_stop_before_the_first_step_changes_nothing(desk):
    begun = desk.begin(Action.CANCEL)
    desk.actions.request_stop(begun.id)
    desk.drain()
    assert desk.assert_exact(begun).state is BulkState.STOPPED


def test_process_that_ends_releases_the_action(desk):
    begun = desk.begin(Action.CANCEL)
    asked = iter([False, True])
    desk.service().advance("ending", lambda: next(asked))
    released = desk.actions.get(begun.id)
    assert (released.done, len(released.batch), released.lease_until) == (1, STEP - 1, desk.clock())
    assert desk.service().advance("next").done == STEP
    desk.drain()
    assert desk.assert_exact(begun).done == JOBS


def test_jobs_changed_by_others_are_refused_with_reason(desk):
    begun = desk.begin(Action.RETRY, chosen=True)
    first, second = begun.job_ids[:2]
    desk.jobs.retry(first, desk.jobs.get(first).progress)
    desk.jobs.begin_deletion(second)
    desk.ids.remove(second)
    desk.drain()
    ended = desk.actions.get(begun.id)
    assert (ended.done, ended.refused, ended.state) == (JOBS - 2, 2, BulkState.DONE)
    reasons = {each.job_id: each.reason for each in desk.actions.refusals(begun.id)}
    assert reasons[first] == f"Job {first} is pending; only a failed, partial or cancelled job can be retried."
    assert reasons[second] == f"There is no job {second}."


def test_refused_job_counts_once_after_a_kill(desk):
    for begun, actor in after_each_call(desk, Action.CANCEL, chosen=True):
        if actor.call == "claim":
            continue
        actor.kill()
        desk.drain()
        desk.assert_exact(begun)
    begun = desk.begin(Action.RETRY, chosen=True)
    desk.jobs.retry(begun.job_ids[0], desk.jobs.get(begun.job_ids[0]).progress)
    service = desk.service()
    actor = Actor("dies", lambda actor: desk.service(actor).advance("dies"))
    while actor.call != "save" or not desk.audit.of_job(begun.job_ids[1], 1):
        actor.step()
    actor.kill()
    desk.drain(service)
    ended = desk.actions.get(begun.id)
    assert (ended.done, ended.refused) == (JOBS - 1, 1)


def test_refused_job_that_others_change_is_still_refused_after_a_kill(desk):
    begun = desk.begin(Action.RETRY, chosen=True)
    first = begun.job_ids[0]
    desk.jobs.retry(first, desk.jobs.get(first).progress)
    desk.clock.advance(1)
    actor = works(desk, "dies")
    while not desk.audit.of_job(first, 1):
        actor.step()
    actor.kill()
    desk.jobs.prioritise(first, 3)
    desk.drain()
    ended = desk.actions.get(begun.id)
    assert (ended.done, ended.refused) == (JOBS - 1, 1)
    assert [each.job_id for each in desk.actions.refusals(begun.id)] == [first]


def test_jobs_that_leave_the_filter_shift_nothing(desk):
    begun = desk.begin(Action.CANCEL)
    other = max(desk.ids)
    desk.service().advance("first")
    JobServiceOf(desk).cancel(other)
    desk.drain()
    ended = desk.actions.get(begun.id)
    assert (ended.done, ended.refused, ended.unmatched) == (JOBS - 1, 0, 1)


def test_later_orders_are_not_included(desk):
    """A list's jobs have ids that are as old as the list."""
    begun = desk.begin(Action.CANCEL)
    desk.clock.advance(1)
    late = [desk.order(), desk.order(id=f"{int(min(desk.ids)[:8], 16) - 100:08x}{'0' * 16}")]
    desk.ids += late
    desk.drain()
    assert desk.actions.get(begun.id).done == JOBS
    assert {desk.jobs.get(job_id).status for job_id in late} == {JobStatus.PENDING}


def slow(*_: object) -> list[Job]:
    raise TooSlow


def test_slow_search_is_repeated_later(desk):
    begun = desk.begin(Action.CANCEL)
    service = desk.service()
    assert BulkService(**{**vars(service), "select": slow}).advance("first").is_running
    assert service.advance("second") is None
    desk.drain()
    assert desk.assert_exact(begun).done == JOBS


def defective(*_: object) -> list[Job]:
    raise ValueError("a defect")


@pytest.mark.parametrize(("select", "problem"), [(slow, "takes too long"), (defective, "The action failed")])
def test_search_that_always_fails_stops_the_action(desk, select, problem):
    begun = desk.begin(Action.CANCEL)
    service = BulkService(**{**vars(desk.service()), "select": select})
    for _ in range(TRIES):
        desk.clock.advance(TRIES * RETRY_SECONDS)
        service.advance("any")
    stored = desk.actions.get(begun.id)
    assert (stored.state, stored.done, problem in stored.problem) == (BulkState.STOPPED, 0, True)
    assert service.advance("any") is None


def test_defect_on_one_job_refuses_only_this_one(desk):
    begun = desk.begin(Action.CANCEL)
    service = desk.service()
    act = service.act

    def fails_once(action: BulkAction, job_id: str) -> object:
        return act(action, job_id) if job_id != min(desk.ids) else defective()

    desk.drain(BulkService(**{**vars(service), "act": fails_once}))
    stored = desk.actions.get(begun.id)
    assert (stored.done, stored.refused, stored.state) == (JOBS - 1, 1, BulkState.DONE)
    assert "log" in next(iter(desk.actions.refusals(begun.id))).reason


def test_user_who_loses_the_right_changes_no_further_job(desk):
    begun = desk.begin(Action.CANCEL)
    rights = iter([True, False])
    service = BulkService(**{**vars(desk.service()), "allowed": lambda _: next(rights)})
    desk.drain(service)
    stored = desk.actions.get(begun.id)
    assert (stored.done, stored.state, stored.problem) == (STEP, BulkState.STOPPED, "asha may no longer do this.")
    assert [desk.jobs.get(each).status for each in desk.ids].count(JobStatus.CANCELLED) == STEP


def test_lease_is_renewed_during_a_long_step(desk):
    desk.begin(Action.CANCEL)
    service = desk.service()
    act = service.act

    def slowly(action: BulkAction, job_id: str) -> object:
        desk.clock.advance(LEASE * 0.8)
        return act(action, job_id)

    taken = BulkService(**{**vars(service), "act": slowly}).advance("slow")
    assert taken.done == STEP
    assert desk.actions.get(taken.id).done == STEP


def test_unreachable_database_stops_the_step(desk):
    begun = desk.begin(Action.CANCEL)
    service = desk.service()

    def away(*_: object) -> object:
        raise DatabaseUnavailable("away")

    with pytest.raises(DatabaseUnavailable):
        BulkService(**{**vars(service), "act": away}).advance("first")
    assert desk.actions.get(begun.id).lease_until == desk.clock() + timedelta(seconds=LEASE)
    desk.drain()
    assert desk.assert_exact(begun).done == JOBS
