"""Jobs of schema 1 are migrated to the current schema, even if the migration is interrupted."""

from __future__ import annotations

import pytest

from jobs.adapters.mongo import migration
from jobs.adapters.mongo.catalogue import MongoCatalogue
from jobs.adapters.mongo.catalogues import catalogue as catalogue_of
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.adapters.mongo.migration import migrate, migrate_documents
from jobs.adapters.mongo.records import SCHEMA_VERSION, STAGE
from jobs.adapters.mongo.totals.ledger import Ledger
from jobs.domain.job import JobStatus
from jobs.domain.listing import JobFilter, JobOrder
from jobs.telemetry.series import series_key
from tests.contract.stores import add, mongodb_stores
from tests.making import a_cin, a_job, some_filings

pytestmark = pytest.mark.server


def old_job(database, clock, kind: str, downloaded: int, failed: int) -> str:
    """A failed job as version 1 stored it."""
    job = a_job(clock(), cin=a_cin())
    MongoJobRepository(database, clock).add([job], again=False)
    stage = {
        "totalDocuments": downloaded + failed,
        "downloadedDocuments": downloaded,
        "failedDocuments": failed,
        "status": "failed",
    }
    values = {
        "jobStatus": "failed",
        "schemaVersion": 1,
        "failures": 1,
        "lastError": {"kind": kind, "message": "as it was", "at": clock()},
        **{f"{STAGE}.{name}": value for name, value in stage.items()},
    }
    database["jobs"].update_one({"cin": job.cin}, {"$set": values})
    return job.id


def in_state(ledger: Ledger, state: str) -> float:
    return ledger.totals().get(series_key("filesure_jobs", {"state": state}), 0)


@pytest.fixture
def old(database, clock):
    database["jobs"].delete_many({})
    database["totals"].delete_many({})
    return {
        JobStatus.PARTIAL: old_job(database, clock, "documents_missing", 3, 1),
        JobStatus.NO_FILINGS: old_job(database, clock, "company_not_found", 0, 0),
        JobStatus.FAILED: old_job(database, clock, "source_unavailable", 2, 0),
    }


def test_migration_fills_the_company_key(database, clock):
    """Version 2 had no key, and sorted by the name itself."""
    database["jobs"].delete_many({})
    jobs = MongoJobRepository(database, clock)
    named = [a_job(clock(), cin=a_cin(), company_name=name) for name in ("beta", "ALPHA", "Gamma")]
    jobs.add(named, again=False)
    database["jobs"].update_many({}, {"$set": {"schemaVersion": 2}, "$unset": {"companyKey": ""}})
    database["jobs"].create_index([("companyName", 1), ("_id", 1)])
    lines = list(migration.update_all(database, "simulated"))
    assert "3 jobs migrated." in lines
    assert any(line.startswith("jobs: index") and line.endswith("dropped") for line in lines)
    page = MongoCatalogue(database, clock).jobs(JobFilter(), JobOrder.COMPANY, None, 5)
    assert [job.company_name for job in page.items] == ["ALPHA", "beta", "Gamma"]
    assert not any("dropped" in line for line in migration.update_all(database, "simulated"))


def test_jobs_of_an_old_process_are_listed_until_migrated(database, clock):
    """A web process of the version before can order during a rollout, after the migration."""
    database["jobs"].delete_many({})
    jobs, catalogue = MongoJobRepository(database, clock), catalogue_of(database, clock)
    jobs.add([a_job(clock(), cin=a_cin(), company_name=name) for name in ("x", "w", "v")], again=False)
    database["jobs"].update_many({}, {"$set": {"schemaVersion": 2}, "$unset": {"companyKey": ""}})
    jobs.add([a_job(clock(), cin=a_cin(), company_name=name) for name in ("z", "y")], again=False)
    forward, cursor = [], None
    while cursor is not None or not forward:
        page = catalogue.jobs(JobFilter(), JobOrder.COMPANY, cursor, 1)
        forward += [job.company_name for job in page.items]
        cursor = page.next
    assert forward == ["x", "w", "v", "y", "z"]
    back = []
    while page.previous:
        page = catalogue.jobs(JobFilter(), JobOrder.COMPANY, page.previous, 1)
        back += [job.company_name for job in page.items]
    assert back == forward[-2::-1]
    assert sum(migrate(database)) == 3
    page = catalogue.jobs(JobFilter(), JobOrder.COMPANY, None, 5)
    assert [job.company_name for job in page.items] == ["v", "w", "x", "y", "z"]


def test_migration_adds_the_company_key_of_documents(database, clock, monkeypatch):
    monkeypatch.setattr(migration, "BATCH", 2)
    stores = mongodb_stores(database, clock)
    for name in ("beta", "ALPHA"):
        job = add(stores, clock, company_name=name)
        stores.documents.add(stores.jobs.claim(job.id, "w", 60).lease, job, some_filings(3))
    stored = list(database["documents"].find())
    old = [row["_id"] for row in stored[1:]]
    database["documents"].update_many({"_id": {"$in": old}}, {"$unset": {"companyKey": ""}})
    migrating = migrate_documents(database)
    assert next(migrating) == 2  # interrupted
    assert list(migrate_documents(database)) == [2, 1]
    assert list(database["documents"].find()) == stored
    assert list(migrate_documents(database)) == []


def states(database, clock, ids):
    return [MongoJobRepository(database, clock).get(job_id).status for job_id in ids]


def test_migration_gives_honest_outcomes(database, clock, old):
    assert sum(migrate(database)) == 3
    assert states(database, clock, old.values()) == list(old)
    assert database["jobs"].count_documents({"schemaVersion": SCHEMA_VERSION}) == 3
    assert sum(migrate(database)) == 0


def test_interrupted_migration_continues(database, clock, old, monkeypatch):
    monkeypatch.setattr(migration, "BATCH", 1)
    next(migrate(database))
    assert sum(migrate(database)) == 2
    assert states(database, clock, old.values()) == list(old)


def test_migration_keeps_totals_right(database, clock, old):
    ledger = Ledger(database)
    while ledger.fold():
        pass
    assert in_state(ledger, "failed") == 3
    assert sum(migrate(database)) == 3
    while ledger.fold():
        pass
    assert [in_state(ledger, state) for state in ("failed", "partial", "no_filings")] == [1, 1, 1]
    assert ledger.totals()["filesure_jobs_failed_total"] == 3


def test_job_retried_meanwhile_keeps_its_state(database, clock, old, monkeypatch):
    jobs, write = MongoJobRepository(database, clock), migration._write
    job_id = old[JobStatus.PARTIAL]

    def retry_first(*args):
        monkeypatch.setattr(migration, "_write", write)
        jobs.retry(job_id, jobs.get(job_id).progress)
        return write(*args)

    monkeypatch.setattr(migration, "_write", retry_first)
    assert sum(migrate(database)) == 3
    assert jobs.get(job_id).status is JobStatus.PENDING
    assert database["jobs"].count_documents({"schemaVersion": SCHEMA_VERSION}) == 3
