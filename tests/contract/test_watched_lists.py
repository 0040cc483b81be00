"""Watching all companies of a list, and pausing and resuming them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobs.adapters.memory import MemoryCompanies
from jobs.domain.audit import Actor as Person
from jobs.domain.watching import Interval
from jobs.domain.wrong_use import InvalidWatch
from jobs.services import watching
from tests.contract.stepping import Killed

ASHA = Person(name="asha")


def test_list_is_watched_once(watched):
    service, jobs = watched.service(), watched.jobs.newest_first()
    assert service.watch_list("1" * 24, jobs, Interval.WEEKLY, ASHA) == 2
    assert service.watch_list("1" * 24, jobs, Interval.DAILY, ASHA) == 0
    assert {each.list_id for each in watched.watches.latest("asha", "1" * 24, None, 9).items} == {"1" * 24}


def test_interrupted_resumption_of_a_list_is_continued(watched, monkeypatch):
    jobs, list_id = watched.jobs.newest_first(), "1" * 24
    service = watched.service()
    service.watch_list(list_id, jobs, Interval.DAILY, ASHA)
    monkeypatch.setattr(watching, "_RESUMED_AT_ONCE", 1)
    assert service.pause_list(list_id, "asha", "", ASHA) == 2
    real, answers = watched.watches.resume_many, [1]

    def dies(times):
        if not answers:
            raise Killed
        answers.pop()
        return real(times)

    monkeypatch.setattr(watched.watches, "resume_many", dies)
    with pytest.raises(Killed):
        service.resume_list(list_id, "asha", ASHA)
    monkeypatch.setattr(watched.watches, "resume_many", real)
    assert service.resume_list(list_id, "asha", ASHA) == 1
    assert all(each.next_at > watched.clock() for each in watched.watches.latest(None, list_id, None, 9).items)


def test_slow_list_is_watched_in_several_calls(watched, monkeypatch):
    monkeypatch.setattr(watching, "_ADDED_AT_ONCE", 1)
    service, jobs = watched.service(), watched.jobs.newest_first()
    monkeypatch.setattr(watching, "_MOST_TIME", timedelta(seconds=-1))
    with pytest.raises(InvalidWatch, match=r"Only 0 companies could be added in time\. Watch the list again"):
        service.watch_list("1" * 24, jobs, Interval.WEEKLY, ASHA)
    monkeypatch.setattr(watching, "_MOST_TIME", timedelta(0))
    listed = service.companies.orders
    monkeypatch.setattr(MemoryCompanies, "orders", lambda _, *asked: watched.pass_time() or listed(*asked))
    with pytest.raises(InvalidWatch, match="Only 1 companies could be added"):
        service.watch_list("1" * 24, jobs, Interval.WEEKLY, ASHA)
    assert service.watch_list("1" * 24, jobs, Interval.WEEKLY, ASHA) == 1
