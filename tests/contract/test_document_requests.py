"""What a document costs the servers: the requests of its download, its upload and its first reading."""

from __future__ import annotations

from collections import Counter

import pytest
from pymongo import MongoClient

from jobs.adapters.memory_blob import MemoryBlobStore
from jobs.adapters.mongo.documents import MongoDocumentRepository
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.adapters.mongo.pages import MongoPages
from jobs.adapters.mongo.runs import MongoRunRepository
from jobs.domain.job import RunOutcome
from tests.contract.commands import Commands
from tests.making import a_job
from tests.unit.worker.world import ScriptedSource, World


class CountedBlobs(MemoryBlobStore):
    puts = 0

    def put(self, *given, **named):
        self.puts += 1
        return super().put(*given, **named)


def run(uri: str, name: str, clock, count: int) -> tuple[Counter[tuple[str, str]], int]:
    """The requests of a run that stores and reads this many documents, by collection and command, and its uploads."""
    commands = Commands()
    client = MongoClient(uri, tz_aware=True, event_listeners=[commands])
    world = World(clock, ScriptedSource(count))
    world.jobs = MongoJobRepository(client[name], clock)
    world.documents = MongoDocumentRepository(client[name], clock)
    world.runs, world.blobs = MongoRunRepository(client[name]), CountedBlobs()
    world.job = a_job(clock())
    world.jobs.add([world.job], again=True)
    job = world.jobs.claim_next("w", 60)
    pipeline = world.pipeline(run_fraction=1)
    pipeline.pages = MongoPages(client[name])
    assert pipeline.run(job) is RunOutcome.COMPLETED
    client.close()
    names = [next(iter(command)) for command in commands.sent]
    requests = Counter((str(command[name]), name) for command, name in zip(commands.sent, names, strict=True))
    return requests, world.blobs.puts


@pytest.mark.server
def test_each_further_document_costs_few_requests(mongodb_uri, database, clock):
    (few, few_puts), (more, more_puts) = (run(mongodb_uri, database.name, clock, count) for count in (2, 5))
    # Progress is counted once a second, with an aggregate, so that their number depends on the time that a run takes.
    more.subtract(few)
    collections = {"documents", "pages", "facts"}
    each = {key: count / 3 for key, count in more.items() if count and key[0] in collections and key[1] != "aggregate"}
    assert each == {
        ("documents", "find"): 2,  # the same filing, and the same bytes, of another order
        ("documents", "update"): 2,  # stored, and read
        ("pages", "update"): 1,
        ("pages", "delete"): 1,
        ("facts", "delete"): 1,
    }
    assert (more_puts - few_puts) / 3 == 2  # these have neither a record nor a thumbnail
