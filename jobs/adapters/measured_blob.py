"""Counts and times the operations of a blob store."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, BinaryIO

from jobs.domain.errors import FilesureError

if TYPE_CHECKING:
    from jobs.ports import Blob, BlobStore
    from jobs.telemetry.metrics import Instruments


class MeasuredBlobStore:
    """Wraps another ``jobs.ports.BlobStore``. For reads, only ``open`` is timed; the rest depends on the reader."""

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
            self._instruments.count("filesure_blob_operations_total", operation=operation, outcome=outcome)
            seconds = time.perf_counter() - began
            self._instruments.observe("filesure_blob_operation_duration_seconds", seconds, operation=operation)

    def put(
        self, name: str, data: IO[bytes], *, content_type: str, md5: bytes, fence: int, metadata: Mapping[str, str]
    ) -> Blob:
        with self._measured("put"):
            return self._inner.put(name, data, content_type=content_type, md5=md5, fence=fence, metadata=metadata)

    def put_stream(
        self, name: str, chunks: Iterator[bytes], *, content_type: str, fence: int, metadata: Mapping[str, str]
    ) -> Blob:
        with self._measured("put"):
            return self._inner.put_stream(name, chunks, content_type=content_type, fence=fence, metadata=metadata)

    def open(self, name: str, start: int = 0) -> BinaryIO:
        with self._measured("open"):
            return self._inner.open(name, start)

    def names(self, prefix: str) -> Iterator[str]:
        with self._measured("names"):
            names = list(self._inner.names(prefix))
        return iter(names)

    def delete(self, name: str, *, up_to_fence: int | None = None) -> None:
        with self._measured("delete"):
            self._inner.delete(name, up_to_fence=up_to_fence)

    def tidy(self) -> None:
        self._inner.tidy()

    def check(self) -> str:
        return self._inner.check()
