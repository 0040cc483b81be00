"""Chunks as the kind of file that Azure's client uploads in blocks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator


class ChunkStream:
    """A file that can only be read once, from its beginning. ``size`` and ``md5`` are of what was read so far."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = filter(None, chunks)  # an empty chunk is not the end
        self._rest = memoryview(b"")
        self._digest = hashlib.md5(usedforsecurity=False)
        self.size = 0

    @property
    def md5(self) -> bytes:
        return self._digest.digest()

    def seekable(self) -> bool:
        return False

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes, and fewer only at the end; all for -1."""
        found = bytearray()
        while size < 0 or len(found) < size:
            if not self._rest:
                self._rest = memoryview(next(self._chunks, b""))
                if not self._rest:
                    break
            wanted = len(self._rest) if size < 0 else size - len(found)
            found += self._rest[:wanted]
            self._rest = self._rest[wanted:]
        self.size += len(found)
        self._digest.update(found)
        return bytes(found)
