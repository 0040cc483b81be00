"""An in-memory blob store for tests. It passes the same test suite as the other blob stores."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Iterator, Mapping
from typing import IO, BinaryIO

from jobs.domain.errors import BlobNotFound, BlobStoreUnavailable, LeaseLost
from jobs.ports import Blob


class MemoryBlobStore:
    """``jobs.ports.BlobStore`` over a dictionary."""

    def __init__(self) -> None:
        self._blobs: dict[str, tuple[Blob, bytes, int]] = {}
        self._lock = threading.Lock()

    def put(
        self, name: str, data: IO[bytes], *, content_type: str, md5: bytes, fence: int, metadata: Mapping[str, str]
    ) -> Blob:
        content = data.read()
        if hashlib.md5(content, usedforsecurity=False).digest() != md5:
            raise BlobStoreUnavailable("The bytes do not match their checksum.")
        blob = Blob(
            name=name,
            url=f"memory:///{name}",
            size=len(content),
            content_type=content_type,
            md5=md5,
            metadata=dict(metadata),
        )
        with self._lock:
            if name in self._blobs and self._blobs[name][2] > fence:
                raise LeaseLost(metadata.get("jobId", name), fence)
            self._blobs[name] = (blob, content, fence)
        return blob

    def put_stream(
        self, name: str, chunks: Iterator[bytes], *, content_type: str, fence: int, metadata: Mapping[str, str]
    ) -> Blob:
        content = b"".join(chunks)
        md5 = hashlib.md5(content, usedforsecurity=False).digest()
        return self.put(name, io.BytesIO(content), content_type=content_type, md5=md5, fence=fence, metadata=metadata)

    def open(self, name: str, start: int = 0) -> BinaryIO:
        return io.BytesIO(self._known(name)[1][start:])

    def names(self, prefix: str) -> Iterator[str]:
        with self._lock:
            return iter(sorted(name for name in self._blobs if name.startswith(prefix)))

    def delete(self, name: str, *, up_to_fence: int | None = None) -> None:
        with self._lock:
            if up_to_fence is None or name not in self._blobs or self._blobs[name][2] <= up_to_fence:
                self._blobs.pop(name, None)

    def tidy(self) -> None:
        pass

    def check(self) -> str:
        return "memory"

    def _known(self, name: str) -> tuple[Blob, bytes, int]:
        with self._lock:
            if name not in self._blobs:
                raise BlobNotFound(f"There is no blob {name}.")
            return self._blobs[name]
