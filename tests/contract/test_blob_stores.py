"""One suite for all blob stores: folder, Azure (Azurite) and in-memory."""

from __future__ import annotations

import contextlib
import hashlib
import io
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from jobs.adapters.azure_blob import AzureBlobStore
from jobs.adapters.file_blob import FileBlobStore
from jobs.adapters.memory_blob import MemoryBlobStore
from jobs.domain.errors import BlobNotFound, BlobStoreRefused, BlobStoreUnavailable, LeaseLost
from jobs.ports import Blob, BlobStore
from tests.blobs import properties

METADATA = {"jobId": "j1", "companyName": "Ünïcode & Söhne हिन्दी", "cin": "L24295GJ1987PLC143792"}


@pytest.fixture(params=["memory", "file", pytest.param("azure", marks=pytest.mark.server)])
def store(request, tmp_path) -> Iterator[BlobStore]:
    if request.param == "memory":
        yield MemoryBlobStore()
    elif request.param == "file":
        yield FileBlobStore(tmp_path / "blobs")
    else:
        given = request.getfixturevalue("azurite_connection_string")
        azure = AzureBlobStore(connection_string=given, account_url=None, container=f"c{uuid4().hex[:12]}")
        yield azure
        azure.close()


def put(store: BlobStore, name: str, data: bytes, fence: int = 1) -> Blob:
    return store.put(
        name,
        io.BytesIO(data),
        content_type="application/pdf",
        md5=hashlib.md5(data).digest(),
        fence=fence,
        metadata=METADATA,
    )


def get(store: BlobStore, name: str) -> bytes:
    with store.open(name) as file:
        return file.read()


NAME = "jobs/65a1f0c2b7e4d3a291f0c2b7/document_1.pdf"


def test_blob_keeps_its_properties(store):
    blob = put(store, NAME, b"some bytes")
    assert get(store, NAME) == b"some bytes"
    found = properties(store, NAME)
    assert found == blob
    assert (found.size, found.content_type, found.md5) == (10, "application/pdf", hashlib.md5(b"some bytes").digest())
    assert dict(found.metadata) == METADATA
    assert found.url.endswith(NAME)


def test_stream_of_unknown_size_becomes_a_blob(store):
    put(store, NAME, b"first")  # as for a container that is there
    chunks = [b"", b"a" * 3_000_000, b"", b"", b"b" * 3_000_000, b""]  # an empty one is not the end
    blob = store.put_stream(f"{NAME}.zip", iter(chunks), content_type="application/zip", fence=4, metadata=METADATA)
    data = b"".join(chunks)
    assert get(store, f"{NAME}.zip") == data
    assert (blob.size, blob.md5, blob.content_type) == (len(data), hashlib.md5(data).digest(), "application/zip")


def test_stream_that_breaks_leaves_nothing(store):
    put(store, NAME, b"first")

    def broken():
        yield b"a" * 5_000_000
        raise BlobNotFound("The source is gone.")

    with pytest.raises(BlobNotFound, match="source is gone"):
        store.put_stream(f"{NAME}.zip", broken(), content_type="application/zip", fence=4, metadata=METADATA)
    assert list(store.names(NAME)) == [NAME]


def test_same_or_higher_fence_replaces_a_blob(store):
    put(store, NAME, b"first", fence=3)
    put(store, NAME, b"second", fence=3)
    assert get(store, NAME) == b"second"
    put(store, NAME, b"third", fence=4)
    assert get(store, NAME) == b"third"


def test_blob_is_read_from_any_byte(store):
    data = bytes(range(256)) * 10_000
    put(store, NAME, data)
    for start in (0, 1, 1_048_576, len(data) - 1):
        with store.open(NAME, start) as file:
            assert file.read() == data[start:]
    with pytest.raises(BlobNotFound):
        store.open("jobs/none", 5)


def test_lower_fence_changes_nothing(store):
    put(store, NAME, b"the new worker's", fence=4)
    with pytest.raises(LeaseLost):
        put(store, NAME, b"the old worker's", fence=3)
    assert get(store, NAME) == b"the new worker's"


