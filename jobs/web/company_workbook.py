"""A company as an Excel workbook, from which analysts copy into their own sheets."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import IO, TYPE_CHECKING, Any

from django.http import FileResponse

from jobs.domain.companies.filings import name_of_year, year_name
from jobs.domain.companies.finances import MEASURES
from jobs.domain.companies.profile import Profile
from jobs.domain.companies.statements import Fact, Source, newest
from jobs.domain.company_id import IdKind, kind_of
from jobs.domain.directory import ListedCompany

if TYPE_CHECKING:
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_IN_MEMORY = 5_000_000  # bytes
#: What XML 1.0 cannot express, but the fields and names of a PDF can contain.
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FIRST_YEAR = 1900  # of Excel's calendar
_LONGEST = 32_000  # characters, of 32,767 that a cell holds
#: In characters. Excel shows a date that is wider than its column as #####.
_NARROWEST, _WIDE = 14, 36
_WIDE_COLUMNS = {"Name", "Value", "Holder", "Property", "Matter", "Measure", "Category", "File"}
_SOURCE = ("Form", "SRN", "Filed", "Page")

Row = Sequence[object]


def workbook_response(profile: Profile, listed: ListedCompany | None) -> FileResponse:
    """``listed``: the company in the directory."""
    return FileResponse(
        workbook(profile, listed), as_attachment=True, filename=f"{profile.cin}.xlsx", content_type=CONTENT_TYPE
    )


def workbook(profile: Profile, listed: ListedCompany | None) -> IO[bytes]:
    """The workbook as a file, ready to be read; on disk if it is large. Amounts are in rupees."""
    from openpyxl import Workbook  # takes a quarter of a second to load

    book = Workbook(write_only=True)
    for title, columns, rows in _sheets(profile, listed):
        _write(book.create_sheet(title), columns, rows)
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  the response closes it
    book.save(file)
    file.seek(0)
    return file


def _sheets(profile: Profile, listed: ListedCompany | None) -> Iterator[tuple[str, Row, Iterable[Row]]]:
    yield "Profile", ("Matter", "Value", *_SOURCE), _profile(profile, listed)
    yield "Directors", ("Name", "DIN", "Role", "Since", "Until", "Current", *_SOURCE), _people(profile)
    yield "Auditors", ("Name", "Registration", "From", "To", *_SOURCE), _auditors(profile)
    yield (
        "Charges",
        ("Number", "Holder", "Amount", "Created", "Satisfied", "Open", "Property", *_SOURCE),
        _charges(profile),
    )
    yield "Capital", ("Date", "Authorised", "Shares allotted", "Paid-up", *_SOURCE), _capital(profile)
    yield "Shareholding", ("Year", "Promoters", "Public", "Shareholders"), _shareholding(profile)
    yield "Meetings", ("Year", "Board approved the accounts", "General meeting"), _meetings(profile)
    yield "All values", ("Sheet", "Row", "Matter", "Value", "Filings", *_SOURCE), _all_values(profile)
    years = [f"{name_of_year(each.end)}{' consolidated' if each.consolidated else ''}" for each in profile.years]
    yield "Financials", ("Measure", *years), _financials(profile)
    yield "Sources of financials", ("Year", "Consolidated", "Measure", "Value", *_SOURCE), _measures(profile)
    yield (
        "Filings",
        ("Form", "Category", "Filed", "Year", "SRN", "File", "SHA-256", "State", "Attachments"),
        _filings(profile),
    )


def _write(sheet: WriteOnlyWorksheet, columns: Row, rows: Iterable[Row]) -> None:
    from openpyxl.utils import get_column_letter

    sheet.freeze_panes = "A2"
    for number, title in enumerate(columns, start=1):
        width = _WIDE if title in _WIDE_COLUMNS else max(_NARROWEST, len(str(title)) + 2)
        sheet.column_dimensions[get_column_letter(number)].width = width  # type: ignore[attr-defined]  # has no stub
    for row in (columns, *rows):
        sheet.append([_cell(sheet, each) for each in row])


def _cell(sheet: WriteOnlyWorksheet, value: object) -> object:
    """Text stays text, even if it begins like a formula or an error value."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)  # Excel has no time zones
    if isinstance(value, date) and value.year < _FIRST_YEAR:
        return value.isoformat()
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


