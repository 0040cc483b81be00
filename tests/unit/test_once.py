"""Objects that are built on first use are built only once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from unittest.mock import MagicMock

import pytest

from jobs import bootstrap
from jobs.adapters.azure_blob import AzureBlobStore
from jobs.adapters.mongo import connection
from jobs.bootstrap import stores
from jobs.bootstrap.once import once, part
from jobs.configuration.table import load
from jobs.domain.errors import DatabaseUnavailable
from tests.servers import free_port
from tests.servers.azurite import connection_string


class Meeting:
    """Counts builds, and waits a little so that a second thread could build at the same time."""

    def __init__(self) -> None:
        self.builds = 0
        self._barrier = Barrier(2)

    def __call__(self, *_: object) -> object:
        self.builds += 1
        with suppress(BrokenBarrierError):
            self._barrier.wait(0.3)
        return load({})


def race(get) -> list[object]:
    with ThreadPoolExecutor(2) as pool:
        return [future.result() for future in [pool.submit(get), pool.submit(get)]]


def test_racing_threads_share_one_application(monkeypatch):
    meeting = Meeting()
    monkeypatch.setattr(bootstrap, "current", meeting)
    bootstrap.application.cache_clear()
    one, other = race(bootstrap.application)
    bootstrap.application.cache_clear()
    assert (one is other, meeting.builds) == (True, 1)


def test_racing_threads_share_one_part():
    meeting = Meeting()

    class Whole:
        thing = part(meeting)

    whole = Whole()
    one, other = race(lambda: whole.thing)
    assert (one is other, meeting.builds) == (True, 1)
    assert Whole().thing is not one


@pytest.mark.parametrize(
    "name",
    [
        *("catalogue", "companies", "directory", "pages"),
        *("suggesting", "service", "sweep", "lists", "watching", "exporting"),
    ],
)
def test_threads_do_not_queue_for_an_unreachable_server(monkeypatch, name):
    both_asking = Barrier(2)

    def ask(_client: object) -> str:
        both_asking.wait(10)
        raise DatabaseUnavailable("MongoDB is down.")

    monkeypatch.setattr(stores, "connect", lambda *_: MagicMock())
    monkeypatch.setattr(connection, "_asked_product", ask)
    app = bootstrap.Application(load({"MONGODB_URI": "mongodb://127.0.0.1:9/"}))
    with ThreadPoolExecutor(2) as pool:
        errors = [future.exception() for future in [pool.submit(getattr, app, name) for _ in range(2)]]
    assert [type(error) for error in errors] == [DatabaseUnavailable, DatabaseUnavailable]


def test_failed_build_is_tried_again():
    results = [ValueError("not yet"), "built"]

    def build() -> str:
        result = results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    get = once(build)
    with pytest.raises(ValueError, match="not yet"):
        get()
    assert (get(), get()) == ("built", "built")


def test_racing_threads_share_one_azure_client(monkeypatch):
    store = AzureBlobStore(connection_string=connection_string(free_port()), account_url=None, container="c")
    meeting = Meeting()
    monkeypatch.setattr(store, "_connect", meeting)
    one, other = race(lambda: store._container)
    store.close()
    assert (one is other, meeting.builds) == (True, 1)
