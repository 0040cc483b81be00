"""KEDA counts exactly the jobs that can be claimed: more would start idle pods, fewer would leave jobs waiting.

KEDA never counts on the embedded server, which has no views.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from bson import ObjectId, json_util

from jobs.adapters.mongo.connection import ServerClock
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.adapters.mongo.pauses import MOST_COUNTED, MongoPauseRepository
from jobs.adapters.mongo.schema import ensure
from jobs.domain.pausing import Pause
from tests.making import a_cin, a_job

pytestmark = pytest.mark.server

SCALED_JOB = Path(__file__).resolve().parents[2] / "k8s/base/worker/scaledjob.yaml"
(TRIGGER,) = yaml.safe_load(SCALED_JOB.read_text())["spec"]["triggers"]
QUERY = json_util.loads(TRIGGER["metadata"]["query"], json_options=json_util.CANONICAL_JSON_OPTIONS)


class Queue:
    """The queue of an installation whose source is a portal, with the real clock."""

    def __init__(self, database) -> None:
        self.clock = ServerClock(database)
        self.pauses = MongoPauseRepository(database, self.clock, "portal")
        self.jobs = MongoJobRepository(database, self.clock, self.pauses)
        self.database = database

    def keda(self) -> int:
        """KEDA's CountDocuments, as its driver sends it."""
        collection = self.database[TRIGGER["metadata"]["collection"]]
        groups = list(collection.aggregate([{"$match": QUERY}, {"$group": {"_id": 1, "n": {"$sum": 1}}}]))
        return groups[0]["n"] if groups else 0

    def agreed(self) -> int:
        """The number that KEDA and we count."""
        assert self.keda() == self.jobs.count_due(1000)
        return self.keda()

    def order(self, number: int, **changes) -> list[str]:
        made = [a_job(self.clock(), cin=a_cin(), **changes) for _ in range(number)]
        self.jobs.add(made, again=False)
        return [job.id for job in made]

    def pause(self, seconds: float, source: str | None = None) -> None:
        now = self.clock()
        until = now + timedelta(seconds=seconds)
        self.pauses.put(Pause(source=source, by="asha", reason="Maintenance.", since=now, until=until))


@pytest.fixture
def queue(database) -> Queue:
    ensure(database, "portal")
    return Queue(database)


def test_view_counts_what_a_claim_takes(database, queue):
    jobs, now = queue.jobs, datetime.now(UTC)
    due = queue.order(5, run_after=now - timedelta(hours=1))
    queue.order(5, run_after=now + timedelta(hours=1))
    assert jobs.claim_next("alive", 600)
    assert jobs.claim_next("dead", 600)
    held = database["jobs"].find_one({"lockedBy": "dead"})
    past = now - timedelta(minutes=1)
    database["jobs"].update_one({"_id": held["_id"]}, {"$set": {"runAfter": past, "leaseExpiresAt": past}})
    pending = [job_id for job_id in due if jobs.get(job_id).locked_by is None]
    jobs.cancel(pending[0])  # finished jobs have no runAfter, and a missing value sorts before every date
    assert database["jobs"].count_documents({"runAfter": {"$exists": False}}) == 1
    database["jobs"].insert_one(
        {**held, "_id": "null", "unfinishedCin": "none", "runAfter": None}, bypass_document_validation=True
    )

    assert queue.agreed() == 3
    taken = 0
    while jobs.claim_next("w", 600):
        taken += 1
    assert taken == 3
    assert queue.keda() == 0


@pytest.mark.parametrize("source", [None, "portal"])
def test_pause_empties_view_and_claims(queue, source):
    (first, *_) = queue.order(3)
    queue.pause(600, source)
    queue.order(1)
    assert queue.agreed() == 0
    assert queue.jobs.claim_next("w", 600) is None
    assert queue.pauses.end(source)
    assert queue.agreed() == 4
    assert queue.jobs.claim(first, "w", 600)


def test_pauses_of_queue_and_source_end_one_by_one(queue):
    queue.order(2)
    for source in (None, "portal"):
        queue.pause(600, source)
    queue.pause(300)  # a second pause replaces the first, and is the only one that resuming ends
    for source in (None, "portal"):
        assert queue.agreed() == 0
        assert queue.jobs.claim_next("w", 600) is None
        assert queue.pauses.end(source)
    assert queue.agreed() == 2
    assert queue.jobs.claim_next("w", 600)


def test_pause_of_another_source_changes_nothing(queue):
    queue.order(2)
    queue.pause(600, "directory")
    assert queue.agreed() == 2
    assert queue.jobs.claim_next("w", 600)


def test_pause_ends_by_itself(queue):
    queue.order(2)
    queue.pause(1)
    assert queue.agreed() == 0
    time.sleep(1.2)
    assert queue.agreed() == 2
    assert queue.jobs.claim_next("w", 600)


def test_another_source_changes_the_view(database, queue):
    queue.order(2)
    queue.pause(600, "portal")
    ensure(database, "directory")
    assert queue.keda() == 2
    ensure(database, "portal")
    assert queue.keda() == 0


def test_view_is_bounded(database, queue):
    queue.order(1)
    record = database["jobs"].find_one()
    del record["unfinishedCin"]
    database["jobs"].insert_many([{**record, "_id": ObjectId()} for _ in range(MOST_COUNTED)])
    assert queue.keda() == MOST_COUNTED
