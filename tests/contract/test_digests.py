"""Digests: the new filings of a day in one mail, however often it fails."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import replace

import pytest

from jobs.adapters.memory import MemoryDeliveryRepository
from jobs.domain.deliveries import DeliveryState
from tests.contract.posting import Posting
from tests.contract.stepping import Actor, Killed


def a_deliverer(posting: Posting) -> Actor:
    return Actor("deliverer", lambda actor: posting.stepped(actor).deliver())


def test_new_filings_are_one_mail_a_day(posting):
    posting.subscribe(digest=True)
    posting.find_filings(3)
    posting.deliver()
    assert posting.sender.sent == []
    posting.clock.advance(24 * 3600)
    posting.deliver()
    assert posting.sender.sent == [("a@example.com", ("filings.new",) * 3)]
    assert {each.state for each in posting.log()} == {DeliveryState.DELIVERED}


@pytest.mark.parametrize("steps", range(10))
def test_digest_is_one_mail_however_many_processes_send(posting, steps):
    """One process stops at any call, another one at any call, and then the first one ends before the other."""
    posting.subscribe(digest=True)
    for others in range(10) if isinstance(posting.deliveries, MemoryDeliveryRepository) else (steps,):
        posting.find_filings(3)
        posting.clock.advance(24 * 3600)
        one, another = a_deliverer(posting), a_deliverer(posting)
        for actor, number in ((one, steps), (another, others)):
            for _ in range(number):
                if actor.call:
                    actor.step()
        one.finish()
        another.finish()
        assert [len(each) for each in posting.sender.mailed] == [3]
        posting.sender.mailed.clear()


@pytest.mark.parametrize("call", range(1, 10))
def test_digest_of_a_killed_process_stays_one_mail(posting, call):
    """What was sent and not recorded yet is sent again."""
    posting.subscribe(digest=True)
    posting.find_filings(3)
    posting.clock.advance(24 * 3600)
    with contextlib.suppress(Killed):
        posting.killed_at(call).deliverer.send_next()
    for _ in range(60):
        posting.deliver()
        posting.clock.advance(10)
    assert len(posting.sender.mailed[0]) == 3
    assert {each.state for each in posting.log()} == {DeliveryState.DELIVERED}


def test_failed_digest_is_repeated_as_one_mail(posting):
    posting.subscribe(digest=True)
    posting.find_filings(3)
    posting.sender.answers = [{"error": "No."}] * 2
    fractions = itertools.cycle((0.0, 0.3, 0.6, 0.9))
    posting.clock.advance(24 * 3600)
    deliverer = replace(posting.deliverer, random_fraction=lambda: next(fractions))
    for _ in range(100):
        while deliverer.send_next():
            pass
        posting.clock.advance(5)
    first, second, third = posting.sender.mailed
    assert first == second == third  # the first delivery's id is the Message-ID
    assert len(first) == 3
    assert {each.state for each in posting.log()} == {DeliveryState.DELIVERED}


def test_newcomer_to_a_failed_digest_has_its_own_attempts(posting):
    posting.subscribe(digest=True)
    posting.find_filings(1)
    posting.sender.answers = [{"error": "No."}] * 3
    posting.clock.advance(24 * 3600)
    for number in (0, 0, 1):
        posting.find_filings(number)
        for each in posting.log():
            if each.attempts == 0:  # due with the others
                posting.deliveries.save(each, None, DeliveryState.PENDING, posting.clock())
        posting.deliver()
        posting.clock.advance(999)
    assert {(each.attempts, each.state) for each in posting.log()} == {
        (3, DeliveryState.FAILED),
        (1, DeliveryState.PENDING),
    }
