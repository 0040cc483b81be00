"""Fixtures for both implementations of the repositories."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import pytest

from jobs.adapters.memory import MemoryDocumentRepository, MemoryJobRepository, MemoryRunRepository
from jobs.adapters.mongo.documents import MongoDocumentRepository
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.adapters.mongo.runs import MongoRunRepository
from tests.contract.stores import Stores


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.server)])
def stores(request, clock) -> Stores:
    if request.param == "memory":
        return Stores(MemoryJobRepository(clock), MemoryDocumentRepository(clock), MemoryRunRepository())
    database = request.getfixturevalue("database")
    return Stores(
        MongoJobRepository(database, clock), MongoDocumentRepository(database, clock), MongoRunRepository(database)
    )


@pytest.fixture
def numbers(stores) -> Iterator[int]:
    """The calls at which actors stop: all of them, or some of them on a server, where each takes long."""
    return itertools.count(1, 1 if isinstance(stores.documents, MemoryDocumentRepository) else 29)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """KEDA counts a view. The embedded server has none, so these tests belong to servers that KEDA can ask."""
    if os.environ.get("TEST_MONGODB_URI"):
        return
    views = [each for each in items if each.path.name == "test_keda_query.py" and "queue" in each.fixturenames]
    if views:
        config.hook.pytest_deselected(items=views)
        items[:] = [each for each in items if each not in views]
