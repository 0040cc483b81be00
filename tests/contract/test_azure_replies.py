"""Truncated responses from Azure, and responses that do not come from the blob itself, count as store failures."""

from __future__ import annotations

import contextlib
import hashlib
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError, ServiceResponseTimeoutError

from jobs.adapters.azure_blob import AzureBlobStore
from jobs.adapters.azure_retries import REASONS, reason
from jobs.domain.errors import BlobNotFound, BlobStoreRefused, BlobStoreUnavailable
from jobs.telemetry.metrics import CATALOGUE
from tests.servers.azurite import connection_string

pytestmark = pytest.mark.server


@contextmanager
def a_server(replies: dict[str, tuple[int, dict[str, str]]], **options: Any) -> Iterator[AzureBlobStore]:
    """A store with a server that has one fixed reply per method."""

    class Replies(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def reply(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers = replies[self.command]
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_) -> None:
            pass

    for method in ("PUT", "HEAD", "GET"):
        setattr(Replies, f"do_{method}", Replies.reply)
    with ThreadingHTTPServer(("127.0.0.1", 0), Replies) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        given = connection_string(server.server_port)
        store = AzureBlobStore(connection_string=given, account_url=None, container="c", **{"retries": 0, **options})
        try:
            yield store
        finally:
            store.close()
            server.shutdown()


def put(store: AzureBlobStore) -> None:
    md5 = hashlib.md5(b"x").digest()
    store.put("n", io.BytesIO(b"x"), content_type="t/t", md5=md5, fence=1, metadata={})


def code(name: str) -> dict[str, str]:
    return {"x-ms-error-code": name}


@pytest.mark.parametrize("headers", [{}, {"Last-Modified": "yesterday"}, {"ETag": "e", "x-ms-meta-fence": "?"}])
def test_incomplete_reply_is_the_stores_failure(headers):
    replies = {"PUT": (409, code("BlobAlreadyExists")), "HEAD": (200, headers)}
    with a_server(replies) as store, pytest.raises(BlobStoreUnavailable):
        put(store)


@pytest.mark.parametrize("act", [put, lambda store: list(store.names("n"))])
def test_reply_that_is_cut_off_is_the_stores_failure(act):
    cut = {"Content-Length": "10", "Connection": "close"}
    with a_server({"PUT": (201, cut), "GET": (200, cut)}) as store, pytest.raises(BlobStoreUnavailable):
        act(store)


@pytest.mark.parametrize("name", ["ResourceNotFound", "ContainerNotFound", "BlobNotFound", ""])
def test_upload_to_a_missing_container_is_retried(name):
    with a_server({"PUT": (404, code(name))}) as store, pytest.raises(BlobStoreUnavailable):
        put(store)


def test_firewall_is_not_reported_as_a_wrong_key():
    with a_server({"PUT": (403, code("AuthorizationFailure"))}) as store, pytest.raises(BlobStoreRefused) as caught:
        put(store)
    assert "firewall" in str(caught.value)
    assert "CONNECTION_STRING" not in str(caught.value)


def test_failed_requests_are_logged_with_azure_s_id(caplog):
    with (
        a_server({"PUT": (500, code("InternalError") | {"x-ms-request-id": "a-request"})}) as store,
        pytest.raises(BlobStoreUnavailable),
    ):
        put(store)
    (record,) = [each for each in caplog.records if each.message == "blob.failed"]
    assert (record.requestId, record.status, record.code, record.blob) == ("a-request", 500, "InternalError", "n")


def test_missing_blob_is_not_logged(caplog):
    with a_server({"GET": (404, code("BlobNotFound"))}) as store, pytest.raises(BlobNotFound):
        store.open("n")
    assert "blob.failed" not in caplog.text


def test_the_client_s_retries_are_counted(monkeypatch):
    seen: list[str] = []
    monkeypatch.setattr("azure.storage.blob.ExponentialRetry.sleep", lambda *_: None)
    with (
        a_server({"PUT": (503, code("ServerBusy"))}, retries=2, on_retry=seen.append) as store,
        pytest.raises(BlobStoreUnavailable),
    ):
        put(store)
    assert seen == ["throttled", "throttled"]


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (408, None, "timeout"),
        (504, None, "server_error"),
        (404, None, "other"),
        (None, ServiceResponseTimeoutError("x"), "timeout"),
        (None, ServiceRequestError("refused"), "connection"),
    ],
)
def test_each_retry_has_a_known_reason(status, error, expected):
    assert reason(status, error) == expected
    (family,) = [each for each in CATALOGUE if each.name == "filesure_blob_retries_total"]
    assert family.known == tuple((each,) for each in REASONS)


@pytest.mark.parametrize(("excepted", "through"), [("", True), ("nobody.invalid", False)])
def test_proxies_of_the_environment_are_used(monkeypatch, excepted, through):
    """They are read once, not for each request."""
    asked: list[str] = []

    class Proxy(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_GET = do_HEAD  # noqa: N815

        def log_message(self, *_) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        for name in ("http_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_port}")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.setenv(name, excepted)
        given = connection_string(80).replace("127.0.0.1:80", "nobody.invalid")
        store = AzureBlobStore(connection_string=given, account_url=None, container="c", retries=0)
        with contextlib.suppress(BlobStoreUnavailable):
            store.check()
        store.close()
        server.shutdown()
    assert bool(asked) is through
    assert all(path.startswith("http://nobody.invalid/") for path in asked)
