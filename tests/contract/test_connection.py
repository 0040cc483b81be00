"""The connection to MongoDB: the server's clock, its silence, and wrong addresses."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobs.adapters.mongo import connection
from jobs.adapters.mongo.connection import ServerClock, connect
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.domain.errors import ConfigurationError, DatabaseSlow, DatabaseUnavailable

pytestmark = pytest.mark.server


def test_server_clock_is_followed_between_checks(database):
    clock = ServerClock(database)
    first, second = clock(), clock()
    assert first <= second
    assert abs((first - datetime.now(UTC)).total_seconds()) < 5
    assert first.microsecond % 1000 == 0


def test_silent_server_times_out_as_unavailable():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        database = connect(f"mongodb://127.0.0.1:{silent.getsockname()[1]}/", "x", 0.5)
        with pytest.raises(DatabaseUnavailable) as caught:
            MongoJobRepository(database, lambda: datetime.now(UTC)).has_unfinished()
        assert not isinstance(caught.value, DatabaseSlow)
        database.client.close()


@pytest.mark.parametrize("uri", ["nonsense", "mongodb://", "http://localhost", "mongodb://user:secret:pw@host"])
def test_malformed_connection_string_is_never_shown(uri):
    with pytest.raises(ConfigurationError, match="MONGODB_URI") as caught:
        connect(uri, "x", 1)
    assert "secret" not in str(caught.value)


class Hours:
    """A server and a monotonic clock on which a test can act at a certain look."""

    def __init__(self) -> None:
        self.now = 0.0
        self.looks: list[Callable[[], object]] = []

    def monotonic(self) -> float:
        if self.looks:
            self.looks.pop(0)()
        return self.now

    @property
    def client(self) -> Any:
        return self

    admin = client

    def command(self, _: str) -> dict[str, datetime]:
        return {"localTime": datetime(2026, 1, 5, tzinfo=UTC) + timedelta(seconds=self.now)}


def test_thread_that_reads_the_clock_anew_misleads_no_other(monkeypatch):
    """Without one value for both times, a thread could add the old server time to the age of the new one."""
    hours = Hours()
    monkeypatch.setattr(connection, "time", hours)
    clock = ServerClock(hours)
    clock()

    def a_minute_passes_and_another_thread_asks() -> None:
        hours.now = 61
        assert clock() == datetime(2026, 1, 5, 0, 1, 1, tzinfo=UTC)

    hours.now = 59
    hours.looks = [lambda: None, a_minute_passes_and_another_thread_asks]
    assert clock() == datetime(2026, 1, 5, 0, 1, 1, tzinfo=UTC)
