"""Writes that DocumentDB rejects because several callers race for a record are repeated."""

from __future__ import annotations

from collections import Counter

import pytest
from pymongo import InsertOne, UpdateOne
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, WriteError

from jobs.adapters.mongo.racing import DEADLOCK, duplicates
from jobs.adapters.mongo.totals.ledger import Ledger
from jobs.domain.ending import ended_well
from tests.contract.stores import DONE, LEASE, mongodb_stores
from tests.making import a_file, a_job, some_filings

pytestmark = pytest.mark.server

SINGLE = ("insert_one", "update_one", "update_many", "find_one_and_update", "delete_one", "delete_many")


@pytest.fixture
def rejected(monkeypatch) -> Counter[str]:
    """Of each write, every second call is rejected, beginning with the first; of a bulk, its second request."""
    calls: Counter[str] = Counter()

    def contended(name, write):
        def call(self, *what, **options):
            calls[name] += 1
            if calls[name] % 2:
                raise WriteError("deadlock detected", DEADLOCK)
            return write(self, *what, **options)

        return call

    def bulk(self, requests, ordered=True, **options):
        calls["bulk_write"] += 1
        if calls["bulk_write"] % 2 == 0 or len(requests) < 2:
            return write_all(self, requests, ordered=ordered, **options)
        try:
            done = write_all(self, requests[:1] if ordered else [requests[0], *requests[2:]], ordered=ordered)
            details = {**done.bulk_api_result}
        except BulkWriteError as error:
            details = error.details
        for each in details["writeErrors"]:
            each["index"] += each["index"] >= 1
        details["writeErrors"].append({"index": 1, "code": DEADLOCK, "errmsg": "deadlock detected"})
        raise BulkWriteError(details)

    write_all = Collection.bulk_write
    for name in SINGLE:
        monkeypatch.setattr(Collection, name, contended(name, getattr(Collection, name)))
    monkeypatch.setattr(Collection, "bulk_write", bulk)
    return calls


def test_worker_whose_every_write_is_rejected_once_completes_its_job(database, clock, rejected):
    stores = mongodb_stores(database, clock)
    jobs, documents = stores.jobs, stores.documents
    made = a_job(clock())
    jobs.add([made], again=True)
    job = jobs.claim(made.id, "w", LEASE)
    documents.add(job.lease, job, some_filings(3))
    for each in documents.to_download(job.id, 9):
        documents.save_stored(job.lease, each, a_file())
    assert documents.progress(job.id).downloaded == 3
    jobs.end(job.lease, ended_well(job, DONE, clock()))
    ledger = Ledger(database)
    assert ledger.fold() == 1
    assert ledger.totals()["filesure_jobs_completed_total"] == 1
    documents.delete_of_job(job.id)
    assert documents.of_job(job.id) == []
    assert {name for name, number in rejected.items() if number > 1} >= {
        "bulk_write",
        "update_one",
        "update_many",
        "find_one_and_update",
        "delete_many",
    }


@pytest.mark.parametrize("ordered", [True, False])
def test_bulk_repeats_only_what_was_rejected(database, rejected, ordered):
    rows = database["racing"]
    rows.drop()
    rows.insert_many([{"_id": number, "n": 0} for number in range(4)], ordered=ordered)
    assert rows.count_documents({}) == 4
    rejected.clear()
    done = rows.bulk_write([UpdateOne({"_id": number}, {"$inc": {"n": 1}}) for number in range(4)], ordered=ordered)
    assert (done.matched_count, done.modified_count) == (4, 4)
    assert [row["n"] for row in rows.find({}, sort=[("_id", 1)])] == [1, 1, 1, 1]
    rows.drop()


def test_duplicates_keep_their_positions(database, rejected):
    rows = database["racing"]
    rows.drop()
    rows.insert_many([{"_id": number} for number in (1, 3)])
    rejected.clear()
    with pytest.raises(BulkWriteError) as raised:
        rows.bulk_write([InsertOne({"_id": number}) for number in (0, 1, 2, 3, 4)], ordered=False)
    assert sorted(duplicates(raised.value)) == [1, 3]
    assert rows.count_documents({}) == 5
    rows.drop()
