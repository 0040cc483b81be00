"""The ledger counts every transition of a job once, even if a process dies halfway."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.adapters.mongo.totals.ledger import Ledger
from jobs.adapters.mongo.usage import MongoUsage
from jobs.domain.ending import Backoff, cancelled, ended_badly, ended_early, ended_well
from jobs.domain.errors import CompanyNotFound
from jobs.domain.export import Export, Scope
from jobs.domain.job import DONE, UNFINISHED, JobStatus, Progress
from jobs.domain.rereading import Reread
from jobs.domain.wrong_use import WrongState
from tests.making import a_cin, a_job

pytestmark = pytest.mark.server

BACKOFF = Backoff(base_seconds=0, cap_seconds=0)
GOOD, HALF = Progress(total=4, downloaded=4), Progress(total=4, downloaded=2)
BAD = Progress(total=4, downloaded=3, failed=1)


class Killed(BaseException):
    """Simulates kill -9."""


class DyingCollection:
    """A collection whose user dies at the n-th write: before a single write, or halfway through a batch."""

    def __init__(self, collection, left: list[int]) -> None:
        self._collection, self._left = collection, left

    def __getattr__(self, name):
        method = getattr(self._collection, name)
        if name not in ("insert_one", "update_one", "update_many", "bulk_write"):
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
    """Jobs, their history, and a ledger."""

    def __init__(self, database, clock) -> None:
        for name in ("jobs", "totals", "usage"):
            database[name].delete_many({})
        self.database, self.clock = database, clock
        self.jobs = MongoJobRepository(database, clock)
        self.ledger = Ledger(database)
        self.happened: Counter[str] = Counter()
        self.orders = 0
        self.ids: list[str] = []
        self.batches: list[tuple[int, list]] = []

    def order(self, _pick):
        job = a_job(self.clock(), cin=a_cin())
        self.jobs.add([job], again=False)
        self.ids.append(job.id)
        self.happened["jobs_created"] += 1
        self.orders += 1

    def run(self, pick):
        """Claim the next due job, list its documents and end it."""
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
        self.jobs.end(job.lease, replace(ending, bytes=100 + pick))
        status = self.jobs.get(job.id).status
        if status not in UNFINISHED:
            self.happened[f"jobs_{status}"] += 1
            self.happened["jobs_completed"] += status in DONE - {JobStatus.COMPLETED}

    def cancel(self, pick):
        self._try(self.jobs.cancel, pick, "jobs_cancelled", JobStatus.PENDING)

    def retry(self, pick):
        ended = JobStatus.FAILED, JobStatus.PARTIAL, JobStatus.CANCELLED
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
        left = [1 + pick % 6]
        for name in ("_jobs", "_totals", "_usage"):
            setattr(dying, name, DyingCollection(getattr(dying, name), left))
        try:
            dying.fold()
        except Killed:
            batch = self.database["totals"].find_one({"_id": "jobs"}) or {}
            if batch.get("batch"):
                self.batches.append((batch["sequence"], batch["batch"]))

    def settle_late(self, pick):
        """Let a process that seemed dead resume an old step."""
        if self.batches:
            self.ledger._settle(*self.batches[pick % len(self.batches)])

    def check(self):
        while self.ledger.fold():
            pass
        totals = Counter(self.ledger.totals())
        now = Counter({f"filesure_{event}_total": number for event, number in self.happened.items()})
        records = list(self.database["jobs"].find())
        for record in records:
            stage = record["processingStages"]["documentDownload"]
            now[f"filesure_jobs?state={record['jobStatus']}"] += 1
            for name, field in (("stored", "downloaded"), ("failed", "failed"), ("listed", "pending")):
                now[f"filesure_documents?state={name}"] += stage[f"{field}Documents"]
        assert +totals == +now
        used = MongoUsage(self.database).since("0000-00", None, 99)
        assert sum(each.orders for each in used) == self.orders
        storage = self.ledger.storage()
        assert (storage[-1].total if storage else 0) == sum(job.get("bytesStored", 0) for job in records)
        assert sum(each.bytes for each in used) == sum(each.stored for each in storage)
        assert sum(each.documents for each in used) >= now["filesure_documents?state=stored"]


DEEDS = ["order", "run", "cancel", "retry", "delete", "fold", "fold_and_die", "settle_late"]


@settings(
    max_examples=40,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(st.sampled_from(["order", "run", "run", *DEEDS]), st.integers(0, 11)), max_size=40))
def test_totals_stay_exact_when_counters_die(database, clock, deeds):
    story = Story(database, clock)
    for deed, pick in deeds:
        getattr(story, deed)(pick)
        clock.advance(1)
    story.check()


def test_folding_resumes_after_a_crash(database, clock):
    story = Story(database, clock)
    for step in range(4):
        story.order(0)
        story.fold_and_die(step)
    story.check()


def test_job_changed_while_counted_is_recounted(database, clock):
    story = Story(database, clock)
    story.order(0)
    story.fold_and_die(1)  # the totals contain the batch, but the job does not record that yet
    story.run(0)
    story.check()


def test_retry_during_deletion_keeps_the_job(database, clock):
    story = Story(database, clock)
    story.order(0)
    story.cancel(0)
    story.fold(0)
    jobs = story.ledger._jobs

    class Retrying(DyingCollection):
        def __getattr__(self, name):
            if name == "bulk_write" and story.happened["jobs_retried"] == 0:
                story.retry(0)
            return getattr(jobs, name)

    story.ledger._jobs = Retrying(jobs, [0])
    with pytest.raises(WrongState):
        story.ledger.remove(story.ids[0])
    assert story.jobs.get(story.ids[0]).status is JobStatus.PENDING
    story.check()


def test_folding_works_in_batches(database, clock):
    story = Story(database, clock)
    story.jobs.add([a_job(clock(), cin=a_cin()) for _ in range(1_100)], again=False)
    assert [story.ledger.fold() for _ in range(4)] == [500, 500, 100, 0]
    assert story.ledger.totals() == {"filesure_jobs_created_total": 1_100, "filesure_jobs?state=pending": 1_100}


def test_job_without_sequence_counts_once(database, clock):
    story = Story(database, clock)
    story.order(0)
    record = {"countedSequence": "", "changes": ""}
    database["jobs"].update_one({}, {"$unset": record, "$set": {"uncounted": True}})
    assert [story.ledger.fold() for _ in range(2)] == [1, 0]
    story.run(0)
    story.check()
    assert story.ledger.fold() == 0


def test_documents_that_are_read_again_count_once(database, clock):
    story = Story(database, clock)
    story.jobs.add_tasks([a_job(clock(), priority=-1, progress=GOOD, reread=Reread(job_id="0" * 24))])
    job = story.jobs.claim_next("w", 60)
    story.jobs.end(job.lease, ended_well(job, GOOD, clock()))
    assert story.ledger.fold() == 1
    totals = story.ledger.totals()
    assert totals["filesure_jobs_completed_total"] == 1
    assert not [name for name, number in totals.items() if "documents" in name and number]


@pytest.mark.parametrize(
    "task",
    [{"reread": Reread(job_id="0" * 24)}, {"export": Export(scope=Scope.ORDER, of="0" * 24, planned=1, size=9)}],
    ids=["reread", "export"],
)
def test_only_orders_store_bytes_of_a_person(database, clock, task):
    story = Story(database, clock)
    story.jobs.add_tasks([a_job(clock(), priority=-1, progress=GOOD, **task)])
    job = story.jobs.claim_next("w", 60)
    story.jobs.end(job.lease, replace(ended_well(job, GOOD, clock()), bytes=2048, pages=7))
    assert story.ledger.fold() == 1
    (used,) = MongoUsage(database).since("0000-00", None, 9)
    assert (used.orders, used.documents, used.bytes, used.pages) == (0, 0, 0, 7)
