"""Every hot query has an index, and the validators refuse invalid records."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from pymongo import MongoClient, monitoring
from pymongo.database import Database
from pymongo.errors import WriteError

from jobs.adapters.mongo import catalogues
from jobs.adapters.mongo.bulk_actions import MongoBulkActionRepository
from jobs.adapters.mongo.catalogue import MongoCatalogue
from jobs.adapters.mongo.companies import MongoCompanies
from jobs.adapters.mongo.connection import is_embedded
from jobs.adapters.mongo.deliveries import MongoDeliveryRepository
from jobs.adapters.mongo.directory import MongoDirectory
from jobs.adapters.mongo.documents import MongoDocumentRepository
from jobs.adapters.mongo.exports import MongoExports
from jobs.adapters.mongo.indexes import INDEXES
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.adapters.mongo.migration import migrate
from jobs.adapters.mongo.order_lists import MongoOrderListRepository
from jobs.adapters.mongo.outbox import MongoOutbox
from jobs.adapters.mongo.queue_numbers import MongoQueueNumbers
from jobs.adapters.mongo.runs import MongoRunRepository
from jobs.adapters.mongo.saved_views import MongoSavedViewRepository
from jobs.adapters.mongo.schema import ensure, missing_indexes
from jobs.domain.channels import Channel
from jobs.domain.deliveries import DeliveryFilter, DeliveryState, delivery
from jobs.domain.directory import ListedCompany
from jobs.domain.document import Document, DocumentError, DocumentStatus
from jobs.domain.ending import ended_well
from jobs.domain.events import Event, EventType
from jobs.domain.job import Job, JobStatus, Progress, Run
from jobs.domain.listing import CompanyOrder, Cursor, DocumentFilter, DocumentOrder, JobDocuments, JobFilter, JobOrder
from jobs.domain.order_list import OrderList
from jobs.domain.run_details import RunDetails
from jobs.ports import Clock
from jobs.services import SuggestionService
from tests.contract.stores import act_on_many, keep_views, list_exports
from tests.making import a_file, a_job, some_filings

pytestmark = pytest.mark.server

NOTHING = contextlib.nullcontext()


class Recorder(monitoring.CommandListener):
    """Records the filter, the order and the hint of every query."""

    def __init__(self) -> None:
        self.queries: list[tuple[str, dict[str, Any], dict[str, int], str]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        command, name = event.command, event.command_name
        collection = command[name] if isinstance(command.get(name), str) else ""
        if name == "find":
            self.queries.append((collection, command["filter"], *_order_and_hint(command)))
        elif name == "findAndModify":
            self.queries.append((collection, command["query"], *_order_and_hint(command)))
        elif name == "update":
            self.queries += [(collection, update["q"], *_order_and_hint(update)) for update in command["updates"]]
        elif name == "aggregate":
            self.queries.append((collection, command["pipeline"][0]["$match"], {}, command.get("hint", "")))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


def _order_and_hint(command: Mapping[str, Any]) -> tuple[dict[str, int], str]:
    return dict(command.get("sort", {})), command.get("hint", "")


@pytest.fixture
def hot_path(mongodb_uri, database):
    """The queries of an order, a scaler's poll, a whole run and a start."""
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
    jobs.done_since(["x"], jobs._clock())
    claimed = jobs.claim_next("w", 60)
    run = Run(job_id=job.id, number=1, worker="w", fence=1, started_at=clock())
    runs.start(run)
    documents.take_over(claimed.lease)
    documents.add(claimed.lease, claimed, some_filings(3))
    first, second, _ = documents.to_download(job.id, 3)
    documents.save_stored(claimed.lease, first, a_file())
    documents.reserve(claimed.lease, second, a_file())
    share(documents, second)
    documents.save_failure(claimed.lease, second, DocumentError(kind="k", message="m"), final=True)
    jobs.save_progress(claimed.lease, documents.progress(job.id))
    jobs.renew(claimed.lease, 60)
    runs.finish(run)
    runs.save_details(RunDetails(job_id=job.id, number=1, fence=1))
    runs.details(job.id, 1)
    jobs.end(claimed.lease, ended_well(claimed, Progress(total=3, downloaded=1), clock()))
    runs.of_job(job.id)
    documents.of_job(job.id)
    use_the_site(watched, clock, job)
    assert list(migrate(watched)) == []  # as at each start
    yield recorder.queries
    client.close()


