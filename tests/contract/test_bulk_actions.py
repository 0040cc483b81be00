"""Bulk actions as records, in every implementation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jobs.adapters.memory import MemoryBulkActionRepository
from jobs.adapters.mongo.bulk_actions import MongoBulkActionRepository
from jobs.bootstrap import new_id
from jobs.domain.audit import Action
from jobs.domain.bulk_action import MOST_REFUSALS, BulkAction, BulkState, RefusedJob
from jobs.domain.wrong_use import UnknownBulkAction
from jobs.ports import BulkActionRepository

LEASE = 30.0


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.server)])
def actions(request, clock) -> BulkActionRepository:
    if request.param == "memory":
        return MemoryBulkActionRepository(clock)
    clock.now = datetime.now(UTC).replace(microsecond=0)  # old actions would be deleted
    database = request.getfixturevalue("database")
    for name in ("bulk_actions", "bulk_refusals"):
        database[name].delete_many({})
    return MongoBulkActionRepository(database, clock)


def an_action(clock, **changes) -> BulkAction:
    fields = {"id": new_id(), "action": Action.CANCEL, "by": "asha", "at": clock(), "lease_until": clock()}
    return BulkAction(**{**fields, **changes})


def test_action_is_stored_once_with_all_fields(actions, clock):
    made = an_action(
        clock,
        action=Action.PRIORITISE,
        priority=7,
        address="127.0.0.1",
        filters="status=pending&by=x",
        zone="Asia/Kolkata",
        job_ids=(new_id(), new_id()),
        newest_id=new_id(),
        total=2,
        back="/jobs/?q=a",
    )
    assert actions.add(made) == made
    assert actions.add(replace(made, by="ravi")) == made
    assert actions.get(made.id) == made


@pytest.mark.parametrize("action_id", ["0" * 24, "nonsense"])
def test_unknown_action_is_reported(actions, action_id):
    with pytest.raises(UnknownBulkAction):
        actions.get(action_id)
    with pytest.raises(UnknownBulkAction):
        actions.request_stop(action_id)


def test_only_one_process_holds_an_action(actions, clock):
    made = actions.add(an_action(clock))
    claimed = actions.claim("a", LEASE)
    assert (claimed.id, claimed.owner, claimed.fence) == (made.id, "a", 1)
    assert actions.claim("b", LEASE) is None
    assert actions.next_expiry() == clock() + timedelta(seconds=LEASE)
    clock.advance(LEASE)
    assert actions.claim("b", LEASE).fence == 2
    assert actions.renew(claimed, LEASE) is None
    assert not actions.save(replace(claimed, done=5), [RefusedJob(job_id=new_id(), reason="No.")])
    assert actions.get(made.id).done == 0
    assert list(actions.refusals(made.id)) == []


def test_renewed_lease_is_not_claimed(actions, clock):
    actions.add(an_action(clock))
    claimed = actions.claim("a", LEASE)
    clock.advance(LEASE - 1)
    assert actions.renew(claimed, LEASE).lease_until == clock() + timedelta(seconds=LEASE)
    clock.advance(LEASE - 1)
    assert actions.claim("b", LEASE) is None


def test_waiting_actions_take_turns(actions, clock):
    first, second = (actions.add(an_action(clock)) for _ in range(2))
    met = []
    for _ in range(4):
        claimed = actions.claim("a", LEASE)
        met.append(claimed.id)
        clock.advance(1)
        assert actions.save(replace(claimed, lease_until=clock()))
    assert sorted(met[:2]) == sorted(met[2:]) == sorted([first.id, second.id])


def test_saved_step_keeps_progress_and_refusals(actions, clock):
    actions.add(an_action(clock))
    claimed = actions.claim("a", LEASE)
    late, early = sorted([new_id(), new_id()], reverse=True)
    refused = [RefusedJob(job_id=late, reason="It ended."), RefusedJob(job_id=early, reason="It runs.")]
    step = replace(claimed, done=3, refused=2, position=late, batch=(new_id(),), lease_until=clock())
    assert actions.save(step, refused)
    assert actions.save(step, refused)
    assert actions.get(claimed.id) == step
    assert [each.job_id for each in actions.refusals(claimed.id)] == [early, late]


def test_kept_refusals_are_bounded(actions, clock):
    actions.add(an_action(clock))
    claimed = actions.claim("a", LEASE)
    for _ in range(3):
        actions.save(claimed, [RefusedJob(job_id=new_id(), reason="No.") for _ in range(400)])
    assert len(list(actions.refusals(claimed.id))) == MOST_REFUSALS


def test_ended_action_is_never_claimed(actions, clock):
    actions.add(an_action(clock))
    claimed = actions.claim("a", LEASE)
    ended = replace(claimed, state=BulkState.DONE, ended_at=clock(), lease_until=None)
    assert actions.save(ended)
    assert actions.get(claimed.id) == ended
    clock.advance(10 * LEASE)
    assert actions.claim("b", LEASE) is None
    assert actions.next_expiry() is None
    assert actions.renew(ended, LEASE) is None
    assert actions.request_stop(claimed.id).stop_requested_at is None


def test_stop_survives_a_step_that_ends_later(actions, clock):
    actions.add(an_action(clock))
    claimed = actions.claim("a", LEASE)
    asked = actions.request_stop(claimed.id).stop_requested_at
    assert asked == clock()
    clock.advance(1)
    actions.request_stop(claimed.id)
    assert actions.save(replace(claimed, done=1))
    assert actions.get(claimed.id).stop_requested_at == asked
    assert actions.renew(claimed, LEASE).stop_requested_at == asked


def test_actions_are_paged_newest_first(actions, clock):
    made = [actions.add(an_action(clock, by="asha" if number % 2 else "ravi")) for number in range(6)]
    first = actions.latest(None, None, 4)
    second = actions.latest(None, first.next, 4)
    assert [each.id for each in [*first.items, *second.items]] == [each.id for each in reversed(made)]
    assert second.next is None
    assert [each.id for each in actions.latest("ravi", None, 4).items] == [each.id for each in reversed(made[::2])]
