"""A blob store whose operations are counted and timed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import IO, BinaryIO

from jobs.domain.errors import FilesureError
from jobs.domain.metrics import Instruments
from jobs.ports import Blob, BlobStore


class MeasuredBlobStore:
    """``jobs.ports.BlobStore`` over another one. Of a read, the opening is timed: how fast a person reads is not."""

    def __init__(self, inner: BlobStore, instruments: Instruments) -> None:
        self._inner = inner
        self._instruments = instruments

    @contextmanager
    def _measured(self, operation: str) -> Iterator[None]:
        began, outcome = time.perf_counter(), "ok"
        try:
            yield
        except BaseException as error:
            outcome = error.kind if isinstance(error, FilesureError) else "unexpected"
            raise
        finally:
            self._instruments.count("blob_operations_total", operation=operation, outcome=outcome)
            seconds = time.perf_counter() - began
            self._instruments.observe("blob_operation_duration_seconds", seconds, operation=operation)

    def put(
        self, name: str, data: IO[bytes], *, content_type: str, md5: bytes, fence: int, metadata: Mapping[str, str]
    ) -> Blob:
        """See the port."""
        with self._measured("put"):
            return self._inner.put(
                name, data, content_type=content_type, md5=md5, fence=fence, metadata=metadata
            )  # fmt: skip

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """See the port."""
        with ExitStack() as opened:
            with self._measured("open"):
                stream = opened.enter_context(self._inner.open(name))
            yield stream

    def properties(self, name: str) -> Blob:
        """See the port."""
        with self._measured("properties"):
            return self._inner.properties(name)

    def names(self, prefix: str) -> Iterator[str]:
        """See the port."""
        with self._measured("names"):
            names = list(self._inner.names(prefix))
        return iter(names)

    def delete(self, name: str) -> None:
        """See the port."""
        with self._measured("delete"):
            self._inner.delete(name)

    def check(self) -> str:
        """See the port."""
        return self._inner.check()
