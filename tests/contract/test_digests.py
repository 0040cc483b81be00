"""Digests: the new filings of a day in one mail, however often it fails."""

from __future__ import annotations

import itertools
from dataclasses import replace

from jobs.domain.deliveries import DeliveryState


def test_new_filings_are_one_mail_a_day(posting):
    posting.subscribe(digest=True)
    posting.find_filings(3)
    posting.deliver()
    assert posting.sender.sent == []
    posting.clock.advance(24 * 3600)
    posting.deliver()
    assert posting.sender.sent == [("a@example.com", ("filings.new",) * 3)]
    assert {each.state for each in posting.log()} == {DeliveryState.DELIVERED}


def test_digest_is_one_mail_however_many_threads_send(posting):
    posting.subscribe(digest=True)
    deliverer = posting.deliverer

    class Meanwhile:
        """Another thread looks for work before the digest has claimed its others."""

        def get(self, name):
            assert not deliverer.send_next()
            return posting.subscriptions.get(name)

    deliverer.subscriptions = Meanwhile()
    for number in (3, 1):  # the second time everything that the first digest took is free again
        posting.find_filings(number)
        posting.clock.advance(24 * 3600)
        assert deliverer.send_next()
    assert [len(each) for each in posting.sender.mailed] == [3, 1]


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
