"""A company as an Excel workbook, from which analysts copy into their own sheets."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import IO, TYPE_CHECKING, Any

from django.http import FileResponse

from jobs.domain.companies.filings import year_name
from jobs.domain.companies.finances import MEASURES
from jobs.domain.companies.profile import Profile
from jobs.domain.companies.statements import Fact, Source, newest
from jobs.domain.company_id import IdKind, kind_of

if TYPE_CHECKING:
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_IN_MEMORY = 5_000_000  # bytes
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # what XML 1.0 cannot express
_LONGEST = 32_000  # characters, of 32,767 that a cell holds
_SOURCE = ("Form", "SRN", "Filed", "Page")

Row = Sequence[object]


def workbook_response(profile: Profile) -> FileResponse:
    return FileResponse(
        workbook(profile), as_attachment=True, filename=f"{profile.cin}.xlsx", content_type=CONTENT_TYPE
    )


def workbook(profile: Profile) -> IO[bytes]:
    """The workbook as a file, ready to be read; on disk if it is large. Amounts are in rupees."""
    from openpyxl import Workbook  # takes a quarter of a second to load

    book = Workbook(write_only=True)
    for title, columns, rows in _sheets(profile):
        _write(book.create_sheet(title), columns, rows)
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  the response closes it
    book.save(file)
    file.seek(0)
    return file


def _sheets(profile: Profile) -> Iterator[tuple[str, Row, Iterable[Row]]]:
    yield "Profile", ("Matter", "Value", *_SOURCE), _profile(profile)
    yield "Directors", ("Name", "DIN", "Role", "Since", "Until", "Current", *_SOURCE), _people(profile)
    yield "Auditors", ("Name", "Registration", "From", "To", *_SOURCE), _auditors(profile)
    yield (
        "Charges",
        ("Number", "Holder", "Amount", "Created", "Satisfied", "Open", "Property", *_SOURCE),
        _charges(profile),
    )
    years = [f"{year_name(each.end.year)}{' consolidated' if each.consolidated else ''}" for each in profile.years]
    yield "Financials", ("Measure", *years), _financials(profile)
    yield "Sources of financials", ("Year", "Consolidated", "Measure", "Value", *_SOURCE), _measures(profile)
    yield (
        "Filings",
        ("Form", "Category", "Filed", "Year", "SRN", "File", "SHA-256", "State", "Attachments"),
        _filings(profile),
    )


def _write(sheet: WriteOnlyWorksheet, columns: Row, rows: Iterable[Row]) -> None:
    sheet.freeze_panes = "A2"
    for row in (columns, *rows):
        sheet.append([_cell(sheet, each) for each in row])


def _cell(sheet: WriteOnlyWorksheet, value: object) -> object:
    """Text stays text, even if it begins like a formula or an error value."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)  # Excel has no time zones
    if not isinstance(value, str):
        return value
    text = _ILLEGAL.sub("", value)[:_LONGEST]
    return _text_cell(sheet, text) if text.startswith(("=", "#")) else text


def _text_cell(sheet: WriteOnlyWorksheet, text: str) -> object:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell


def _source(source: Source) -> Row:
    return (source.form, source.srn, source.filed_on, source.page)


def _rupees(paise: int | None) -> float | int | None:
    if paise is None:
        return None
    return paise // 100 if paise % 100 == 0 else paise / 100


def _last(fact: Fact[Any]) -> Any:
    return newest(fact)


def _profile(profile: Profile) -> Iterator[Row]:
    yield ("Name", profile.name)
    yield (kind_of(profile.cin) or IdKind.CIN, profile.cin)
    yield ("As of (UTC)", profile.as_of)
    yield ("Filings", len(profile.filings))
    yield ("Filings not read", profile.unread)
    for name in profile.former_names:
        yield ("Other name", name.value, *_source(name.source))
    for other in profile.other_ids:
        yield ("Other CIN", other.value, *_source(other.source))
    for office in profile.offices:
        yield ("Registered office", office.address, *_source(office.source))
    for step in profile.capital:
        amounts = (("Authorised capital", step.authorised), ("Paid-up capital", step.paid_up))
        yield from ((name, _rupees(amount), *_source(step.source)) for name, amount in amounts if amount is not None)
    for due in profile.dues:
        filed = f", filed {due.filed_on:%-d %b %Y}" if due.filed_on else ""
        text = f"{due.state}: due {due.due_on:%-d %b %Y}{filed}"
        yield (f"{due.form} for {year_name(due.year)}", text, *(_source(due.source) if due.source else ()))


def _people(profile: Profile) -> Iterator[Row]:
    for person in profile.people:
        said = next((each for each in (*person.names, *person.designations) if each), None)
        days: tuple[date | None, date | None] = (_last(person.since), _last(person.until))
        source = _source(said.source) if said else ()
        yield (person.name, person.din, _last(person.designations), *days, person.is_current, *source)


def _auditors(profile: Profile) -> Iterator[Row]:
    for auditor in profile.auditors:
        registration = _last(auditor.registrations)
        for tenure in auditor.tenures:
            yield (auditor.name, registration, tenure.start, tenure.end, *_source(tenure.source))
        if not auditor.tenures:
            yield (auditor.name, registration, None, None, *_source(auditor.names[0].source))


def _charges(profile: Profile) -> Iterator[Row]:
    for charge in profile.charges:
        yield (
            *(_last(charge.ids), _last(charge.holders), _rupees(_last(charge.amounts))),
            *(_last(charge.created), _last(charge.satisfied), charge.is_open, _last(charge.properties)),
            *_source(charge.sources[0]),
        )


def _financials(profile: Profile) -> Iterator[Row]:
    for name, label in MEASURES.items():
        yield (label, *(_rupees(_last(year.measures.get(name, ()))) for year in profile.years))


def _measures(profile: Profile) -> Iterator[Row]:
    """All values, also of filings that disagree."""
    for year in profile.years:
        for name, fact in year.measures.items():
            for said in fact:
                for source in said.sources:
                    head = (year_name(year.end.year), year.consolidated, MEASURES[name], _rupees(said.value))
                    yield (*head, *_source(source))


def _filings(profile: Profile) -> Iterator[Row]:
    for filing in profile.filings:
        document = filing.document
        yield (
            *(filing.form, str(filing.category), filing.filed_on, year_name(filing.year) if filing.year else None),
            *(document.filing.srn, document.filing.file_name),
            document.file.checksum.removeprefix("sha256:") if document.file else None,
            str(document.reading.state if document.reading else document.status),
            len(filing.attachments),
        )
