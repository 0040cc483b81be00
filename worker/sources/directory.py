"""A source that is a folder: one folder a company, named by its CIN, with its PDFs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from jobs.domain.document import Filing
from jobs.domain.errors import CompanyNotFound, DocumentUnavailable, SourceUnavailable

_CHUNK = 256 * 1024
_FORM = re.compile(r"(?<![a-z])(aoc|mgt|dir|adt|inc|chg|pas|sh|dpt)[-_ ]?(\d{1,2}a?)(?![a-z0-9])", re.IGNORECASE)
_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")


class DirectorySource:
    """``jobs.ports.Source`` over ``root/<CIN>/*.pdf``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def filings(self, cin: str, company_name: str) -> Sequence[Filing]:
        """See the port: in the order of the names, 2 before 10."""
        self.check()
        folder = self._root / cin
        try:
            names = [path.name for path in folder.iterdir() if path.suffix.lower() == ".pdf" and self._is_inside(path)]
        except (FileNotFoundError, NotADirectoryError) as error:
            raise CompanyNotFound(f"{self._root} holds no folder {cin} for {company_name}.") from error
        except OSError as error:
            raise SourceUnavailable(f"{folder} cannot be read: {error.strerror}.") from error
        return [_filing(number, name) for number, name in enumerate(sorted(names, key=_natural), start=1)]

    def download(self, cin: str, company_name: str, filing: Filing, attempt: int) -> Iterator[bytes]:  # noqa: ARG002
        """See the port."""
        path = self._root / cin / filing.file_name
        if not self._is_inside(path):
            raise DocumentUnavailable(f"{filing.file_name} is no longer in {path.parent}.")
        try:
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
        except OSError as error:
            raise DocumentUnavailable(f"{filing.file_name} cannot be read: {error.strerror}.") from error

    def check(self) -> str:
        """See the port."""
        if not self._root.is_dir():
            raise SourceUnavailable(f"FILINGS_DIR={self._root} is not a folder that can be read.")
        return f"folder {self._root}"

    def _is_inside(self, path: Path) -> bool:
        """A file below root, also after links: a link in a filings folder must not lead to other files."""
        real = path.resolve()
        return real.is_file() and real.is_relative_to(self._root.resolve())


def _natural(name: str) -> list[tuple[int, str]]:
    """Numbers by their value, other parts by their text."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name.lower())]


def _filing(number: int, name: str) -> Filing:
    form = _FORM.search(name)
    kind = f"{form[1]}-{form[2]}".upper() if form else "OTHER"
    return Filing(number=number, document_type=kind, file_name=name, filed_on=_date(name))


def _date(name: str) -> date | None:
    found = _DATE.search(name)
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None
