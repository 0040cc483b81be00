"""Builds the record of a form from its reading."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from jobs.domain.filings.accounts import NATURE, FinancialStatements, is_consolidated
from jobs.domain.filings.annual_returns import AnnualReturn
from jobs.domain.filings.appointments import AuditorAppointment, DirectorKyc, Directors
from jobs.domain.filings.capital import Allotment, CapitalChange
from jobs.domain.filings.charges import Charge
from jobs.domain.filings.file_names import form_in_text, from_file_name
from jobs.domain.filings.finding import fill
from jobs.domain.filings.form_names import form_in_heading
from jobs.domain.filings.forms import (
    Commencement,
    ComplianceCertificate,
    Deposits,
    FormRecord,
    GenericRecord,
    RegisteredOffice,
    Resolutions,
)
from jobs.domain.filings.reading import Field, Method, Reading
from jobs.domain.filings.values import Value

_RECORDS: tuple[type[FormRecord], ...] = (
    *(FinancialStatements, AuditorAppointment, Directors, DirectorKyc, Charge),
    *(AnnualReturn, RegisteredOffice, Allotment, CapitalChange, Resolutions, Deposits),
    *(Commencement, ComplianceCertificate),
)
BY_FORM = {form: record for record in _RECORDS for form in record.FORMS}

# XFA data names its tables after the form: ZMCA_NCA_ADT_1, ZMCA_NCA_AOC4_II, ZMCA_MGT_7A.
_TABLE = re.compile(
    r"(?:^|/)(?:T_)?Z(?:N?MCA_)?(?:NCA_)?([A-Z]{2,3})_?(\d{1,2}[A-C]?)(?:_(CFS|NBFC|XBRL|KYC))?(?:[_/]|$)"
)
_OLD_DATA = re.compile(r"(?:^|/)Form_?(\d{1,2}[A-C]{0,3})(?:/|_Dtls)")
_HEADING = 900  # characters at the beginning of a page that may name the form
_CHECK_FAILED = 0.6
_WHOLE = Decimal("0.05")  # percentages are rounded


def record_of(reading: Reading, form: str | None = None) -> FormRecord:
    """The record of a form. ``form`` is the source's name for it, used only if the content names none.

    An attached XBRL instance holds the financial statements of its form.
    """
    found = form_of(reading) or form
    kind = BY_FORM.get(found or "", GenericRecord)
    if kind is FinancialStatements:
        reading = dataclasses.replace(reading, fields=(*reading.fields, *_attached_facts(reading, found or "")))
    return _checked(kind(form=found, **fill(kind, reading)))


def _attached_facts(reading: Reading, form: str) -> list[Field]:
    """The facts of the attached instances; of the company's own and consolidated ones, those that the form is about."""
    instances = [[each for each in inner.fields if each.method is Method.XBRL] for inner in reading.attachments]
    meant = [each for each in instances if each and _is_consolidated(each) == is_consolidated(form)]
    return [fact for each in meant or instances for fact in each]


def _is_consolidated(facts: list[Field]) -> bool:
    return any(is_consolidated("", each.value) for each in facts if each.name == NATURE)


def form_of(reading: Reading) -> str | None:
    """The form named by the XFA data, else by the first page, else by the file name; None if unknown."""
    names = (match for each in reading.fields if each.method is Method.XFA and (match := _TABLE.search(each.path)))
    named = next((form for match in names if (form := form_in_text(_name(match)))), None)
    heading = next((page.text[:_HEADING] for page in reading.pages if page.text.strip()), "")
    if any(each.method is Method.XBRL for each in reading.fields):
        return "AOC-4 XBRL"
    old = (match for each in reading.fields if each.method is Method.XFA and (match := _OLD_DATA.search(each.path)))
    return (
        named
        or form_in_heading(heading)
        or next((form for match in old if (form := form_in_text(f"Form {match.group(1)}"))), None)
        or from_file_name(reading.name).form
    )


def _name(match: re.Match[str]) -> str:
    letters, number, kind = match.groups()
    return f"{letters}-{number} {kind or ''}"


def _checked(record: FormRecord) -> FormRecord:
    """Lower the confidence in values that contradict each other: one of them was misread or misstated."""
    if isinstance(record, FinancialStatements):
        assets, liabilities = record.total_assets, record.total_liabilities
        if assets and liabilities and assets.valid and liabilities.valid and not _equal(assets, liabilities):
            return dataclasses.replace(record, total_assets=_doubted(assets), total_liabilities=_doubted(liabilities))
    if isinstance(record, AnnualReturn):
        promoters, public = record.promoters_share, record.public_share
        if promoters and public and promoters.valid and public.valid and not _whole(promoters, public):
            return dataclasses.replace(record, promoters_share=_doubted(promoters), public_share=_doubted(public))
    return record


def _whole(one: Value, other: Value) -> bool:
    return abs(Decimal(str(one.value)) + Decimal(str(other.value)) - 100) <= _WHOLE


def _equal(one: Value, other: Value) -> bool:
    return _paise(one) == _paise(other)


def _paise(amount: Value) -> int:
    assert isinstance(amount.value, int)  # noqa: S101  valid amounts are integers
    return amount.value if amount.unit == "paise" else 100 * amount.value


def _doubted(value: Value) -> Value:
    return dataclasses.replace(value, confidence=round(value.confidence * _CHECK_FAILED, 3))


def values_of(record: Any) -> Iterator[tuple[str, Value]]:
    """Every value found, with its name; values in rows are named like ``auditors[1].name``."""
    for each in dataclasses.fields(record):
        content = getattr(record, each.name)
        if isinstance(content, Value):
            yield each.name, content
        elif isinstance(content, tuple):
            for number, row in enumerate(content, start=1):
                yield from ((f"{each.name}[{number}].{name}", value) for name, value in values_of(row))
