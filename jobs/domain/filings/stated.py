"""The values of a record that are kept with the document, so that a company's profile needs no blob.

Only what a profile shows is kept: no PANs, email addresses or dates of birth.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple, NotRequired, TypedDict

from jobs.domain.filings.accounts import FinancialStatements
from jobs.domain.filings.annual_returns import AnnualReturn
from jobs.domain.filings.appointments import AuditorAppointment, DirectorKyc, Directors
from jobs.domain.filings.capital import Allotment, CapitalChange
from jobs.domain.filings.charges import Charge
from jobs.domain.filings.forms import FormRecord, RegisteredOffice, Resolutions
from jobs.domain.filings.masking import mask_pan
from jobs.domain.filings.records import values_of

MOST_VALUES = 250
_LONGEST = 200
_LARGEST = 10**17  # a larger amount was misread, and MongoDB stores 64 bits
_ROW = re.compile(r"\[\d+\]")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Each record's values that are kept; those of rows without their number.
KEPT: Mapping[type[FormRecord], frozenset[str]] = {
    FinancialStatements: _names(
        "consolidated board_met_on held_agm_on share_capital reserves long_term_borrowings short_term_borrowings"
        " trade_receivables cash total_assets revenue expenses profit_before_tax profit turnover net_worth"
        " auditors.name auditors.registration_number"
    ),
    AnnualReturn: _names(
        "address company_type category held_agm_on turnover net_worth paid_up_capital shareholders promoters_share"
        " public_share directors.name directors.din directors.designation directors.ceased_on"
    ),
    AuditorAppointment: _names(
        "held_agm_on appointed_on auditor_name firm_registration_number membership_number auditors.name"
        " auditors.membership_number auditors.from_date auditors.to_date auditors.years"
    ),
    Directors: _names(
        "din designation event appointed_on ceased_on directors.din directors.event directors.designation"
        " directors.appointed_on directors.ceased_on officers.din officers.event officers.first_name"
        " officers.last_name officers.designation officers.effective_from"
    ),
    DirectorKyc: _names("din first_name last_name"),
    Charge: _names("charge_id purpose created_on modified_on satisfied_on amount holder property"),
    RegisteredOffice: _names("effective_from address address_2 city district state pin_code"),
    Allotment: _names("allotted_on shares_allotted nominal_amount premium total_received paid_up_capital"),
    CapitalChange: _names("resolved_on authorised_before authorised_after"),
    Resolutions: _names("passed_on subject"),
}


class Stated(NamedTuple):
    """One value that a filing states. ``unit`` is ``rupees`` or ``paise`` for amounts, else None."""

    name: str
    value: str | int | date
    unit: str | None = None
    page: int | None = None
    confidence: float = 1.0


class StatedFields(TypedDict):
    """``Stated`` as a dict: a company's profile reads tens of thousands, and conversion takes a tenth of its time."""

    name: str
    value: str | int | date
    unit: NotRequired[str | None]
    page: NotRequired[int | None]
    confidence: float


def stated_by(record: FormRecord) -> tuple[Stated, ...]:
    """The record's valid values that are kept, at most MOST_VALUES."""
    kept = KEPT.get(type(record), frozenset())
    found = (
        Stated(
            name=name,
            value=_short(value.value) if isinstance(value.value, str) else value.value,  # type: ignore[arg-type]
            unit=value.unit,
            page=value.page,
            confidence=value.confidence,
        )
        for name, value in values_of(record)
        if value.valid and _ROW.sub("", name) in kept and _is_storable(value.value)
    )
    return tuple(each for each, _ in zip(found, range(MOST_VALUES), strict=False))


def _is_storable(value: object) -> bool:
    return value is not None and not (isinstance(value, int) and abs(value) > _LARGEST)


def _short(text: str) -> str:
    shown = mask_pan(text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
