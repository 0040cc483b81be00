"""Each query of the hot path has its index, and the validators refuse what the code must never write."""

from __future__ import annotations

import contextlib
import json
import socket
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import ObjectId
from pymongo import MongoClient, monitoring
from pymongo.errors import WriteError

from jobs.adapters.mongo.catalogue import MongoCatalogue
from jobs.adapters.mongo.connection import ServerClock, connect, is_embedded
from jobs.adapters.mongo.documents import MongoDocumentRepository
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.adapters.mongo.runs import MongoRunRepository
from jobs.adapters.mongo.schema import INDEXES, ensure, missing_indexes
from jobs.domain.document import DocumentError, DocumentStatus
from jobs.domain.ending import ended_well
from jobs.domain.errors import ConfigurationError, DatabaseUnavailable
from jobs.domain.job import JobStatus, Progress, Run
from jobs.domain.listing import Cursor, DocumentFilter, JobFilter, JobOrder
from tests.making import a_file, a_job, some_filings

pytestmark = pytest.mark.server

NOTHING = contextlib.nullcontext()


class Recorder(monitoring.CommandListener):
    """Remembers the filter and order of every query."""

    def __init__(self) -> None:
        self.queries: list[tuple[str, dict[str, Any], dict[str, int]]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        command, name = event.command, event.command_name
        collection = command[name] if isinstance(command.get(name), str) else ""
        if name == "find":
            self.queries.append((collection, command["filter"], dict(command.get("sort", {}))))
        elif name == "findAndModify":
            self.queries.append((collection, command["query"], dict(command.get("sort", {}))))
        elif name == "update":
            self.queries += [(collection, update["q"], {}) for update in command["updates"]]
        elif name == "aggregate":
            self.queries.append((collection, command["pipeline"][0]["$match"], {}))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


@pytest.fixture
def hot_path(mongodb_uri, database):
    """The queries of ordering, a scaler's poll, and a whole run."""
    recorder = Recorder()
    client = MongoClient(mongodb_uri, event_listeners=[recorder], tz_aware=True, tzinfo=UTC)
    watched = client[database.name]
    clock = lambda: datetime(2026, 1, 5, tzinfo=UTC)  # noqa: E731
    jobs, documents = MongoJobRepository(watched, clock), MongoDocumentRepository(watched, clock)
    runs = MongoRunRepository(watched)
    job = a_job(clock())
    jobs.add([job], again=False)
    jobs.count_due(10)
    jobs.has_unfinished()
    claimed = jobs.claim_next("w", 60)
    run = Run(job_id=job.id, number=1, worker="w", fence=1, started_at=clock())
    runs.start(run)
    documents.take_over(claimed.lease)
    documents.add(claimed.lease, claimed, some_filings(3))
    first, second, _ = documents.to_download(job.id, 3)
    documents.save_stored(claimed.lease, first, a_file())
    documents.save_failure(claimed.lease, second, DocumentError(kind="k", message="m"), final=True)
    jobs.save_progress(claimed.lease, documents.progress(job.id))
    jobs.renew(claimed.lease, 60)
    runs.finish(run)
    jobs.end(claimed.lease, ended_well(claimed, Progress(total=3, downloaded=1), clock()))
    runs.of_job(job.id)
    documents.of_job(job.id)
    jobs.latest(10)
    look(MongoCatalogue(watched, clock), clock())
    yield recorder.queries
    client.close()


def look(catalogue: MongoCatalogue, now: datetime) -> None:
    """The queries of the staff's pages. The embedded server's own ways are not looked at: it is small."""
    failed = JobFilter(statuses=frozenset({JobStatus.FAILED}))
    place = Cursor(id=str(ObjectId()))
    for wanted in (JobFilter(), failed, JobFilter(requested_by="x"), JobFilter(priority=1), JobFilter(reason="x"),
                   JobFilter(text="test"), JobFilter(text="U72900"), JobFilter(text=str(ObjectId()))):  # fmt: skip
        catalogue.jobs(wanted, JobOrder.NEWEST, place, 5)
        catalogue.facets(wanted, 10)
    for order in JobOrder:
        catalogue.jobs(JobFilter(), order, None, 5)
    for wanted in (DocumentFilter(text="test"), DocumentFilter(status=DocumentStatus.FAILED),
                   DocumentFilter(document_type="AOC-4")):  # fmt: skip
        catalogue.documents(wanted, place, 5)
    catalogue.count(failed, 5)
    catalogue.oldest_due()
    catalogue.running(5)
    catalogue.failed_jobs(now, 5)
    catalogue.failed_documents(now, 5)


def fields(filter_: dict[str, Any]) -> set[str]:
    """What a filter compares, also within $and. An empty filter compares nothing."""
    nested = [fields(each) for each in filter_.get("$and", [])]
    return ({*filter_} - {"$and"}).union(*nested)


def has_index(collection: str, filter_: dict[str, Any], sort: dict[str, int]) -> bool:
    """Whether an index begins with what is compared, or gives the order and holds what is compared."""
    keys = [list(index.document["key"]) for index in INDEXES[collection]] + [["_id"]]
    wanted = fields(filter_) or set(sort)
    return any(key[0] in wanted or (sort and key[: len(sort)] == list(sort) and wanted <= set(key)) for key in keys)


def test_every_query_of_the_hot_path_has_an_index(hot_path):
    assert len(hot_path) > 15
    assert [query for query in hot_path if not has_index(*query)] == []


def test_the_server_uses_the_indexes(hot_path, database):
    """As far as its plans tell: MongoDB names stages, DocumentDB nodes; the embedded server always scans."""
    if not is_embedded(database):  # a planner rightly reads a table of some rows from end to end
        for collection in {collection for collection, _, _ in hot_path}:
            others = [{"jobId": f"other {each}", "cin": f"other {each}", "documentNumber": 1, "number": 1,
                       "text": "x" * 2_000} for each in range(500)]  # fmt: skip
            database[collection].insert_many(others, bypass_document_validation=True)
    for collection, filter_, sort in hot_path:
        if not filter_:
            continue  # DocumentDB takes no index for an order alone; MongoDB does
        order = {"sort": sort} if sort else {}
        explained = database.command({"explain": {"find": collection, "filter": filter_, "limit": 1, **order}})
        plan = json.dumps(explained["queryPlanner"]["winningPlan"], default=str)
        assert "COLLSCAN" not in plan, (collection, filter_)
        assert "Seq Scan" not in plan, (collection, filter_)


def test_the_schema_is_made_once_and_is_then_there(database):
    assert missing_indexes(database) == []
    assert not [line for line in ensure(database) if "index" in line]


def test_a_record_that_breaks_the_schema_is_refused_where_the_server_validates(database):
    """MongoDB and DocumentDB do; the embedded server stores it, which the suite of the twins makes up for."""
    listed = next(iter(database.list_collections(filter={"name": "jobs"})))
    refusal = (
        pytest.raises(WriteError, match="failed validation") if "validator" in listed.get("options", {}) else NOTHING
    )
    with refusal:
        database["jobs"].insert_one({"_id": ObjectId(), "jobStatus": "lost"})


def test_the_servers_clock_is_followed_between_looks(database):
    clock = ServerClock(database)
    first, second = clock(), clock()
    assert first <= second
    assert abs((first - datetime.now(UTC)).total_seconds()) < 5
    assert first.microsecond % 1000 == 0


def test_a_server_that_never_answers_is_unavailable_within_the_time_limit():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        database = connect(f"mongodb://127.0.0.1:{silent.getsockname()[1]}/", "x", 0.5)
        with pytest.raises(DatabaseUnavailable):
            MongoJobRepository(database, lambda: datetime.now(UTC)).latest(1)
        database.client.close()


@pytest.mark.parametrize("uri", ["nonsense", "mongodb://", "http://localhost", "mongodb://user:secret:pw@host"])
def test_a_malformed_connection_string_is_a_wrong_setting_and_is_not_shown(uri):
    with pytest.raises(ConfigurationError, match="MONGODB_URI") as caught:
        connect(uri, "x", 1)
    assert "secret" not in str(caught.value)
