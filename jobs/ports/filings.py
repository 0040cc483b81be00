"""Ports for filings: their source, the extraction of their text, and their storage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from jobs.domain.document import Filing
    from jobs.domain.filings.reading import Reading


@dataclass(frozen=True, kw_only=True)
class Blob:
    """A blob's properties. ``size`` is in bytes; ``md5`` is the raw digest, 16 bytes."""

    name: str
    url: str
    size: int
    content_type: str
    md5: bytes
    metadata: Mapping[str, str]


class BlobStore(Protocol):
    """Stores blobs by name, in a flat namespace."""

    def put(
        self,
        name: str,
        data: IO[bytes],
        *,
        content_type: str,
        md5: bytes,
        fence: int,
        metadata: Mapping[str, str],
    ) -> Blob:
        """Store a blob atomically, replacing any blob of this name. Streams ``data``.

        The writer's fence is stored with it. Raises LeaseLost if the existing blob has a higher fence.
        """

    def put_stream(
        self, name: str, chunks: Iterator[bytes], *, content_type: str, fence: int, metadata: Mapping[str, str]
    ) -> Blob:
        """Store a blob atomically whose size and digest are not known before, under a name that nobody else writes.

        If ``chunks`` raises an error, nothing is stored, and the error is raised.
        """

    def open(self, name: str, start: int = 0) -> BinaryIO:
        """Open a blob for reading from byte ``start``, which it has; the caller closes it. Raises BlobNotFound.

        Reads raise BlobStoreUnavailable if the blob is replaced in the meantime or the store fails.
        """

    def names(self, prefix: str) -> Iterator[str]:
        """The names that start with ``prefix``, sorted."""

    def delete(self, name: str, *, up_to_fence: int | None = None) -> None:
        """Delete a blob, unless its fence is higher than ``up_to_fence``. Idempotent."""

    def tidy(self) -> None:
        """Remove the remains of uploads that were interrupted at least a day ago."""

    def check(self) -> str:
        """A short description of the store, such as its location. Raises if it cannot be used."""


class Source(Protocol):
    """A source of filings. Implementations limit the time of their blocking calls."""

    def filings(self, cin: str, company_name: str) -> Sequence[Filing]:
        """All filings of a company, in a stable order. Raises CompanyNotFound, SourceUnavailable."""

    def download(self, cin: str, company_name: str, filing: Filing, attempt: int) -> Iterator[bytes]:
        """Download a filing, in chunks of at most 1 MiB. ``attempt`` starts at 1.

        Raises DocumentUnavailable, DocumentUnreadable, SourceUnavailable.
        """

    def check(self) -> str:
        """A short description of the source. Raises SourceUnavailable."""


class Extractor(Protocol):
    """Reads documents."""

    def read(self, path: Path, file_name: str, *, spool: IO[bytes]) -> Reading:
        """Read a file. Whatever is wrong with it is in the reading. Files inside it are written to ``spool``.

        Raises DocumentUnavailable (the extractor was closed), LocalDiskError, UnexpectedError.
        """

    def close(self) -> None:
        """Release the extractor's resources. Idempotent."""