def use_the_site(watched: Database, clock: Clock, job: Job) -> None:
    estimate(MongoQueueNumbers(watched, clock))
    look(MongoCatalogue(watched, clock), clock())
    meet(MongoCompanies(watched), job)
    suggest(catalogues.directory(watched))
    drain(MongoOutbox(watched), MongoOrderListRepository(watched, clock), job)
    list_exports(MongoExports(watched), MongoJobRepository(watched, clock), clock())
    keep_views(MongoSavedViewRepository(watched), clock())
    deliver(MongoDeliveryRepository(watched, clock), clock())
    act_on_many(MongoBulkActionRepository(watched, clock), clock())


def estimate(numbers: MongoQueueNumbers) -> None:
    for read in (numbers.first_due, numbers.held, numbers.last_runs):
        read(5)
    numbers.last_of_list("x")


def deliver(deliveries: MongoDeliveryRepository, now: datetime) -> None:
    event = Event(id="x-1", type=EventType.TEST, at=now, by="x", data={})
    deliveries.add([delivery(event, Channel.DIGEST, each, now) for each in ("x", "y", "z")])
    claimed = deliveries.claim(deliveries.due(busy=["y"]), 60)
    deliveries.claim_alike(claimed, 60, 5)
    for wanted in ({"target": "x"}, {"channel": Channel.MAIL}, {"state": DeliveryState.FAILED}):
        deliveries.log(DeliveryFilter(**wanted), Cursor(id=str(ObjectId())), 5)
    deliveries.save(claimed, None, DeliveryState.DROPPED)
    deliveries.resend(claimed.id)
    deliveries.forget(now, 5)


def drain(outbox: MongoOutbox, lists: MongoOrderListRepository, job: Job) -> None:
    made = lists.begin(OrderList(id=job.id, name="x", by="x", at=job.created_at))
    lists.finish(made, ordered=1, refused=0)
    for each in outbox.waiting(5):
        if ended := outbox.ended_list(made.id):
            outbox.announce(ended)
        outbox.remove(each)


def share(documents: MongoDocumentRepository, document: Document) -> None:
    documents.of_filing(document)
    documents.with_content(document.cin, a_file().checksum)
    documents.first_with_content(document.cin, a_file().checksum)
    documents.with_blob(a_file().blob_name, 5)
    list(documents.referring("jobs/x/"))


def look(catalogue: MongoCatalogue, now: datetime) -> None:
    """Run the pages' queries, except for the embedded server's variants: its databases are small."""
    failed = JobFilter(statuses=frozenset({JobStatus.FAILED}))
    place = Cursor(id=str(ObjectId()))
    for wanted in (
        JobFilter(),
        failed,
        JobFilter(requested_by="x"),
        JobFilter(priority=1),
        JobFilter(reason="x"),
        JobFilter(text="test"),
        JobFilter(ended_since=now, ended_until=now + timedelta(minutes=1)),
        JobFilter(text="U72900"),
        JobFilter(text=str(ObjectId())),
    ):
        catalogue.jobs(wanted, JobOrder.NEWEST, place, 5)
        catalogue.facets(wanted, 10)
    for order in JobOrder:
        catalogue.jobs(JobFilter(), order, None, 5)
    for wanted in (
        DocumentFilter(text="test"),
        DocumentFilter(status=DocumentStatus.FAILED),
        DocumentFilter(document_type="AOC-4"),
        DocumentFilter(reason="document_unavailable"),
    ):
        catalogue.documents(wanted, DocumentOrder.NEWEST, place, 5)
        catalogue.documents(wanted, DocumentOrder.FILED, None, 5)
    for order in DocumentOrder:
        page = catalogue.documents(DocumentFilter(), order, None, 1)
        catalogue.documents(DocumentFilter(), order, page.next, 5)
    catalogue.document_totals(5)
    for which in (None, *JobDocuments):
        catalogue.documents_of_job(place.id, which, None, 5)
    catalogue.documents_with_srn("H00000001", 5)
    catalogue.count(failed, 5)
    catalogue.oldest_due()
    catalogue.running(5)
    catalogue.jobs_with([place.id])
    catalogue.in_progress(5)
    catalogue.failed_jobs(now, 5)
    catalogue.failed_documents(now, 5)
    catalogue.poor_readings(now, 5)


