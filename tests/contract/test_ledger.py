"""The ledger counts each thing that happens to a job once, whoever dies in the middle of it."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.adapters.mongo.ledger import Ledger
from jobs.domain.ending import Backoff, cancelled, ended_badly, ended_early, ended_well
from jobs.domain.errors import CompanyNotFound, WrongState
from jobs.domain.job import UNFINISHED, JobStatus, Progress
from tests.making import a_cin, a_job

pytestmark = pytest.mark.server

BACKOFF = Backoff(base_seconds=0, cap_seconds=0)
GOOD, HALF = Progress(total=4, downloaded=4), Progress(total=4, downloaded=2)
BAD = Progress(total=4, downloaded=3, failed=1)


class Killed(BaseException):
    """kill -9, as far as a test can."""


class Mortal:
    """A collection whose user dies with its n-th write: before it, or with a part of a batch done."""

    def __init__(self, collection, left: list[int]) -> None:
        self._collection, self._left = collection, left

    def __getattr__(self, name):
        method = getattr(self._collection, name)
        if name not in ("insert_one", "update_one", "bulk_write"):
            return method

        def write(*args, **options):
            self._left[0] -= 1
            if self._left[0]:
                return method(*args, **options)
            if name == "bulk_write" and len(args[0]) > 1:
                method(args[0][: len(args[0]) // 2], **options)
            raise Killed

        return write


class Story:
    """Jobs, what happened to them, and a ledger."""

    def __init__(self, database, clock) -> None:
        for name in ("jobs", "totals"):
            database[name].delete_many({})
        self.database, self.clock = database, clock
        self.jobs = MongoJobRepository(database, clock)
        self.ledger = Ledger(database)
        self.happened: Counter[str] = Counter()
        self.ids: list[str] = []
        self.batches: list[tuple[int, list]] = []

    def order(self, _pick):
        job = a_job(self.clock(), cin=a_cin())
        self.jobs.add([job], again=False)
        self.ids.append(job.id)
        self.happened["jobs_created"] += 1

    def run(self, pick):
        """The next due job is claimed, its documents are listed, and it ends in some way."""
        job = self.jobs.claim_next("w", 60)
        if job is None:
            return
        self.happened["jobs_claimed"] += 1
        if not job.progress.total:
            self.happened["documents_listed"] += 4
        progress = max((GOOD, BAD, HALF)[pick % 3], job.progress, key=lambda each: each.downloaded)
        self.happened["documents_stored"] += progress.downloaded - job.progress.downloaded
        self.jobs.save_progress(job.lease, progress)
        now = self.clock()
        ending = [
            lambda: ended_well(job, progress, now),
            lambda: ended_early(job, progress, now),
            lambda: ended_badly(job, progress, CompanyNotFound("none"), now, BACKOFF),
            lambda: cancelled(job, progress),
        ][pick % 4]()
        self.jobs.end(job.lease, ending)
        status = self.jobs.get(job.id).status
        if status not in UNFINISHED:
            self.happened[f"jobs_{status}"] += 1

    def cancel(self, pick):
        self._try(self.jobs.cancel, pick, "jobs_cancelled", JobStatus.PENDING)

    def retry(self, pick):
        ended = JobStatus.FAILED, JobStatus.CANCELLED
        self._try(lambda job_id: self.jobs.retry(job_id, self.jobs.get(job_id).progress), pick, "jobs_retried", *ended)

    def _try(self, act, pick, event, *sources):
        if self.ids:
            job_id = self.ids[pick % len(self.ids)]
            if self.jobs.get(job_id).status in sources:
                act(job_id)
                self.happened[event] += 1

    def delete(self, pick):
        if self.ids:
            job_id = self.ids[pick % len(self.ids)]
            try:
                self.jobs.delete(job_id)
            except WrongState:
                return
            self.ids.remove(job_id)

    def fold(self, _pick):
        self.ledger.fold()

    def fold_and_die(self, pick):
        dying = Ledger(self.database)
        left = [1 + pick % 4]
        dying._jobs, dying._totals = Mortal(dying._jobs, left), Mortal(dying._totals, left)
        try:
            dying.fold()
        except Killed:
            batch = self.database["totals"].find_one({"_id": "jobs"}) or {}
            if batch.get("batch"):
                self.batches.append((batch["sequence"], batch["batch"]))

    def settle_late(self, pick):
        """A process that was thought dead goes on with what it began long ago."""
        if self.batches:
            self.ledger._settle(*self.batches[pick % len(self.batches)])

    def check(self):
        while self.ledger.fold():
            pass
        totals = Counter(self.ledger.totals())
        now = Counter()
        for record in self.database["jobs"].find():
            stage = record["processingStages"]["documentDownload"]
            now[f"jobs_by_{record['jobStatus']}"] += 1
            for name, field in (("stored", "downloaded"), ("failed", "failed"), ("listed", "pending")):
                now[f"documents_by_{name}"] += stage[f"{field}Documents"]
        assert +totals == +(now + self.happened)


DEEDS = ["order", "run", "cancel", "retry", "delete", "fold", "fold_and_die", "settle_late"]


@settings(
    max_examples=40, deadline=None, database=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(st.lists(st.tuples(st.sampled_from(["order", "run", "run", *DEEDS]), st.integers(0, 11)), max_size=40))
def test_the_totals_are_what_happened_whoever_dies_while_counting(database, clock, deeds):
    story = Story(database, clock)
    for deed, pick in deeds:
        getattr(story, deed)(pick)
        clock.advance(1)
    story.check()


def test_folding_goes_on_where_a_dead_process_stopped(database, clock):
    story = Story(database, clock)
    for step in range(4):
        story.order(0)
        story.fold_and_die(step)
    story.check()


def test_a_job_that_changes_while_it_is_counted_is_counted_again(database, clock):
    story = Story(database, clock)
    story.order(0)
    story.fold_and_die(1)  # the totals have the batch, the job does not know
    story.run(0)
    story.check()


def test_a_job_that_is_retried_while_it_is_deleted_stays_and_counts(database, clock):
    story = Story(database, clock)
    story.order(0)
    story.cancel(0)
    story.fold(0)
    jobs = story.ledger._jobs

    class Retrying(Mortal):
        def __getattr__(self, name):
            if name == "bulk_write" and story.happened["jobs_retried"] == 0:
                story.retry(0)
            return getattr(jobs, name)

    story.ledger._jobs = Retrying(jobs, [0])
    with pytest.raises(WrongState):
        story.ledger.remove(story.ids[0])
    assert story.jobs.get(story.ids[0]).status is JobStatus.PENDING
    story.check()


def test_many_jobs_are_folded_in_batches(database, clock):
    story = Story(database, clock)
    story.jobs.add([a_job(clock(), cin=a_cin()) for _ in range(1_100)], again=False)
    assert [story.ledger.fold() for _ in range(4)] == [500, 500, 100, 0]
    assert story.ledger.totals() == {"jobs_created": 1_100, "jobs_by_pending": 1_100}
