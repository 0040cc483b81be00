"""Streams companies from the open master data of data.gov.in: CSV files, also gzipped, one company per line.

The files of different years and registrars name their columns differently and in any order. A file without headings
cannot be read, since its columns cannot be told apart.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO

from jobs.domain.company_id import parse_company_id
from jobs.domain.directory import ListedCompany, status_of
from jobs.domain.errors import FilesureError, WrongUse
from jobs.domain.filings.amounts import parse_date
from jobs.domain.wrong_use import InvalidOrder
from jobs.services.orders import LONGEST_NAME

_LONGEST_LINE = 100_000
_MOST_RUPEES = 10**15
_NONE = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "not available"})
#: Headings without anything but letters, by field.
HEADINGS = {
    "id": "corporateidentificationnumber corporateidentitynumber cin llpin fcrn companycin cinllpin cinfcrn cinorllpin "
    "cinllpinfcrn cinllpinorfcrn corporateidentificationnumbercin cinno cinnumber llpinfllpin fcrnumber",
    "name": "company companyname name nameofcompany nameofthecompany llpname companyllpname foreigncompanyname",
    "status": "companystatus status llpstatus companystatusforefiling",
    "kind": "companyclass class",
    "category": "companycategory category",
    "state": "registeredstate companystate state companystatecode statecode",
    "registered_on": "dateofregistration companyregistrationdate companyregistrationdatedate dateofincorporation "
    "registrationdate foundedon",
    "authorised": "authorizedcapital authorisedcapital authorizedcap authorisedcap authorizedcapitalrs "
    "authorizedcapitalinrs totalobligationofcontribution obligationofcontribution",
    "paid_up": "paidupcapital paidupcapitalrs paidupcapitalinrs",
}
_FIELDS = {heading: field for field, headings in HEADINGS.items() for heading in headings.split()}
_REQUIRED = {"id": "CORPORATE_IDENTIFICATION_NUMBER", "name": "COMPANY_NAME"}

Lines = gzip.GzipFile | IO[bytes]


@dataclass(frozen=True, kw_only=True)
class DirectoryRow:
    """One row: a company, or why it is refused. ``read_bytes``: how much of the file has been read."""

    line: int
    read_bytes: int
    company: ListedCompany | None = None
    problem: FilesureError | None = None


@contextmanager
def read_companies(path: Path, this_year: int) -> Iterator[Iterator[DirectoryRow]]:
    """The rows of a CSV file, gzipped if its name ends in .gz.

    Raises WrongUse, also during the iteration, if the file cannot be read or is not such a table.
    """
    try:
        binary = path.open("rb")
    except OSError as error:
        raise WrongUse(f"{path} cannot be read: {error.strerror}.") from error
    with binary:
        lines: Lines = gzip.GzipFile(fileobj=binary) if path.suffix.casefold() == ".gz" else binary
        yield _rows(path.name, lines, binary, this_year)


def _rows(name: str, lines: Lines, binary: IO[bytes], this_year: int) -> Iterator[DirectoryRow]:
    numbered = _lines(name, lines)
    number, heading = next(numbered, (1, ""))
    separator = next((each for each in "\t;|" if each in heading), ",")
    columns = _columns(name, _split(heading, separator))
    for number, line in numbered:
        try:
            company = _company(columns, _split(line, separator), this_year)
        except FilesureError as problem:
            yield DirectoryRow(line=number, read_bytes=binary.tell(), problem=problem)
        else:
            yield DirectoryRow(line=number, read_bytes=binary.tell(), company=company)


def _lines(name: str, lines: Lines) -> Iterator[tuple[int, str]]:
    """Lines that are not blank, with their numbers; a line without end is cut, so that memory stays bounded."""
    number = 0
    while line := _line(name, lines):
        number += 1
        if number == 1 and line[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise WrongUse(f"{name}: the file is UTF-16. Save it as CSV UTF-8.")
        text = _decoded(line.removeprefix(codecs.BOM_UTF8) if number == 1 else line).strip("\r\n")
        if text.strip().replace("\x00", ""):
            yield number, text.replace("\x00", "")


def _decoded(line: bytes) -> str:
    """Some lines of the data are in Windows' Western encoding."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def _line(name: str, lines: Lines) -> bytes:
    try:
        return lines.readline(_LONGEST_LINE)
    except gzip.BadGzipFile as error:
        raise WrongUse(f"{name} is not a gzip file.") from error
    except (EOFError, zlib.error) as error:
        raise WrongUse(f"{name} is damaged or incomplete.") from error
    except OSError as error:
        raise WrongUse(f"{name} cannot be read: {error.strerror}.") from error


def _columns(name: str, headings: Sequence[str]) -> Mapping[str, int]:
    """The place of each known field; of two headings for one, the first. Raises WrongUse."""
    found: dict[str, int] = {}
    for at, heading in enumerate(headings):
        field = _FIELDS.get(re.sub(r"[\W_\d]", "", heading).casefold())
        if field:
            found.setdefault(field, at)
    missing = [column for field, column in _REQUIRED.items() if field not in found]
    if missing:
        raise WrongUse(
            f"{name}: the first line lacks {' and '.join(missing)}. It must name the columns, as in the master data of"
            " data.gov.in."
        )
    return found


def _split(line: str, separator: str) -> list[str]:
    """Raises InvalidOrder."""
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error as error:
        raise InvalidOrder(f"not CSV: {error}.") from error


def _company(columns: Mapping[str, int], values: Sequence[str], this_year: int) -> ListedCompany:
    """Raises InvalidCin, InvalidOrder."""
    given = {field: _printable(values[at]) for field, at in columns.items() if at < len(values)}
    given = {field: "" if value.casefold() in _NONE else value for field, value in given.items()}
    identifier = parse_company_id(given.get("id", ""), this_year=this_year, allow_unknown_codes=True)
    name = given.get("name", "")
    if not name:
        raise InvalidOrder(f"{identifier} has no name.")
    return ListedCompany(
        id=str(identifier),
        name=_shortened(name),
        status=status_of(given.get("status", ""))[:LONGEST_NAME],
        kind=given.get("kind", "")[:LONGEST_NAME],
        category=given.get("category", "")[:LONGEST_NAME],
        state=_titled(given.get("state", ""))[:LONGEST_NAME],
        registered_on=_day(given.get("registered_on", "")),
        authorised_capital=_rupees(given.get("authorised", "")),
        paid_up_capital=_rupees(given.get("paid_up", "")),
    )


def _printable(text: str) -> str:
    """With single spaces, also instead of control and formatting characters: orders refuse names that have them."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _shortened(name: str) -> str:
    """As long as orders accept it."""
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1].rstrip() + "…"


def _titled(text: str) -> str:
    return text.title() if text.isupper() and len(text) > 2 else text


def _day(text: str) -> date | None:
    """Unknown days do not cost the row: names and ids are what the directory is for."""
    return parse_date(text.partition(" ")[0].partition("T")[0])


def _rupees(text: str) -> int | None:
    plain = text.replace(",", "")
    whole = plain.partition(".")[0]
    return int(whole) if whole.isascii() and whole.isdigit() and int(whole[:20]) < _MOST_RUPEES else None