def test_highest_fence_wins_a_race(store):
    put(store, "warm/up", b"")

    def write(fence: int) -> None:
        with contextlib.suppress(LeaseLost):
            put(store, NAME, f"fence {fence}".encode(), fence=fence)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, [2, 4, 1, 3]))
    assert get(store, NAME) == b"fence 4"


def test_empty_blob_is_stored(store):
    put(store, NAME, b"")
    assert (get(store, NAME), properties(store, NAME).size) == (b"", 0)


def test_names_are_found_by_prefix(store):
    for name in ("jobs/b/document_1.pdf", "jobs/a/document_2.txt", "jobs/a/document_1.pdf", "other/x"):
        put(store, name, b"x")
    assert list(store.names("jobs/a/")) == ["jobs/a/document_1.pdf", "jobs/a/document_2.txt"]
    assert len(list(store.names("jobs/"))) == 3
    assert list(store.names("nothing/")) == []


def test_missing_blob_raises_not_found(store):
    put(store, NAME, b"x")
    with pytest.raises(BlobNotFound):
        properties(store, "jobs/none")
    with pytest.raises(BlobNotFound), store.open("jobs/none"):
        pass


def test_deleting_twice_equals_deleting_once(store):
    put(store, NAME, b"x")
    store.delete(NAME)
    store.delete(NAME)
    with pytest.raises(BlobNotFound):
        properties(store, NAME)


def test_new_store_is_empty(store):
    store.delete(NAME)
    assert list(store.names("jobs/")) == []
    with pytest.raises(BlobNotFound):
        properties(store, NAME)


def test_reader_errors_pass_through_unchanged(store):
    put(store, NAME, b"x")
    with pytest.raises(BrokenPipeError), store.open(NAME):
        raise BrokenPipeError


def test_content_with_a_wrong_md5_is_refused(store):
    put(store, "warm/up", b"")
    with pytest.raises((BlobStoreUnavailable, BlobStoreRefused)):  # Azurite returns no error code for this
        store.put(NAME, io.BytesIO(b"x"), content_type="a/b", md5=bytes(16), fence=1, metadata=METADATA)
    assert list(store.names("jobs/")) == []


def test_reads_work_during_a_write(store):
    def write(number: int) -> None:
        put(store, f"jobs/a/{number}", b"x")
        assert f"jobs/a/{number}" in list(store.names("jobs/a/"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(24)))


def test_store_describes_its_location(store):
    assert store.check()


class Zeros(io.RawIOBase):
    """A large file that uses no memory."""

    def __init__(self, size: int) -> None:
        self.size, self.at = size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset + (0, self.at, self.size)[whence]
        return self.at

    def tell(self) -> int:
        return self.at

    def read(self, count: int = -1) -> bytes:
        left = self.size - self.at
        taken = left if count < 0 else min(count, left)
        self.at += taken
        return bytes(taken)


def test_large_blob_streams(store):
    if isinstance(store, MemoryBlobStore):
        return  # this store keeps everything in memory by design
    size = 48 * 1024 * 1024
    digest = hashlib.md5()
    for _ in range(48):
        digest.update(bytes(1024 * 1024))
    put(store, "warm/up", b"")
    tracemalloc.start()
    try:
        store.put(NAME, Zeros(size), content_type="application/pdf", md5=digest.digest(), fence=1, metadata=METADATA)
        with store.open(NAME) as file:
            read = 0
            while chunk := file.read(1024 * 1024):
                read += len(chunk)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert read == size
    assert peak < 24 * 1024 * 1024


def test_deleting_spares_newer_blobs(store):
    put(store, NAME, b"x", fence=4)
    store.delete(NAME, up_to_fence=3)
    assert get(store, NAME) == b"x"
    store.delete(NAME, up_to_fence=4)
    store.delete(NAME, up_to_fence=4)
    assert list(store.names("jobs/")) == []


def test_tidying_keeps_what_is_stored(store):
    put(store, NAME, b"x")
    store.tidy()
    assert list(store.names("jobs/")) == [NAME]