def _percent(share: str | None) -> float | None:
    """A number, so that a spreadsheet calculates with it."""
    return None if share is None else float(share)


def _last(fact: Fact[Any]) -> Any:
    return newest(fact)


def _profile(profile: Profile, listed: ListedCompany | None) -> Iterator[Row]:
    yield ("Name", profile.name)
    yield (kind_of(profile.cin) or IdKind.CIN, profile.cin)
    yield ("Status in the directory", listed.status if listed else None)
    yield ("As of (UTC)", profile.as_of)
    yield ("Filings", len(profile.filings))
    yield ("Filings not read", profile.unread)
    for name in profile.former_names:
        yield ("Other name", name.value, *_source(name.source))
    for other in profile.other_ids:
        yield ("Other CIN", other.value, *_source(other.source))
    for office in profile.offices:
        yield ("Registered office", office.address, *_source(office.source))
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


def _capital(profile: Profile) -> Iterator[Row]:
    for step in profile.capital:
        yield (step.on, _rupees(step.authorised), step.shares, _rupees(step.paid_up), *_source(step.source))


def _shareholding(profile: Profile) -> Iterator[Row]:
    for each in profile.shareholding:
        shares = (_percent(_last(each.promoters)), _percent(_last(each.public)))
        yield (name_of_year(each.end), *shares, _last(each.shareholders))


def _meetings(profile: Profile) -> Iterator[Row]:
    for each in profile.meetings:
        yield (name_of_year(each.end), _last(each.board), _last(each.general))


def _all_values(profile: Profile) -> Iterator[Row]:
    """Each value with its newest filing, also where filings disagree; amounts by year have a sheet of their own."""
    for sheet, row, facts in _facts(profile):
        for matter, fact in facts.items():
            for said in fact:
                value = _NUMBERS.get(matter, _as_stated)(said.value)
                yield (sheet, row, matter, value, len(said.sources), *_source(said.source))


def _as_stated(value: Any) -> Any:
    return value


_NUMBERS: Mapping[str, Callable[[Any], Any]] = {"Amount": _rupees, "Promoters": _percent, "Public": _percent}


def _facts(profile: Profile) -> Iterator[tuple[str, str, dict[str, Fact[Any]]]]:
    """Of each row of a sheet."""
    facts: dict[str, Fact[Any]]
    for person in profile.people:
        facts = {"Name": person.names, "Role": person.designations, "Since": person.since, "Until": person.until}
        yield "Directors", person.name, facts
    for auditor in profile.auditors:
        yield "Auditors", auditor.name, {"Name": auditor.names, "Registration": auditor.registrations}
    for charge in profile.charges:
        facts = {"Number": charge.ids, "Holder": charge.holders, "Amount": charge.amounts, "Created": charge.created}
        facts |= {"Modified": charge.modified, "Satisfied": charge.satisfied, "Property": charge.properties}
        yield "Charges", str(_last(charge.ids) or _last(charge.holders) or "unnamed"), facts
    for held in profile.shareholding:
        facts = {"Promoters": held.promoters, "Public": held.public, "Shareholders": held.shareholders}
        yield "Shareholding", name_of_year(held.end), facts
    for met in profile.meetings:
        facts = {"Board approved the accounts": met.board, "General meeting": met.general}
        yield "Meetings", name_of_year(met.end), facts


def _financials(profile: Profile) -> Iterator[Row]:
    for name, label in MEASURES.items():
        yield (label, *(_rupees(_last(year.measures.get(name, ()))) for year in profile.years))


def _measures(profile: Profile) -> Iterator[Row]:
    """All values, also of filings that disagree."""
    for year in profile.years:
        for name, fact in year.measures.items():
            for said in fact:
                for source in said.sources:
                    head = (name_of_year(year.end), year.consolidated, MEASURES[name], _rupees(said.value))
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
