"""Fixtures for both implementations of the repositories."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from jobs.adapters.memory import MemoryDocumentRepository
from jobs.adapters.mongo import key_ranges
from jobs.adapters.mongo.id_ranges import IdRanges
from tests.contract.posting import Posting, a_posting_in_memory, a_posting_in_mongodb
from tests.contract.stores import Stores, memory_stores, mongodb_stores
from tests.contract.watched import Watched
from tests.contract.world import in_one_thread


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.server)])
def stores(request, clock) -> Stores:
    return (
        memory_stores(clock)
        if request.param == "memory"
        else mongodb_stores(request.getfixturevalue("database"), clock)
    )


@pytest.fixture
def numbers(stores) -> Iterator[int]:
    """The calls at which actors stop: all of them, or some of them on a server, where each takes long."""
    return itertools.count(1, 1 if isinstance(stores.documents, MemoryDocumentRepository) else 29)


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.server)])
def posting(request, clock) -> Posting:
    if request.param == "memory":
        return a_posting_in_memory(clock)
    clock.now = datetime.now(UTC).replace(microsecond=0)
    return a_posting_in_mongodb(request.getfixturevalue("database"), clock)


@pytest.fixture
def watched(clock, monkeypatch) -> Watched:
    in_one_thread(monkeypatch)
    return Watched(clock)


@pytest.fixture(autouse=True)
def _short_ranges(monkeypatch):
    """So few rows reach beyond the first range of ids that a server is asked for, and are many."""
    monkeypatch.setattr(IdRanges, "near", 2)
    monkeypatch.setattr(IdRanges, "few", 3)
    monkeypatch.setattr(key_ranges, "FEW", 4)
    monkeypatch.setattr(key_ranges, "OFTEN", 2)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """KEDA counts a view. The embedded server has none, so these tests belong to servers that KEDA can ask."""
    if os.environ.get("TEST_MONGODB_URI"):
        return
    views = [each for each in items if each.path.name == "test_keda_query.py" and "queue" in each.fixturenames]
    if views:
        config.hook.pytest_deselected(items=views)
        items[:] = [each for each in items if each not in views]
