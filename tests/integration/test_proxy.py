"""The crash tests' proxy: it must detect every request, or those tests prove nothing."""

from __future__ import annotations

import http.client
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pymongo
import pytest
from pymongo.errors import AutoReconnect

from jobs.adapters.azure_blob import AzureBlobStore
from jobs.domain.errors import BlobStoreUnavailable
from tests.servers.azurite import connection_string
from tests.servers.proxy import Gate, Request, Verdict, http_requests, proxied

pytestmark = pytest.mark.server


@pytest.fixture
def gate() -> Gate:
    return Gate()


@contextmanager
def through(gate: Gate, database) -> Iterator:
    """The same database through the proxy."""
    database["passing"].delete_many({})
    address = database.client.address
    with proxied(gate, address[1]) as port:
        uri = f"mongodb://127.0.0.1:{port}/?directConnection=true&retryWrites=false&retryReads=false"
        with pymongo.MongoClient(uri) as client:
            yield client[database.name]


@contextmanager
def blobs(gate: Gate, azurite: str) -> Iterator[AzureBlobStore]:
    with proxied(gate, int(azurite.split("127.0.0.1:")[1].split("/", maxsplit=1)[0]), http=True) as port:
        store = AzureBlobStore(
            connection_string=connection_string(port), account_url=None, container="proxy", retries=0, read_seconds=5
        )
        yield store
        store.close()


def put(store: AzureBlobStore, name: str, data: bytes = b"x" * 100) -> None:
    store.put(name, io.BytesIO(data), content_type="a/b", md5=b"", fence=1, metadata={})


def at(name: str, verdict: Verdict):
    return lambda request: verdict if request.name == name else Verdict.FORWARD


def names(gate: Gate) -> list[str]:
    return [request.name for request in gate.requests]


def test_each_mongodb_command_is_named(gate, database):
    with through(gate, database) as seen:
        seen["passing"].insert_one({"_id": 1, "big": "x" * 3_000_000})
        seen["passing"].update_one({"_id": 1}, {"$set": {"a": 1}})
        assert seen["passing"].find_one({"_id": 1})["a"] == 1
        seen.client.admin.command("ping")
    assert names(gate) == ["insert passing", "update passing", "find passing"]
    assert [request.number for request in gate.requests] == [1, 2, 3]


def test_cut_request_never_reaches_mongodb(gate, database):
    gate.open(before=at("insert passing", Verdict.CUT))
    with through(gate, database) as seen, pytest.raises(AutoReconnect):
        seen["passing"].insert_one({"_id": 1})
    assert database["passing"].count_documents({}) == 0


@pytest.mark.parametrize("verdict", [Verdict.CUT, Verdict.HALF])
def test_cut_reply_leaves_the_write_done(gate, database, verdict):
    gate.open(after=at("insert passing", verdict))
    with through(gate, database) as seen, pytest.raises(AutoReconnect):
        seen["passing"].insert_one({"_id": 1})
    assert database["passing"].count_documents({}) == 1


def test_held_request_waits_and_others_pass(gate, database):
    held, let_go = threading.Event(), threading.Event()

    def hold(request: Request) -> Verdict:
        if request.name == "insert passing":
            held.set()
            assert let_go.wait(30)
        return Verdict.FORWARD

    gate.open(before=hold)
    with through(gate, database) as seen:
        writer = threading.Thread(target=seen["passing"].insert_one, args=[{"_id": 1}])
        writer.start()
        assert held.wait(30)
        assert seen["passing"].count_documents({}) == 0
        let_go.set()
        writer.join()
        assert seen["passing"].count_documents({}) == 1


def test_each_http_request_is_named(gate, azurite_connection_string):
    with blobs(gate, azurite_connection_string) as store:
        put(store, "named/one.pdf")
        put(store, "named/two.pdf", b"")
        assert list(store.names("named/")) == ["named/one.pdf", "named/two.pdf"]
        store.delete("named/one.pdf")
        store.delete("named/two.pdf")
    assert [name for name in names(gate) if name not in ("PUT proxy", "GET proxy")][-4:] == [
        "PUT one.pdf",
        "PUT two.pdf",
        "DELETE one.pdf",
        "DELETE two.pdf",
    ]


@pytest.mark.parametrize(("when", "there"), [("before", False), ("after", True)])
def test_cut_upload_is_stored_only_before_its_reply(gate, azurite_connection_string, when, there):
    name = f"cut/{when}.pdf"
    with blobs(gate, azurite_connection_string) as store:
        put(store, "warm/up.pdf")
        gate.open(**{when: at(f"PUT {when}.pdf", Verdict.CUT)})
        with pytest.raises(BlobStoreUnavailable):
            put(store, name)
        gate.open()
        assert list(store.names("cut/")) == ([name] if there else [])
        store.delete(name)


def test_half_an_upload_stores_nothing(gate, azurite_connection_string):
    with blobs(gate, azurite_connection_string) as store:
        put(store, "warm/up.pdf")
        gate.open(before=at("PUT half.pdf", Verdict.HALF))
        with pytest.raises(BlobStoreUnavailable):
            put(store, "half/half.pdf", b"x" * 100_000)
        gate.open()
        assert list(store.names("half/")) == []


def test_chunked_request_is_read_to_its_end():
    class Recorder(http.client.HTTPConnection):
        sent = b""

        def connect(self) -> None:
            pass

        def send(self, data) -> None:
            self.sent += data

    connection = Recorder("host")
    for path in ("/a/one", "/a/two?comp=block"):
        connection._HTTPConnection__state = "Idle"
        connection.request("PUT", path, body=iter([b"abc", b"d" * 5000]), encode_chunked=True)
    messages = list(http_requests(io.BytesIO(connection.sent)))
    assert [message.name for message in messages] == ["PUT one", "PUT two"]
    assert b"".join(message.data for message in messages) == connection.sent
