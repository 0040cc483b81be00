"""The blob store in a folder: the embedded default, with the same names as in the cloud."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, BinaryIO

from jobs.domain.errors import BlobNotFound, BlobStoreRefused, BlobStoreUnavailable, FilesureError, LeaseLost
from jobs.ports import Blob

_CHUNK = 256 * 1024
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


class FileBlobStore:
    """``jobs.ports.BlobStore`` below ``root``.

    A blob's properties lie in ``.properties/<name>.json`` and are written before the blob moves to
    its name: cut off in between, the next put of the same name finds a fence that is not above its
    own and does both again. A blob is thus never without its fence. Properties that a power cut left
    unreadable count as none, or that put could never heal them.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(
        self, name: str, data: IO[bytes], *, content_type: str, md5: bytes, fence: int, metadata: Mapping[str, str]
    ) -> Blob:
        """See the port."""
        target = self._path(name)
        with self._translated(name), self._incoming(data, md5) as new, self._lock():
            if self._fence(name) > fence:
                raise LeaseLost(metadata.get("jobId", name), fence)
            size = new.stat().st_size
            self._write_properties(name, {
                "contentType": content_type, "md5": md5.hex(), "fence": fence, "metadata": dict(metadata),
            })  # fmt: skip
            target.parent.mkdir(parents=True, exist_ok=True)
            new.replace(target)
        return Blob(name=name, url=target.as_uri(), size=size, content_type=content_type, md5=md5, metadata=metadata)

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """See the port."""
        path = self._path(name)
        with self._translated(name):
            if path.is_dir():
                raise BlobNotFound(f"There is no blob {name}.")
            file = path.open("rb")
        with file:  # outside the translation: what the reader raises is not the store's
            yield file

    def properties(self, name: str) -> Blob:
        """See the port."""
        path = self._path(name)
        with self._translated(name):
            size = path.stat().st_size
            known = self._read_properties(name)
        if known is None:
            raise BlobNotFound(f"The blob {name} has no readable properties.")
        return Blob(
            name=name, url=path.as_uri(), size=size, content_type=known["contentType"],
            md5=bytes.fromhex(known["md5"]), metadata=known["metadata"],
        )  # fmt: skip

    def names(self, prefix: str) -> Iterator[str]:
        """See the port. Only the folder that the prefix names is looked through."""
        folder = prefix.rpartition("/")[0]
        if folder and not _is_name(folder):
            return iter(())
        inside = self._root / folder
        found = (path.relative_to(self._root).as_posix() for path in inside.rglob("*") if path.is_file())
        visible = (name for name in found if not any(part.startswith(".") for part in name.split("/")))
        return iter(sorted(name for name in visible if name.startswith(prefix)))

    def delete(self, name: str) -> None:
        """See the port."""
        with self._translated(name), self._lock():
            self._path(name).unlink(missing_ok=True)
            self._properties_path(name).unlink(missing_ok=True)

    def check(self) -> str:
        """See the port."""
        with self._translated("a blob"), tempfile.TemporaryFile(dir=self._folder(".incoming")) as file:
            file.write(b"x")
            free = shutil.disk_usage(self._root).free
        return f"folder {self._root}, {free / 1e9:.1f} GB free"

    # --- below: paths, properties, errors

    def _path(self, name: str) -> Path:
        if not _is_name(name):
            raise ValueError(f"{name!r} cannot be the name of a blob")
        return self._root / name

    def _properties_path(self, name: str) -> Path:
        return self._root / ".properties" / f"{name}.json"

    def _folder(self, name: str) -> Path:
        folder = self._root / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextlib.contextmanager
    def _incoming(self, data: IO[bytes], md5: bytes) -> Iterator[Path]:
        """The bytes in a file of their own, on the disk and checked; gone afterwards if it was not moved."""
        descriptor, name = tempfile.mkstemp(dir=self._folder(".incoming"))
        digest = hashlib.md5(usedforsecurity=False)
        try:
            with os.fdopen(descriptor, "wb") as file:
                while chunk := data.read(_CHUNK):
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            if digest.digest() != md5:
                raise BlobStoreUnavailable("The bytes changed on their way into the blob store.")
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """One writer at a time, across processes: the look at the fence and the move are one step."""
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
        """None where they are unreadable."""
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
                raise BlobStoreUnavailable(f"There is no room left for blobs in {self._root}.") from error
            raise BlobStoreRefused(f"The blob store cannot use {self._root}: {error.strerror}.") from error


def _is_name(name: str) -> bool:
    """One spelling a blob: ``a//b`` or ``a/`` would be ``a/b`` with properties, and a fence, of its own."""
    return "\0" not in name and all(part and not part.startswith(".") for part in name.split("/"))
