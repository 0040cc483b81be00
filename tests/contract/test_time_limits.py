"""The time limits of reads reach the server, and failures of the server are reported as what they are."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import Event
from typing import Any

import pymongo
import pytest
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, PyMongoError

from jobs.adapters.mongo.catalogue import MongoCatalogue
from jobs.adapters.mongo.connection import translated
from jobs.adapters.mongo.documents import MongoDocumentRepository
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.adapters.mongo.paging import in_time
from jobs.domain.errors import DatabaseRefused, DatabaseSlow, DatabaseUnavailable, TooSlow
from jobs.domain.listing import JobFilter, JobOrder
from tests.contract.commands import Commands
from tests.making import a_job, some_filings
from tests.servers.proxy import Gate, Request, Verdict, proxied


@pytest.mark.server
def test_time_limits_are_sent_to_the_server(mongodb_uri, database, clock):
    commands = Commands()
    client = MongoClient(mongodb_uri, event_listeners=[commands], timeoutMS=10_000)
    catalogue = MongoCatalogue(client[database.name], clock)
    catalogue.jobs(JobFilter(), JobOrder.NEWEST, None, 5)
    catalogue.document_types()
    client.close()
    limits = {next(iter(command)): command["maxTimeMS"] for command in commands.sent if "maxTimeMS" in command}
    assert 3_000 < limits["find"] <= 4_000
    assert 1_000 < limits["distinct"] <= 1_500


def test_full_disk_is_named():
    @translated
    def write() -> None:
        raise BulkWriteError({"writeErrors": [{"index": 0, "code": 14031, "errmsg": "out of disk"}]})

    with pytest.raises(DatabaseUnavailable, match="no disk space"):
        write()


@pytest.fixture
def delayed(mongodb_uri, database) -> Iterator[Collection[dict[str, Any]]]:
    """A collection on a server that answers pings at once, and queries once the test is over."""
    gate, over = Gate(), Event()

    def wait(_: Request) -> Verdict:
        over.wait(60)
        return Verdict.CUT

    gate.open(after=wait)
    with proxied(gate, database.client.address[1]) as port:
        client: MongoClient[dict[str, Any]] = MongoClient(f"mongodb://127.0.0.1:{port}/?directConnection=true")
        client.admin.command("ping")
        yield client[database.name]["jobs"]
        over.set()
        client.close()


@pytest.mark.server
def test_query_without_an_answer_in_time_is_too_slow(delayed):
    with pytest.raises(TooSlow):
        in_time(delayed, delayed.find_one, 0.2)


@pytest.mark.server
def test_server_without_an_answer_in_time_is_slow_and_not_away(delayed):
    """A server that is not there is only unavailable, see tests/contract/test_connection.py."""

    @translated
    def read() -> None:
        with pymongo.timeout(0.2):
            delayed.find_one()

    with pytest.raises(DatabaseSlow, match="did not answer in time"):
        read()


def test_query_to_a_silent_server_is_not_too_slow():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        client: MongoClient[dict[str, Any]] = MongoClient(f"mongodb://127.0.0.1:{silent.getsockname()[1]}/")
        with pytest.raises(PyMongoError):
            in_time(client["x"]["jobs"], client["x"]["jobs"].find_one, 0.2)
        client.close()


@pytest.mark.server
@pytest.mark.parametrize("what", ["jobs", "documents"])
def test_insert_without_acknowledgement_is_a_failure(what, database, clock, monkeypatch):
    """A unique key's refusals are expected; a write that was not acknowledged by enough servers is not."""
    jobs, documents = MongoJobRepository(database, clock), MongoDocumentRepository(database, clock)
    jobs.add([a_job(clock())], again=True)
    job = jobs.claim_next("w", 60)
    unacknowledged = {"code": 64, "errmsg": "waiting for replication timed out"}

    def bulk_write(*_: object, **__: object) -> None:
        counts = dict.fromkeys(("nInserted", "nMatched", "nModified", "nRemoved", "nUpserted"), 0)
        raise BulkWriteError({**counts, "upserted": [], "writeErrors": [], "writeConcernErrors": [unacknowledged]})

    monkeypatch.setattr(Collection, "bulk_write", bulk_write)
    add = {
        "jobs": lambda: jobs.add([a_job(clock())], again=False),
        "documents": lambda: documents.add(job.lease, job, some_filings(2)),
    }[what]
    with pytest.raises(DatabaseRefused, match="replication timed out"):
        add()
