"""A company's charges, from their creation to their satisfaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from jobs.domain.companies.statements import (
    Fact,
    Source,
    StatedFiling,
    connected,
    days,
    fact,
    in_order,
    of_forms,
    plain,
)
from jobs.domain.filings.charges import Charge

_SATISFACTIONS = ("CHG-4", "Form 17")


@dataclass(frozen=True, kw_only=True)
class CompanyCharge:
    """A charge. ``amounts`` in paise: a modification may change them, so the newest comes first."""

    ids: Fact[str]
    holders: Fact[str]
    created: Fact[date]
    modified: Fact[date]
    satisfied: Fact[date]
    amounts: Fact[int]
    properties: Fact[str]
    sources: tuple[Source, ...]
    is_open: bool

    @property
    def first_day(self) -> date:
        known = [each.value for each in self.created] or [each.filed_on for each in self.sources if each.filed_on]
        return min(known, default=date.min)


def charges_of(filings: Sequence[StatedFiling]) -> list[CompanyCharge]:
    """Open charges first, the newest first.

    The registrar assigns the charge's number, so the form that creates it does not state one: then holder and day of
    creation connect it with later forms.
    """
    groups = connected(in_order(of_forms(filings, Charge.FORMS)), _keys)
    found = sorted((_charge(each) for each in groups), key=lambda each: each.first_day, reverse=True)
    return sorted(found, key=lambda each: not each.is_open)


def _keys(filing: StatedFiling) -> list[tuple[object, ...]]:
    number, holder, created = filing.text("charge_id"), filing.text("holder"), filing.day("created_on")
    keys: list[tuple[object, ...]] = [("id", number)] if number else []
    if created and holder:
        keys.append(("holder", plain(holder), created))
    return keys


def _charge(filings: Sequence[StatedFiling]) -> CompanyCharge:
    satisfied = [each for each in filings if each.form in _SATISFACTIONS or each.day("satisfied_on")]
    return CompanyCharge(
        ids=_texts(filings, "charge_id"),
        holders=_texts(filings, "holder"),
        created=days(filings, "created_on"),
        modified=days(filings, "modified_on"),
        satisfied=days(filings, "satisfied_on"),
        amounts=fact((each.paise("amount"), each.source("amount")) for each in filings),
        properties=_texts(filings, "property"),
        sources=tuple(each.source() for each in reversed(filings)),
        is_open=not satisfied,
    )


def _texts(filings: Sequence[StatedFiling], name: str) -> Fact[str]:
    return fact(((each.text(name), each.source(name)) for each in filings), same=plain)