def meet(companies: MongoCompanies, job: Job) -> None:
    """Run the queries of the companies' pages."""
    for order in CompanyOrder:
        place = Cursor(id=job.id, value=f"{job.cin} {job.company_name.casefold()}")
        companies.listed(order, None, 5)
        companies.listed(order, place, 5)
        companies.listed(order, replace(place, before=True), 5)
    companies.found("test", 5)
    companies.orders(job.cin, 5)
    companies.orders_of([job.cin, "x"], 5)
    companies.ordered([job.cin])
    companies.documents(job.cin, 5)


def suggest(directory: MongoDirectory) -> None:
    """Run the queries of the suggestions and of a load."""
    directory.save([ListedCompany(id="AAB-1234", name="Kaveri Foods", status="Active")])
    suggesting = SuggestionService(directory=directory)
    for text in ("aab-1", "kaveri", "kavery foods"):
        suggesting.suggest(text, 5)


def fields(filter_: dict[str, Any]) -> set[str]:
    """The fields that a filter compares, including those within $and."""
    nested = [fields(each) for each in filter_.get("$and", [])]
    return ({*filter_} - {"$and"}).union(*nested)


def has_index(collection: str, filter_: dict[str, Any], sort: dict[str, int]) -> bool:
    """Whether an index starts with a compared field, or provides the order and contains all compared fields."""
    keys = [list(index.document["key"]) for index in INDEXES[collection]] + [["_id"]]
    wanted = fields(filter_) or set(sort)
    return any(key[0] in wanted or (sort and key[: len(sort)] == list(sort) and wanted <= set(key)) for key in keys)


def test_every_hot_query_has_an_index(hot_path):
    assert len(hot_path) > 15
    assert [query for query in hot_path if not has_index(*query[:3])] == []


def test_server_uses_the_indexes(hot_path, database):
    """Checks query plans, which list stages in MongoDB and nodes in DocumentDB; the embedded server always scans.

    DocumentDB plans differently once it has counted a table, at a time of its own.
    """
    if not is_embedded(database):  # planners scan small tables, rightly
        for collection in {collection for collection, *_ in hot_path}:
            others = [
                {
                    "jobId": f"other {each}",
                    "cin": f"other {each}",
                    "owner": f"other {each}",
                    "documentNumber": 1,
                    "number": 1,
                    "text": random.Random(each).randbytes(700).hex(),  # compressed text would leave the table small
                }
                for each in range(500)
            ]
            database[collection].insert_many(others, bypass_document_validation=True)
    for collection, filter_, sort, hint in hot_path:
        if not filter_:
            continue  # unlike MongoDB, DocumentDB uses no index only for sorting
        given = {key: value for key, value in (("sort", sort), ("hint", hint)) if value}
        explained = database.command({"explain": {"find": collection, "filter": filter_, "limit": 1, **given}})
        plan = json.dumps(explained["queryPlanner"]["winningPlan"], default=str)
        assert "COLLSCAN" not in plan, (collection, filter_)
        assert "Seq Scan" not in plan, (collection, filter_)


def test_schema_is_created_once(database):
    assert missing_indexes(database) == []
    assert not [line for line in ensure(database) if "index" in line]


def test_validating_server_refuses_invalid_records(database):
    """MongoDB and DocumentDB validate. The embedded server does not; the contract suite covers it instead."""
    listed = next(iter(database.list_collections(filter={"name": "jobs"})))
    refusal = (
        pytest.raises(WriteError, match="failed validation") if "validator" in listed.get("options", {}) else NOTHING
    )
    with refusal:
        database["jobs"].insert_one({"_id": ObjectId(), "jobStatus": "lost"})
