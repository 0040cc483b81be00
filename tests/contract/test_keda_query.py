"""KEDA counts what a claim takes: no more, or pods start for nothing, and no less, or jobs wait for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from bson import json_util

from jobs.adapters.mongo.connection import ServerClock, is_embedded
from jobs.adapters.mongo.jobs import MongoJobRepository
from tests.making import a_cin, a_job

pytestmark = pytest.mark.server

SCALED_JOB = Path(__file__).resolve().parents[2] / "k8s/base/worker/scaledjob.yaml"
(TRIGGER,) = yaml.safe_load(SCALED_JOB.read_text())["spec"]["triggers"]
QUERY = json_util.loads(TRIGGER["metadata"]["query"], json_options=json_util.CANONICAL_JSON_OPTIONS)


@pytest.fixture
def collection(database):
    if is_embedded(database):
        pytest.skip("the embedded server knows no $expr with $$NOW, and KEDA never meets it: TEST_MONGODB_URI")
    return database[TRIGGER["metadata"]["collection"]]


def test_the_query_counts_what_a_claim_takes(database, collection):
    jobs = MongoJobRepository(database, ServerClock(database))
    now = datetime.now(UTC)
    times = {"due": now - timedelta(hours=1), "later": now + timedelta(hours=1)}
    made = [a_job(now, cin=a_cin(), run_after=time) for time in times.values() for _ in range(5)]
    jobs.add(made, again=False)
    due = made[:5]
    assert jobs.claim_next("alive", 600)
    assert jobs.claim_next("dead", 600)
    held = database["jobs"].find_one({"lockedBy": "dead"})
    past = now - timedelta(minutes=1)
    database["jobs"].update_one({"_id": held["_id"]}, {"$set": {"runAfter": past, "leaseExpiresAt": past}})
    pending = [job for job in due if jobs.get(job.id).locked_by is None]
    jobs.cancel(pending[0].id)  # a finished one has no runAfter, which would be less than any date
    assert database["jobs"].count_documents({"runAfter": {"$exists": False}}) == 1
    collection.insert_one(
        {**held, "_id": "null", "unfinishedCin": "none", "runAfter": None}, bypass_document_validation=True
    )

    assert collection.count_documents(QUERY) == jobs.count_due(1000) == 3
    taken = 0
    while jobs.claim_next("w", 600):
        taken += 1
    assert taken == 3
    assert collection.count_documents(QUERY) == 0


def test_keda_s_own_pipeline_counts_the_same(database, collection):
    jobs = MongoJobRepository(database, ServerClock(database))
    jobs.add([a_job(datetime.now(UTC), cin=a_cin()) for _ in range(3)], again=False)
    counted = list(collection.aggregate([{"$match": QUERY}, {"$group": {"_id": 1, "n": {"$sum": 1}}}]))
    assert counted == [{"_id": 1, "n": 3}]
