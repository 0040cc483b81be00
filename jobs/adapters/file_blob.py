"""A blob store in a local folder: the default, with the same blob names as in Azure."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, BinaryIO

from jobs.domain.errors import BlobNotFound, BlobStoreRefused, BlobStoreUnavailable, FilesureError, LeaseLost
from jobs.ports import Blob

_CHUNK = 256 * 1024
_INTERRUPTED_SECONDS = 86_400  # no upload takes that long
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


class FileBlobStore:
    """``jobs.ports.BlobStore`` in the folder ``root``.

    A blob's properties are in ``.properties/<name>.json``. They are written before the blob is renamed into
    place, so a blob never lacks its fence: after an interruption in between, the next put of the same name
    finds a fence no higher than its own and repeats both steps. Properties made unreadable by a power cut
    count as missing, so the next put can repair them.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(
        self, name: str, data: IO[bytes], *, content_type: str, md5: bytes, fence: int, metadata: Mapping[str, str]
    ) -> Blob:
        chunks = iter(lambda: data.read(_CHUNK), b"")
        return self._put(name, chunks, md5, content_type=content_type, fence=fence, metadata=metadata)

    def put_stream(
        self, name: str, chunks: Iterator[bytes], *, content_type: str, fence: int, metadata: Mapping[str, str]
    ) -> Blob:
        return self._put(name, chunks, None, content_type=content_type, fence=fence, metadata=metadata)

    def _put(
        self,
        name: str,
        chunks: Iterator[bytes],
        expected: bytes | None,
        *,
        content_type: str,
        fence: int,
        metadata: Mapping[str, str],
    ) -> Blob:
        target = self._path(name)
        with self._translated(name), self._incoming(chunks, expected) as (new, md5), self._lock():
            if self._fence(name) > fence:
                raise LeaseLost(metadata.get("jobId", name), fence)
            size = new.stat().st_size
            self._write_properties(
                name,
                {
                    "contentType": content_type,
                    "md5": md5.hex(),
                    "fence": fence,
                    "metadata": dict(metadata),
                },
            )
            target.parent.mkdir(parents=True, exist_ok=True)
            new.replace(target)
        return Blob(name=name, url=target.as_uri(), size=size, content_type=content_type, md5=md5, metadata=metadata)

    def open(self, name: str, start: int = 0) -> BinaryIO:
        path = self._path(name)
        with self._translated(name):
            if path.is_dir():
                raise BlobNotFound(f"There is no blob {name}.")
            file = path.open("rb")
        file.seek(start)
        return file

    def names(self, prefix: str) -> Iterator[str]:
        """Searches only the folder in the prefix."""
        folder = prefix.rpartition("/")[0]
        if folder and not _is_name(folder):
            return iter(())
        inside = self._root / folder
        found = (path.relative_to(self._root).as_posix() for path in inside.rglob("*") if path.is_file())
        visible = (name for name in found if not any(part.startswith(".") for part in name.split("/")))
        return iter(sorted(name for name in visible if name.startswith(prefix)))

    def delete(self, name: str, *, up_to_fence: int | None = None) -> None:
        with self._translated(name), self._lock():
            if up_to_fence is not None and self._fence(name) > up_to_fence:
                return
            self._path(name).unlink(missing_ok=True)
            self._properties_path(name).unlink(missing_ok=True)

    def tidy(self) -> None:
        with self._translated("a blob"):
            for path in self._folder(".incoming").iterdir():
                with contextlib.suppress(FileNotFoundError):
                    if time.time() - path.stat().st_mtime > _INTERRUPTED_SECONDS:
                        path.unlink()

    def check(self) -> str:
        with self._translated("a blob"), tempfile.TemporaryFile(dir=self._folder(".incoming")) as file:
            file.write(b"x")
            free = shutil.disk_usage(self._root).free
        return f"folder {self._root}, {free / 1e9:.1f} GB free"

    # --- paths, properties, errors

    def _path(self, name: str) -> Path:
        if not _is_name(name):
            raise ValueError(f"{name!r} is not a valid blob name")
        return self._root / name

    def _properties_path(self, name: str) -> Path:
        return self._root / ".properties" / f"{name}.json"

    def _folder(self, name: str) -> Path:
        folder = self._root / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextlib.contextmanager
    def _incoming(self, chunks: Iterator[bytes], expected: bytes | None) -> Iterator[tuple[Path, bytes]]:
        """A temporary file with the bytes, flushed to disk, and their MD5; removed afterwards unless it was renamed."""
        descriptor, name = tempfile.mkstemp(dir=self._folder(".incoming"))
        digest = hashlib.md5(usedforsecurity=False)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in chunks:
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            if expected is not None and digest.digest() != expected:
                raise BlobStoreUnavailable("The bytes do not match their checksum.")
            yield Path(name), digest.digest()
        finally:
            Path(name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """Allow one writer at a time, across processes, so that checking the fence and renaming are atomic."""
        self._root.mkdir(parents=True, exist_ok=True)
        with (self._root / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _fence(self, name: str) -> int:
        try:
            known = self._read_properties(name)
        except FileNotFoundError:
            return -1
        return int(known["fence"]) if known else -1

    def _read_properties(self, name: str) -> dict[str, Any] | None:
        """None if the properties are unreadable."""
        try:
            return dict(json.loads(self._properties_path(name).read_text(encoding="utf-8")))
        except ValueError:
            return None

    def _write_properties(self, name: str, properties: dict[str, Any]) -> None:
        path = self._properties_path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.write_text(json.dumps(properties), encoding="utf-8")
        new.replace(path)

    @contextlib.contextmanager
    def _translated(self, name: str) -> Iterator[None]:
        try:
            yield
        except FilesureError:
            raise
        except FileNotFoundError as error:
            raise BlobNotFound(f"There is no blob {name}.") from error
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise BlobStoreUnavailable(f"No space left for blobs in {self._root}.") from error
            raise BlobStoreRefused(f"The blob store cannot use {self._root}: {error.strerror}.") from error


def _is_name(name: str) -> bool:
    """Whether the name is canonical: ``a//b`` would be the same file as ``a/b``, with separate properties."""
    return "\0" not in name and all(part and not part.startswith(".") for part in name.split("/"))
