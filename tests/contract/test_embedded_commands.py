"""What the embedded server must do beyond the repositories' contract: time limits, refusals, old databases."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from pymongo import MongoClient
from pymongo.errors import BulkWriteError, DuplicateKeyError, ExecutionTimeout

from jobs.adapters.mongo.connection import connect, is_embedded
from jobs.adapters.mongo.schema import ensure, missing_indexes
from tests.servers.mongodb import embedded_mongodb

pytestmark = pytest.mark.server
AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def jobs(database):
    if not is_embedded(database):
        pytest.skip("only the embedded server needs this")
    database["jobs"].delete_many({})
    return database["jobs"]


def test_times_are_compared_by_the_millisecond(jobs):
    jobs.insert_many([{"runAfter": AT + timedelta(milliseconds=each)} for each in range(3)])
    assert jobs.count_documents({"runAfter": {"$lte": AT + timedelta(milliseconds=1)}}) == 2
    assert jobs.find_one(sort=[("runAfter", -1)])["runAfter"].microsecond == 2000


def test_slow_query_ends_at_its_time_limit(jobs, mongodb_uri):
    jobs.insert_many([{"cin": str(number)} for number in range(5_000)])
    query = {"lockedBy": "x"}  # has no index
    with MongoClient[dict[str, Any]](mongodb_uri) as client:
        database = client[jobs.database.name]
        with pytest.raises(ExecutionTimeout):
            database.command("count", "jobs", query=query, maxTimeMS=1)
        assert database.command("count", "jobs", query=query, maxTimeMS=60_000)["n"] == 0


def test_newest_of_many_matches_are_found(jobs):
    rows = [{"_id": ObjectId(), "cin": f"U{number}"} for number in range(2_100)]
    jobs.insert_many([*rows, {"_id": ObjectId(), "cin": "L1"}])
    found = jobs.find({"cin": {"$gte": "U", "$lt": "V"}}, sort=[("_id", -1)], limit=3)
    assert [row["_id"] for row in found] == [row["_id"] for row in rows[:-4:-1]]


def test_duplicate_in_a_change_is_an_error(jobs):
    first, second = (jobs.insert_one({"unfinishedCin": cin}).inserted_id for cin in "ab")
    with pytest.raises(DuplicateKeyError):
        jobs.find_one_and_update({"_id": second}, {"$set": {"unfinishedCin": "a"}})
    assert jobs.find_one({"_id": first})["unfinishedCin"] == "a"


def test_unordered_inserts_store_all_but_duplicates(jobs):
    rows = [{"_id": ObjectId(), "unfinishedCin": cin} for cin in "abac"]
    with pytest.raises(BulkWriteError) as refused:
        jobs.insert_many(rows, ordered=False)
    assert [each["index"] for each in refused.value.details["writeErrors"]] == [2]
    assert jobs.count_documents({}) == 3


def test_indexes_of_an_earlier_version_are_replaced(tmp_path):
    with embedded_mongodb(tmp_path) as uri:
        database = connect(uri, "old", 30)
        ensure(database)
        with contextlib.closing(sqlite3.connect(tmp_path / "mongodb/old.db")) as stored:
            stored.execute("CREATE INDEX idx_jobs_runAfter ON jobs (json_extract(data, '$.runAfter'))")
            stored.execute("DROP INDEX filesure_jobs_runAfter")
            stored.execute("CREATE INDEX filesure_jobs_runAfter ON jobs (id)")
            ensure(database)
            found = dict(stored.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index'"))
        assert missing_indexes(database) == []
        database.client.close()
    assert "$.runAfter" in found["filesure_jobs_runAfter"]
    assert "idx_jobs_runAfter" not in found
