"""Makes a ZIP as a stream, without a local file.

Python's ``zipfile`` writes to a file that cannot seek, so each member's size and CRC-32 follow its data, as the format
allows; a member or an archive of 4 GiB or more is in ZIP64. Readers of streams, such as Java's ``ZipInputStream``,
find the end of such a member only if it is deflated, so those that do not shrink are deflated without compression:
copied, with five bytes before every few kilobytes.
"""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_REGULAR_FILE = 0o100644 << 16
#: Text shrinks; PDFs and pictures are compressed already, and are only copied.
_SHRINKING = (".csv", ".htm", ".html", ".json", ".txt", ".xbrl", ".xml")
_COPIED = 0


@dataclass(frozen=True, kw_only=True)
class Member:
    """A file of a ZIP. ``size`` is what is expected, in bytes; it only decides on ZIP64."""

    path: str
    size: int
    chunks: Iterable[bytes]
    made: tuple[int, int, int, int, int, int]


@dataclass
class _Sink:
    """Bytes that ``zipfile`` has written and were not taken yet. Without a position, so ``zipfile`` does not seek."""

    parts: list[bytes] = field(default_factory=list)

    def write(self, data: bytes) -> int:
        self.parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def taken(self) -> list[bytes]:
        parts, self.parts = self.parts, []
        return parts


def zipped(members: Iterable[Member]) -> Iterator[bytes]:
    """The bytes of the archive. Errors of the members' chunks are raised; the archive is then incomplete."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:  # type: ignore[call-overload]  # needs no more than write and flush
        for member in members:
            with archive.open(_info(member), "w") as file:
                for chunk in member.chunks:
                    file.write(chunk)
                    yield from sink.taken()
            yield from sink.taken()
    yield from sink.taken()


def _info(member: Member) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(member.path, date_time=member.made)
    info.compress_type = zipfile.ZIP_DEFLATED
    if not member.path.lower().endswith(_SHRINKING):
        info._compresslevel = _COPIED  # type: ignore[attr-defined]  # noqa: SLF001  public from Python 3.13 on
    info.external_attr = _REGULAR_FILE
    info.file_size = member.size
    return info


def made_now() -> tuple[int, int, int, int, int, int]:
    """The current time in UTC, as ZIPs store it."""
    now = time.gmtime()
    return (now.tm_year, now.tm_mon, now.tm_mday, now.tm_hour, now.tm_min, now.tm_sec)
