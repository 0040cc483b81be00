"""Azure's errors become one clear sentence that never contains a key."""

from __future__ import annotations

import gc
import hashlib
import io
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psutil
import pytest

from jobs.adapters.azure_blob import CHUNK, AzureBlobStore
from jobs.bootstrap import Application
from jobs.configuration.table import Configuration
from jobs.domain.errors import BlobStoreRefused, BlobStoreUnavailable, ConfigurationError
from tests.servers import free_port
from tests.servers.azurite import azurite, connection_string

WRONG_KEY = "d3Jvbmcga2V5IHRoYXQgbm9ib2R5IGhhcw=="


def a_store(given: str, **options: float) -> AzureBlobStore:
    name = f"c{uuid4().hex[:12]}"
    return AzureBlobStore(
        connection_string=given, account_url=None, container=name, connect_seconds=0.5, read_seconds=0.5, retries=0
    )


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that accepts connections and never responds."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def put(store: AzureBlobStore) -> None:
    try:
        store.put("n", io.BytesIO(b"x"), content_type="t/t", md5=hashlib.md5(b"x").digest(), fence=1, metadata={})
    finally:
        store.close()


@pytest.mark.server
def test_wrong_key_is_reported_but_not_shown(azurite_connection_string):
    port = int(azurite_connection_string.split("127.0.0.1:")[1].split("/")[0])
    with pytest.raises(BlobStoreRefused, match="Azurite if the key is wrong") as caught:
        put(a_store(connection_string(port, WRONG_KEY)))
    assert WRONG_KEY not in str(caught.value)


@pytest.mark.server
def test_missing_server_is_unavailable():
    with pytest.raises(BlobStoreUnavailable, match="not reachable"):
        put(a_store(connection_string(free_port())))


@pytest.mark.server
def test_silent_server_is_unavailable(silent_port):
    with pytest.raises(BlobStoreUnavailable, match="not reachable"):
        put(a_store(connection_string(silent_port)))


@pytest.mark.parametrize("text", ["nonsense", "AccountKey=secret", "DefaultEndpointsProtocol=https"])
def test_malformed_connection_string_is_a_wrong_setting(text):
    with pytest.raises(ConfigurationError, match="AZURE_STORAGE_CONNECTION_STRING") as caught:
        put(a_store(text))
    assert "secret" not in str(caught.value)


@pytest.mark.server
def test_check_gives_up_before_the_usual_timeout(silent_port):
    store = AzureBlobStore(connection_string=connection_string(silent_port), account_url=None, container="c")
    began = time.monotonic()
    with pytest.raises(BlobStoreUnavailable):
        store.check()
    store.close()
    assert time.monotonic() - began < 10


@pytest.mark.server
def test_closing_releases_the_connections(azurite_connection_string):
    store = a_store(azurite_connection_string)
    put(store)
    gc.collect()  # a reference cycle keeps the last response's connection open
    port = int(azurite_connection_string.split("127.0.0.1:")[1].split("/")[0])
    mine = psutil.Process().net_connections("tcp")
    assert [one for one in mine if one.raddr and one.raddr.port == port and one.status == "ESTABLISHED"] == []
    put(store)  # this opens new connections


def store_large(store: AzureBlobStore, data: bytes, fence: int) -> None:
    md5 = hashlib.md5(data).digest()
    store.put("large", io.BytesIO(data), content_type="t/t", md5=md5, fence=fence, metadata={})


@pytest.mark.server
def test_replaced_blob_is_never_mixed(azurite_connection_string):
    store = a_store(azurite_connection_string)
    put(store)
    store_large(store, b"a" * 3 * CHUNK, fence=1)
    with store.open("large") as file:
        assert file.read(10) == b"a" * 10
        store_large(store, b"b" * 3 * CHUNK, fence=2)
        with pytest.raises(BlobStoreUnavailable, match="replaced while it was being read"):
            file.read()
    store.close()


@pytest.mark.server
def test_store_lost_during_a_read_is_unavailable():
    with azurite() as own:
        store = a_store(own)
        put(store)
        store_large(store, b"a" * 3 * CHUNK, fence=1)
        file = store.open("large")
        assert file.read(10) == b"a" * 10
    with file, pytest.raises(BlobStoreUnavailable):
        file.read()
    store.close()


def test_wrong_account_url_is_named():
    store = AzureBlobStore(connection_string=None, account_url="", container="c")
    with pytest.raises(ConfigurationError, match="AZURE_STORAGE_ACCOUNT_URL"):
        put(store)


def _requests_at_once(store: AzureBlobStore, count: int) -> None:
    with ThreadPoolExecutor(count) as pool:
        barrier = threading.Barrier(count)
        list(pool.map(lambda _: (barrier.wait(), store.check()), range(count)))


@pytest.mark.server
@pytest.mark.parametrize(("connections", "dropped"), [(24, 0), (4, 20)])
def test_every_used_connection_is_kept_open(azurite_connection_string, caplog, connections, dropped):
    store = AzureBlobStore(
        connection_string=azurite_connection_string, account_url=None, container="pool", connections=connections
    )
    with caplog.at_level("WARNING", "urllib3.connectionpool"):
        for _ in range(3):
            _requests_at_once(store, 24)
    store.close()
    full = [record for record in caplog.records if "pool is full" in record.getMessage()]
    assert len(full) >= min(dropped, 1)
    assert dropped or not full


def test_every_thread_gets_a_connection():
    config = Configuration(
        blob_store="azure", azure_storage_connection_string=connection_string(1), worker_concurrency=32
    )
    store = Application(config).blobs
    assert isinstance(store, AzureBlobStore)
    transport = store._container._pipeline._transport._transport
    assert {each._pool_maxsize for each in transport.session.adapters.values()} == {64}
    store.close()


def test_silent_store_fails_within_a_lease():
    store = AzureBlobStore(connection_string=connection_string(1), account_url=None, container="c")
    options, retries = store._options, store._retries
    tries = retries["retry_total"] + 1
    backoff = sum(retries["initial_backoff"] + retries["increment_base"] ** n + 3 for n in range(1, tries))
    assert tries * (options["connection_timeout"] + options["read_timeout"]) + backoff <= Configuration.lease_seconds
