"""Fixtures for all tests: real servers and a clock."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings

settings.register_profile("filesure", deadline=None)  # a busy machine is no failure
settings.load_profile("filesure")

# Django reads the settings when it is first imported, so the tests' own data directory must be set before.
_data_dir = tempfile.TemporaryDirectory(prefix="filesure-tests-")
os.environ["DATA_DIR"] = _data_dir.name
os.environ["ENV_FILE"] = os.devnull  # not the developer's own .env
for name in ("MONGODB_URI", "BLOB_STORE", "SOURCE", "JOB_ID", "JOB_FILE", "WORKER_ID"):
    os.environ.pop(name, None)

from jobs.adapters.mongo.connection import connect  # noqa: E402
from jobs.adapters.mongo.outbox import OUTBOXES  # noqa: E402
from jobs.adapters.mongo.schema import ensure  # noqa: E402
from jobs.adapters.mongo.validators import VALIDATORS  # noqa: E402
from tests.servers import Unavailable  # noqa: E402
from tests.servers.azurite import azurite  # noqa: E402
from tests.servers.mongodb import embedded_mongodb  # noqa: E402
from worker.extractors.reader import Reader  # noqa: E402


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, object, object]:
    return (yield from _skipped_where_unavailable())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    return (yield from _skipped_where_unavailable())


def _skipped_where_unavailable() -> Generator[None, object, object]:
    """Skip what this machine cannot run, with the reason; with REQUIRE_ALL, fail instead."""
    try:
        return (yield)
    except Unavailable as error:
        if os.environ.get("REQUIRE_ALL"):
            pytest.fail(f"REQUIRE_ALL is set: {error}")
        pytest.skip(str(error))


class FakeClock:
    """A clock that moves only when the test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def mongodb_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server of TEST_MONGODB_URI, or an embedded one for this session."""
    given = os.environ.get("TEST_MONGODB_URI")
    if given:
        yield given
        return
    with embedded_mongodb(tmp_path_factory.mktemp("mongodb")) as uri:
        yield uri


@contextmanager
def a_database(mongodb_uri: str) -> Iterator[str]:
    """The name of a new database with the schema; dropped at the end."""
    name = f"test_{uuid4().hex[:12]}"
    database = connect(mongodb_uri, name, 30)
    ensure(database)
    yield name
    database.client.drop_database(name)
    database.client.close()


@pytest.fixture(scope="session")
def database_name(mongodb_uri: str) -> Iterator[str]:
    """This session's own database with its schema."""
    with a_database(mongodb_uri) as name:
        yield name


@pytest.fixture
def database(mongodb_uri: str, database_name: str):
    """The session's database, emptied."""
    database = connect(mongodb_uri, database_name, 30)
    for name in (*OUTBOXES, "documents", "runs", "run_details", "totals", "parts", "pauses", "directory"):
        database[name].delete_many({})
    yield database
    database.client.close()


@pytest.fixture(scope="session")
def _installed(mongodb_uri: str) -> Iterator[str]:
    with a_database(mongodb_uri) as name:
        yield name


@pytest.fixture
def empty_database(mongodb_uri: str, _installed: str) -> str:
    """The name of a database with the schema and without data, for processes that a test starts.

    Tests take turns with it, because creating one takes seconds on some servers.
    """
    database = connect(mongodb_uri, _installed, 30)
    for name in VALIDATORS:
        database[name].delete_many({})
    database.client.close()
    return _installed


@pytest.fixture(scope="session")
def azurite_connection_string() -> Iterator[str]:
    with azurite() as connection_string:
        yield connection_string


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def extractor() -> Iterator[Reader]:
    extractor = Reader()
    yield extractor
    extractor.close()
