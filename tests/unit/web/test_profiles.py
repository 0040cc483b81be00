"""Profiles of companies viewed lately are kept until their orders change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from jobs.domain.companies.profile import Profile, profile_of
from jobs.domain.companies.statements import CompanyDocuments
from jobs.domain.document import Document, DocumentStatus
from jobs.domain.job import Job
from jobs.web.profiles import MOST_SECONDS, Profiles
from tests.making import a_job, some_filings

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def a_profile(job: Job, filings: int) -> Profile:
    documents = [
        Document(
            id=f"{each.number:024x}",
            job_id=job.id,
            cin=job.cin,
            company_name="Acme",
            filing=each,
            status=DocumentStatus.LISTED,
            created_at=NOW,
        )
        for each in some_filings(filings)
    ]
    return profile_of(job.cin, [job], CompanyDocuments.of(documents), most=10_000)


class Folding:
    """Counts how often a profile is made."""

    def __init__(self, job: Job, filings: int = 3) -> None:
        self.number, self._job, self._filings = 0, job, filings

    def __call__(self) -> Profile:
        self.number += 1
        return a_profile(self._job, self._filings)


def test_profile_is_kept_until_an_order_changes():
    job, profiles = a_job(NOW), Profiles(lambda: 0.0)
    fold = Folding(job)
    first = profiles.get(job.cin, [job], fold)
    assert profiles.get(job.cin, [job], fold) is first
    changed = replace(job, updated_at=NOW + timedelta(milliseconds=1))
    profiles.get(job.cin, [changed], fold)
    profiles.get(job.cin, [changed, a_job(NOW, cin=job.cin)], fold)
    assert fold.number == 3


def test_profile_is_made_anew_after_a_minute():
    job, times = a_job(NOW), iter([0.0, MOST_SECONDS - 1, MOST_SECONDS + 1, MOST_SECONDS + 1])
    fold, profiles = Folding(job), Profiles(lambda: next(times))
    for _ in range(3):
        profiles.get(job.cin, [job], fold)
    assert fold.number == 2


def test_profiles_used_longest_ago_make_room():
    jobs, profiles = [a_job(NOW) for _ in range(3)], Profiles(lambda: 0.0, most_filings=7)
    folds = [Folding(job) for job in jobs]
    for at in (0, 1, 0, 2, 0, 1):
        profiles.get(jobs[at].cin, [jobs[at]], folds[at])
    assert [fold.number for fold in folds] == [1, 2, 1]
