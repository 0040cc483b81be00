"""Finds filings in a folder: files in it and in its subfolders, and files in zips.

Each has a name that stays the same: its path below the folder, and for a file in a zip also its path in there, as in
``Charges/pack.zip/2021/CHG-1.pdf``. Files in one zip that share a path have their checksum in the name as well.
"""

from __future__ import annotations

import os
import struct
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from worker.extractors.budget import Budget
from worker.extractors.output import Refused

SUFFIXES = frozenset(
    {".pdf", ".xml", ".xbrl", ".xlsx", ".xlsm", ".zip", ".tif", ".tiff", ".jpg", ".jpeg", ".png"},
)
MOST_FILES, MOST_DEPTH = 5000, 8
#: The errors that zipfile raises for damaged zips and members.
DAMAGED = (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, NotImplementedError, EOFError, struct.error)
_ZIP = ".zip"
_END, _END64 = b"PK\x05\x06", b"PK\x06\x07"
_END_BYTES, _END64_BYTES, _MOST_COMMENT = 22, 20, 65_535
_MOST_DIRECTORY = 1024**2  # bytes of a zip's table of contents, which zipfile reads into memory


class TooManyFiles(Exception):
    """The folder holds more than MOST_FILES files."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file, or with ``member`` a file in this zip. ``name`` is valid Unicode."""

    name: str
    path: Path
    member: str | None = None


def found_in(folder: Path) -> Iterator[Found]:
    """Every filing in the resolved folder, unordered. Linked folders are not entered.

    Raises OSError and TooManyFiles.
    """
    for number, path in enumerate(_files(folder), start=1):
        if number > MOST_FILES:
            raise TooManyFiles
        name = shown(path.relative_to(folder).as_posix())
        # A link could make the table of contents of a zip elsewhere visible.
        members = _listed(path) if path.resolve().is_relative_to(folder) else []
        yield from (Found(name=f"{name}/{member}", path=path, member=member) for member in members)
        if not members:
            yield Found(name=name, path=path)


def named(folder: Path, name: str) -> Found | None:
    """The filing with this name; None if there is none any more. Raises OSError."""
    parts = PurePosixPath(name).parts
    if ".." in parts or name.startswith("/"):
        return None
    for at in range(1, len(parts) + 1):
        path = folder.joinpath(*parts[:at])
        if path.is_file():
            member = "/".join(parts[at:])
            return Found(name=name, path=path, member=member or None)
    # Names that had to be escaped cannot be opened as they are shown.
    return next((each for each in found_in(folder) if each.name == name), None)


def members_of(archive: zipfile.ZipFile) -> Mapping[str, zipfile.ZipInfo]:
    """The zip's files by their names. Paths are only names here: nothing is written where ``../x`` would lead."""
    files = [info for info in archive.infolist() if not info.is_dir()]
    plain = {id(info): _plain(info.filename) for info in files}
    shared = Counter(plain.values())
    return {
        _with_checksum(plain[id(info)], info.CRC) if shared[plain[id(info)]] > 1 else plain[id(info)]: info
        for info in files
    }


def shown(name: str) -> str:
    """The name as valid Unicode: file names may be any bytes, which databases do not accept as text."""
    return name.encode("utf-8", "backslashreplace").decode()


def _files(folder: Path) -> Iterator[Path]:
    """Files of known kinds. Links out of the folder are among them, so that their refusal is visible."""

    def fail(error: OSError) -> None:
        raise error

    for parent, folders, names in os.walk(folder, onerror=fail):
        depth = len(Path(parent).relative_to(folder).parts)
        folders[:] = [name for name in folders if not _is_hidden(name) and depth < MOST_DEPTH]
        for name in names:
            path = Path(parent, name)
            if _is_wanted(name) and path.is_file():
                yield path


def _listed(path: Path) -> list[str]:
    """The names of the filings in a zip; none if it is not a zip or must be kept whole.

    A zip that is damaged, encrypted or over a limit is one filing, so that its fault is recorded with it.
    """
    if path.suffix.lower() != _ZIP:
        return []
    try:
        if not _is_small(path):
            return []
        with zipfile.ZipFile(path) as archive:
            members = members_of(archive)
    except (*DAMAGED, OSError):
        return []
    budget = Budget()
    try:
        for info in members.values():
            budget.member(info.file_size, info.compress_size)
    except Refused:
        return []
    encrypted = any(info.flag_bits & 1 for info in members.values())
    return [] if encrypted else [name for name in members if _is_wanted(*PurePosixPath(name).parts)]


def _is_small(path: Path) -> bool:
    """Whether the zip's table of contents is small enough to read. Zip64, for huge zips, is not."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _MOST_COMMENT - _END_BYTES - _END64_BYTES))
        tail = file.read()
    end = tail[-_END_BYTES:]
    at = len(tail) - _END_BYTES if end.startswith(_END) and end.endswith(b"\0\0") else tail.rfind(_END)
    if at < 0 or len(tail) < at + _END_BYTES:
        return False
    (directory,) = struct.unpack_from("<I", tail, at + 12)
    return bool(directory <= _MOST_DIRECTORY) and not tail[max(0, at - _END64_BYTES) :].startswith(_END64)


def _is_wanted(*parts: str) -> bool:
    return PurePosixPath(parts[-1]).suffix.lower() in SUFFIXES and not any(_is_hidden(part) for part in parts)


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"  # such files describe other files


def _plain(path: str) -> str:
    parts = PurePosixPath(shown(path).replace("\\", "/")).parts
    return "/".join(part for part in parts if part not in ("/", "//", "..", ".")) or "unnamed"


def _with_checksum(name: str, checksum: int) -> str:
    path = PurePosixPath(name)
    return str(path.with_name(f"{path.stem} [{checksum:08x}]{path.suffix}"))
