"""A folder as a source: ``<root>/<CIN, LLPIN or FCRN>/…``, filled by people or by another program.

The folder may be shared, so nothing outside the root is read: a link out of it would expose the
worker's own files to anyone who can create links there.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from jobs.domain.company_id import IdKind, as_stored, kind_of
from jobs.domain.document import Filing
from jobs.domain.errors import CompanyNotFound, DocumentUnavailable, DocumentUnreadable, SourceUnavailable
from jobs.domain.filings.file_names import from_file_name
from jobs.domain.forms import OTHER
from worker.sources.folders import DAMAGED, MOST_FILES, Found, TooManyFiles, found_in, members_of, named

CHUNK_BYTES = 256 * 1024

_DIGITS = re.compile(r"(\d+)", re.ASCII)


class DirectorySource:
    """Lists and reads the files in a company's folder, its subfolders and its zips. Thread-safe: it keeps no state."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def filings(self, cin: str, company_name: str) -> Sequence[Filing]:
        """The company's files in natural order (2 before 10). Raises CompanyNotFound, SourceUnavailable."""
        del company_name  # the folder is named by the identifier
        folder = self._folder(cin)
        try:
            names = sorted((found.name for found in found_in(folder)), key=_natural)
        except OSError as error:
            raise self._unavailable(folder, error) from error
        except TooManyFiles as error:
            raise SourceUnavailable(f"The folder {folder} holds more than {MOST_FILES:,} files.") from error
        return [_filing(number, name) for number, name in enumerate(names, start=1)]

    def download(self, cin: str, company_name: str, filing: Filing, attempt: int) -> Iterator[bytes]:
        """The file's bytes in chunks. Raises DocumentUnavailable, DocumentUnreadable, SourceUnavailable.

        DocumentUnreadable means a link out of the root, which a retry would not change.
        """
        del company_name, attempt
        found = self._found(cin, filing.file_name)
        try:
            yield from _member(found) if found.member else _file(found.path)
        except OSError as error:
            raise DocumentUnavailable(f"The file {filing.file_name} cannot be read: {error.strerror}.") from error
        except (*DAMAGED, zlib.error) as error:
            raise DocumentUnavailable(f"The zip that holds {filing.file_name} is damaged.") from error

    def check(self) -> str:
        """Returns the source's location. Raises SourceUnavailable."""
        return f"folder {self._resolved_root()}"

    def _folder(self, cin: str) -> Path:
        """The company's folder, with links resolved."""
        root = self._resolved_root()
        folder = root / cin
        if not cin.replace("-", "").isalnum() or not folder.is_dir():
            raise CompanyNotFound(f"There is no folder {cin} in {self._root} (FILINGS_DIR).")
        resolved = folder.resolve()
        if not resolved.is_relative_to(root):
            raise CompanyNotFound(f"The folder {cin} is a link out of {self._root} (FILINGS_DIR) and was not read.")
        if _leads_to_another(resolved, root, cin):
            raise CompanyNotFound(f"The folder {cin} is a link to another company's folder and was not read.")
        return resolved

    def _resolved_root(self) -> Path:
        try:
            root = self._root.resolve(strict=True)
            next(root.iterdir(), None)
        except (OSError, RuntimeError) as error:  # RuntimeError: circular links, before Python 3.13
            raise self._unavailable(self._root, error) from error
        return root

    def _found(self, cin: str, file_name: str) -> Found:
        """The file, or the zip that holds it, with links resolved."""
        folder, root = self._folder(cin), self._root.resolve()
        if ".." in PurePosixPath(file_name).parts or file_name.startswith("/"):
            raise DocumentUnreadable("The file's name leads out of the company's folder. It was not read.")
        try:
            found = named(folder, file_name)
        except (OSError, TooManyFiles) as error:
            raise DocumentUnavailable(f"The folder of {file_name} cannot be read.") from error
        if found is None:
            raise DocumentUnavailable(f"The file {file_name} was listed, but is no longer in its folder.")
        resolved = found.path.resolve()
        if not resolved.is_relative_to(root):
            raise DocumentUnreadable(f"The file {file_name} is a link out of {self._root} and was not read.")
        if _leads_to_another(resolved, root, cin):
            raise DocumentUnreadable(f"The file {file_name} is a link to another company's folder and was not read.")
        return replace(found, path=resolved)

    def _unavailable(self, path: Path, error: Exception) -> SourceUnavailable:
        reason = error.strerror if isinstance(error, OSError) else "its links lead in a circle"
        return SourceUnavailable(f"The folder {path} cannot be read: {reason}. FILINGS_DIR is {self._root}.")


def _leads_to_another(path: Path, root: Path, cin: str) -> bool:
    """Whether a path inside the root lies in the folder of another company, however deep.

    Within the company's own folder only CINs count: subfolders like AGM-2022 look like LLPINs.
    """
    parts = path.relative_to(root).parts
    outside = parts[: parts.index(cin)] if cin in parts else parts
    is_below_another = any(kind_of(part) and as_stored(part) == part for part in outside)
    return is_below_another or any(part != cin and kind_of(part) is IdKind.CIN for part in parts)


def _file(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _member(found: Found) -> Iterator[bytes]:
    """The bytes of a file in a zip. zipfile compares their checksum and stops at the size that the zip states."""
    with zipfile.ZipFile(found.path) as archive:
        member = members_of(archive).get(found.member or "")
        if member is None:
            raise DocumentUnavailable(f"The file {found.name} was listed, but is no longer in its zip.")
        if member.flag_bits & 1:
            raise DocumentUnreadable(f"The file {found.name} needs a password.")
        with archive.open(member) as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """Sort digits by value; the name itself decides between 01 and 1, so that the order is stable."""
    parts = _DIGITS.split(name.casefold())
    return [(int(part), "") if index % 2 else (0, part) for index, part in enumerate(parts)], name


def _filing(number: int, name: str) -> Filing:
    *folders, last = PurePosixPath(name).parts
    own = from_file_name(last)
    # People sort filings into folders by form: ``CHG-1/2021.pdf``.
    form = own.form or next((form for each in reversed(folders) if (form := from_file_name(each).form)), None)
    return Filing(number=number, document_type=form or OTHER, file_name=name, srn=own.srn, filed_on=own.filed_on)
