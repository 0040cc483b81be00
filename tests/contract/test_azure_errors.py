"""What goes wrong with Azure ends in one clear sentence, and none that holds a key."""

from __future__ import annotations

import gc
import hashlib
import io
import socket
import time
from collections.abc import Iterator
from uuid import uuid4

import psutil
import pytest

from jobs.adapters.azure_blob import AzureBlobStore
from jobs.domain.errors import BlobStoreRefused, BlobStoreUnavailable, ConfigurationError
from tests.servers import free_port
from tests.servers.azurite import connection_string

WRONG_KEY = "d3Jvbmcga2V5IHRoYXQgbm9ib2R5IGhhcw=="


def a_store(given: str, **options: float) -> AzureBlobStore:
    name = f"c{uuid4().hex[:12]}"
    return AzureBlobStore(
        connection_string=given, account_url=None, container=name, connect_seconds=0.5, read_seconds=0.5, retries=0
    )  # fmt: skip


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that accepts and never answers."""
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
def test_a_wrong_key_is_named_but_not_shown(azurite_connection_string):
    port = int(azurite_connection_string.split("127.0.0.1:")[1].split("/")[0])
    with pytest.raises(BlobStoreRefused, match="AZURE_STORAGE_CONNECTION_STRING") as caught:
        put(a_store(connection_string(port, WRONG_KEY)))
    assert WRONG_KEY not in str(caught.value)


@pytest.mark.server
def test_no_server_is_unavailable():
    with pytest.raises(BlobStoreUnavailable, match="not reachable"):
        put(a_store(connection_string(free_port())))


@pytest.mark.server
def test_a_server_that_never_answers_is_unavailable(silent_port):
    with pytest.raises(BlobStoreUnavailable, match="not reachable"):
        put(a_store(connection_string(silent_port)))


@pytest.mark.parametrize("text", ["nonsense", "AccountKey=secret", "DefaultEndpointsProtocol=https"])
def test_a_malformed_connection_string_is_a_wrong_setting(text):
    with pytest.raises(ConfigurationError, match="AZURE_STORAGE_CONNECTION_STRING") as caught:
        put(a_store(text))
    assert "secret" not in str(caught.value)


@pytest.mark.server
def test_a_check_gives_up_soon_also_with_the_usual_patience(silent_port):
    store = AzureBlobStore(connection_string=connection_string(silent_port), account_url=None, container="c")
    began = time.monotonic()
    with pytest.raises(BlobStoreUnavailable):
        store.check()
    store.close()
    assert time.monotonic() - began < 10


@pytest.mark.server
def test_closing_gives_back_the_connections(azurite_connection_string):
    store = a_store(azurite_connection_string)
    put(store)
    gc.collect()  # the last answer holds its connection in a cycle
    port = int(azurite_connection_string.split("127.0.0.1:")[1].split("/")[0])
    mine = psutil.Process().net_connections("tcp")
    assert [one for one in mine if one.raddr and one.raddr.port == port and one.status == "ESTABLISHED"] == []
    put(store)  # and the next use opens new ones


def test_a_wrong_account_url_is_named():
    store = AzureBlobStore(connection_string=None, account_url="", container="c")
    with pytest.raises(ConfigurationError, match="AZURE_STORAGE_ACCOUNT_URL"):
        put(store)
