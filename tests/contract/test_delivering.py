"""From the end of a job to its deliveries, with a kill after every write."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from jobs.domain.channels import Channel
from jobs.domain.deliveries import DeliveryState, Subscription
from jobs.domain.endpoints import FAILING, FAILURES
from jobs.domain.events import EventType
from jobs.services.delivering import LEASE_SECONDS, MOST_PER_WAY
from tests.contract.posting import CHOICES, Posting, a_posting_in_memory, end_a_list, end_an_order
from tests.contract.stepping import Killed
from tests.contract.stores import LEASE


def kinds(posting: Posting) -> list[tuple[str, str, str]]:
    return sorted((str(each.event.type), str(each.channel), str(each.state)) for each in posting.log())


ALL = [
    ("list.completed", "mail", "delivered"),
    ("list.completed", "webhook", "delivered"),
    ("order.completed", "webhook", "delivered"),
]


def test_end_of_a_list_reaches_people_and_programs(posting):
    posting.subscribe()
    end_a_list(posting)
    posting.deliver()
    assert kinds(posting) == ALL
    assert len(posting.sender.sent) == 3
    posting.deliver()
    assert len(posting.sender.sent) == 3


@pytest.mark.parametrize("call", range(1, 40))
def test_killed_deliverer_loses_and_doubles_nothing(clock, call):
    """The process dies after any call to a repository; another one takes over once the leases have expired."""
    posting = a_posting_in_memory(clock)
    posting.subscribe()
    end_a_list(posting)
    try:
        posting.killed_at(call).deliver()
    except Killed:
        clock.advance(LEASE_SECONDS)
    posting.deliver()
    assert kinds(posting) == ALL
    # At least once: only a message that was sent and not yet recorded is sent again.
    assert len(posting.sender.sent) in (3, 4)


@pytest.mark.parametrize("call", range(1, 9))
def test_killed_worker_sends_no_event_without_its_cause(clock, call):
    """Whatever write the worker or the one who places the list dies after, events and states agree."""
    posting = a_posting_in_memory(clock)
    posting.subscribe()
    try:
        end_a_list(posting.killed_at(call))
    except Killed:
        clock.advance(LEASE)
    posting.deliver()
    ended = [job for job in posting.jobs.newest_first() if job.completed_at]
    assert len([each for each in posting.log() if each.event.type is EventType.ORDER_COMPLETED]) == len(ended)


def test_deleted_order_still_reaches_its_recipients(posting):
    posting.subscribe()
    job = end_an_order(posting)
    posting.jobs.begin_deletion(job.id)
    posting.jobs.delete(job.id)
    posting.deliver()
    assert [each.event.data["jobId"] for each in posting.log()] == [job.id, job.id]


def test_failed_attempts_are_repeated_later_and_end(posting):
    posting.subscriptions.put(Subscription(name="asha", address="a@example.com", choices=CHOICES))
    posting.sender.answers = [{"error": "No."}] * 9
    end_a_list(posting)
    posting.deliver()
    (waiting,) = posting.log()
    assert (waiting.state, waiting.next_at) == (DeliveryState.PENDING, posting.clock() + timedelta(seconds=60))
    posting.deliver()
    assert len(posting.sender.sent) == 1
    for wait in (60, 120, 999_999):
        posting.clock.advance(wait)
        posting.deliver()
    (ended,) = posting.log()
    assert (ended.state, ended.attempts, ended.last.error) == (DeliveryState.FAILED, 3, "No.")


def test_dead_endpoint_is_disabled_and_its_owner_told(posting):
    made = posting.subscribe()
    posting.sender.answers = [{"error": "No.", "status": 500}] * (2 * FAILURES)
    for _ in range(FAILURES):
        posting.test(made)
        posting.deliverer.send_next()
        posting.clock.advance(FAILING.total_seconds() / (FAILURES - 1) + 1)
    off = posting.endpoints.get(made.id)
    assert not off.is_enabled
    assert "20 deliveries in a row have failed" in off.disabled_reason
    posting.sender.answers, posting.sender.sent = [], []
    posting.deliver()
    assert posting.sender.sent == [("a@example.com", ("endpoint.disabled",))]
    assert DeliveryState.PENDING not in {each.state for each in posting.log()}


def test_address_that_is_gone_is_disabled_at_once(posting):
    made = posting.subscribe()
    posting.sender.answers = [{"error": "Gone.", "status": 410, "final": True}]
    posting.test(made)
    posting.deliverer.send_next()
    assert not posting.endpoints.get(made.id).is_enabled


def test_mail_that_is_no_longer_wanted_is_dropped(posting):
    posting.subscriptions.put(Subscription(name="asha", address="a@example.com", choices=CHOICES))
    end_a_list(posting)
    while posting.notifier.drain():
        pass
    posting.subscriptions.remove("asha")
    posting.deliver()
    assert (kinds(posting), posting.sender.sent) == ([("list.completed", "mail", "dropped")], [])


@pytest.mark.parametrize(
    ("name", "wish", "choices", "mails"),
    [
        ("asha", None, CHOICES, 1),
        ("asha", False, CHOICES, 0),
        ("asha", None, frozenset(), 0),
        ("asha", True, frozenset(), 1),
        ("ravi", None, CHOICES, 0),
        ("ravi", True, frozenset(), 1),
        ("ravi", False, CHOICES, 0),
    ],
)
def test_wish_about_a_list_precedes_the_account(posting, name, wish, choices, mails):
    posting.subscriptions.put(Subscription(name=name, address="a@example.com", choices=choices))
    end_a_list(posting, wishes={} if wish is None else {name: wish, "nobody": True})
    posting.deliver()
    assert posting.sender.sent == [("a@example.com", ("list.completed",))] * mails


def test_endpoint_that_hangs_leaves_room_for_others(posting):
    busy, other = posting.subscribe(), posting.subscribe()
    deliverer = posting.deliverer
    for _ in range(5):
        posting.test(busy)
    posting.clock.advance(1)
    posting.test(other)
    claimed = [deliverer._claim() for _ in range(4)]
    assert [each.target if each else None for each in claimed] == [busy.id, busy.id, other.id, None]


def test_mail_server_that_hangs_leaves_room_for_webhooks(posting):
    """However many people wait for their mail."""
    posting.subscribe()
    names = [f"person{number}" for number in range(MOST_PER_WAY + 2)]
    for name in names:
        posting.subscriptions.put(Subscription(name=name, address=f"{name}@example.com"))
    end_a_list(posting, wishes=dict.fromkeys(names, True))
    posting.notifier.drain()
    for mail in [each for each in posting.log() if each.channel is not Channel.WEBHOOK]:  # due before the webhooks
        posting.deliveries.save(mail, None, DeliveryState.PENDING, posting.clock() - timedelta(hours=1))
    deliverer = posting.deliverer
    claimed = [deliverer._claim() for _ in range(MOST_PER_WAY + 2)]
    assert [each.channel for each in claimed] == [Channel.MAIL] * MOST_PER_WAY + [Channel.WEBHOOK] * 2
    assert deliverer._claim() is None


@pytest.mark.parametrize("digest", [False, True])
def test_delivery_whose_attempts_all_died_fails(posting, digest):
    """Each attempt kills its process, for example for lack of memory."""
    made = posting.subscribe(digest=digest)
    if digest:
        posting.find_filings(2)
        posting.clock.advance(24 * 3600)
    else:
        posting.test(made)
    channel = Channel.DIGEST if digest else Channel.WEBHOOK
    for _ in range(3):
        claimed = posting.deliveries.claim(posting.deliveries.due(), LEASE_SECONDS)
        posting.deliveries.claim_alike(claimed, LEASE_SECONDS, 9)
        posting.clock.advance(LEASE_SECONDS)
    posting.deliver()
    assert posting.sender.sent == []
    assert {(each.channel, each.state, each.last.error) for each in posting.log()} == {
        (channel, DeliveryState.FAILED, "The last attempt was interrupted.")
    }


class Counting:
    """A repository that counts the calls of each method."""

    def __init__(self, inner: Any) -> None:
        self._inner, self.calls = inner, Counter()

    def __getattr__(self, name: str) -> Any:
        self.calls[name] += 1
        return getattr(self._inner, name)


def test_long_list_is_read_once_per_batch(clock):
    posting = a_posting_in_memory(clock)
    posting.subscribe()
    end_a_list(posting, orders=30)
    counted = {name: Counting(getattr(posting, name)) for name in ("outbox", "subscriptions", "deliveries")}
    assert replace(posting, **counted).notifier.drain() == 31
    assert counted["outbox"].calls["ended_list"] == 1
    assert counted["subscriptions"].calls["get"] == 1
    assert counted["deliveries"].calls == {"add": 1}
    assert len(posting.log()) == 30 + 2
