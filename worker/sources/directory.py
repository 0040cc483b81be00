"""A source that is a folder: ``<root>/<CIN>/*.pdf``, filled by people or by another program.

The folder may be shared with others, so nothing outside the root is ever read: a link that leads
out of it would hand the worker's own files to whoever may put links there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from jobs.domain.document import Filing
from jobs.domain.errors import CompanyNotFound, DocumentUnavailable, DocumentUnreadable, SourceUnavailable

CHUNK_BYTES = 256 * 1024
OTHER = "OTHER"

# The forms of the Ministry of Corporate Affairs that are asked for most.
FORMS = ("AOC-4", "MGT-7", "MGT-7A", "DIR-12", "ADT-1", "INC-22", "CHG-1", "PAS-3", "MGT-14", "SH-7", "DPT-3")

_FORM = re.compile(r"(?<![A-Z0-9])([A-Z]{2,3})[-_ ]?(\d{1,2}A?)(?![A-Z0-9])", re.ASCII)
_DATE = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)", re.ASCII)
_DIGITS = re.compile(r"(\d+)", re.ASCII)


class DirectorySource:
    """Lists and reads the PDF files directly in a company's folder. Thread-safe: it keeps nothing open."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def filings(self, cin: str, company_name: str) -> Sequence[Filing]:
        """The company's files in natural order (2 before 10). Raises CompanyNotFound, SourceUnavailable."""
        del company_name  # the folder is named by the CIN
        folder = self._folder(cin)
        try:
            names = sorted((path.name for path in folder.iterdir() if _is_pdf(path)), key=_natural)
        except OSError as error:
            raise self._unavailable(folder, error) from error
        return [_filing(number, name) for number, name in enumerate(names, start=1)]

    def download(self, cin: str, company_name: str, filing: Filing, attempt: int) -> Iterator[bytes]:
        """The file's bytes in chunks. Raises DocumentUnavailable, DocumentUnreadable, SourceUnavailable.

        DocumentUnreadable is a link that leads out of the root: trying again would not change it.
        """
        del company_name, attempt
        path = self._path(cin, filing.file_name)
        try:
            with path.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
        except OSError as error:
            raise DocumentUnavailable(f"The file {filing.file_name} cannot be read: {error.strerror}.") from error

    def check(self) -> str:
        """A word on where it is. Raises SourceUnavailable."""
        return f"folder {self._resolved_root()}"

    def _folder(self, cin: str) -> Path:
        """The company's folder, all links followed."""
        root = self._resolved_root()
        folder = root / cin
        if not cin.isalnum() or not folder.is_dir():
            raise CompanyNotFound(f"There is no folder {cin} in {self._root} (FILINGS_DIR).")
        resolved = folder.resolve()
        if not resolved.is_relative_to(root):
            raise CompanyNotFound(f"The folder {cin} is a link that leads out of {self._root} (FILINGS_DIR): not read.")
        return resolved

    def _resolved_root(self) -> Path:
        try:
            root = self._root.resolve(strict=True)
            next(root.iterdir(), None)
        except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
            raise self._unavailable(self._root, error) from error
        return root

    def _path(self, cin: str, file_name: str) -> Path:
        """The file's path, all links followed."""
        folder = self._folder(cin)
        path = folder / file_name
        if Path(file_name).name != file_name:
            raise DocumentUnreadable("The file's name leads out of the company's folder: not read.")
        if not path.is_file():
            path = _under_shown_name(folder, file_name)
        resolved = path.resolve()
        if not resolved.is_relative_to(self._root.resolve()):
            raise DocumentUnreadable(f"The file {file_name} is a link that leads out of {self._root}: not read.")
        return resolved

    def _unavailable(self, path: Path, error: Exception) -> SourceUnavailable:
        reason = error.strerror if isinstance(error, OSError) else "its links lead in a circle"
        return SourceUnavailable(f"The folder {path} cannot be read: {reason}. FILINGS_DIR is {self._root}.")


def _is_pdf(path: Path) -> bool:
    # A link is followed here: one that leads out is listed, so that its refusal is seen.
    return path.suffix.lower() == ".pdf" and path.is_file()


def _under_shown_name(folder: Path, file_name: str) -> Path:
    """The file whose name had to be spelled otherwise. Raises DocumentUnavailable."""
    try:
        found = next((path for path in folder.iterdir() if _is_pdf(path) and _shown(path.name) == file_name), None)
    except OSError as error:
        raise DocumentUnavailable(f"The folder of {file_name} cannot be read: {error.strerror}.") from error
    if found is None:
        raise DocumentUnavailable(f"The file {file_name} was listed, but is no longer in its folder.")
    return found


def _shown(name: str) -> str:
    """The name as valid Unicode: a file's name may be any bytes, which no database takes as text."""
    return name.encode("utf-8", "backslashreplace").decode()


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """Digits by their value; the name itself decides between 01 and 1, so that the order is stable."""
    parts = _DIGITS.split(name.casefold())
    return [(int(part), "") if index % 2 else (0, part) for index, part in enumerate(parts)], name


def _filing(number: int, name: str) -> Filing:
    shown = _shown(name)
    return Filing(number=number, document_type=_form(shown), file_name=shown, filed_on=_filed_on(shown))


def _form(name: str) -> str:
    """The first known form in the name, however it is spelled: ``mgt7a-2019.pdf`` is MGT-7A."""
    spelled = (f"{letters}-{digits}" for letters, digits in _FORM.findall(name.upper()))
    return next((form for form in spelled if form in FORMS), OTHER)


def _filed_on(name: str) -> date | None:
    for text in _DATE.findall(name):
        try:
            return date.fromisoformat(text)
        except ValueError:  # the 31st of February; a later part of the name may be a date
            continue
    return None
