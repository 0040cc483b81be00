"""A company's charges, from their creation to their satisfaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from jobs.domain.companies.statements import (
    Fact,
    Source,
    StatedFiling,
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
    creation connect it with later forms. Several charges may have these in common: their numbers tell them apart, or
    the amounts in the forms that create them.
    """
    groups = _groups(in_order(of_forms(filings, Charge.FORMS)))
    found = sorted((_charge(in_order(each)) for each in groups), key=lambda each: each.first_day, reverse=True)
    return sorted(found, key=lambda each: not each.is_open)


_Group = list[StatedFiling]
_Made = tuple[str, date]


def _groups(filings: Sequence[StatedFiling]) -> list[_Group]:
    """The filings of each charge."""
    numbered: dict[str, _Group] = {}
    created: dict[tuple[_Made, int], _Group] = {}
    others: _Group = []
    for filing in filings:
        made, amount = _made(filing), filing.paise("amount")
        if number := filing.text("charge_id"):
            numbered.setdefault(number, []).append(filing)
        elif made and amount is not None and _creates(filing):
            created.setdefault((made, amount), []).append(filing)
        else:
            others.append(filing)
    return _with_others(_joined(list(numbered.values()), list(created.values())), others)


def _joined(numbered: Sequence[_Group], created: Sequence[_Group]) -> list[_Group]:
    """Add to each numbered charge the forms that create it: those with its amount, else any of that holder and day."""
    free = list(numbered)
    for needs_amount in (True, False):
        rest = []
        for forms in created:
            group = _alike(free, forms[0], needs_amount=needs_amount)
            if group is None:
                rest.append(forms)
            else:
                free = [each for each in free if each is not group]
                group += forms
        created = rest
    return [*numbered, *created]


def _with_others(groups: list[_Group], filings: Sequence[StatedFiling]) -> list[_Group]:
    """Add the forms that create no charge, and whose number is not known."""
    for filing in filings:
        group = _alike(groups, filing, needs_amount=True) or _alike(groups, filing, needs_amount=False)
        if group is None:
            groups.append([filing])
        else:
            group.append(filing)
    return groups


def _alike(groups: Sequence[_Group], filing: StatedFiling, *, needs_amount: bool) -> _Group | None:
    """The first charge with the filing's holder and day of creation."""
    made, amount = _made(filing), filing.paise("amount")
    for group in groups if made else ():
        has_amount = not needs_amount or any(each.paise("amount") == amount for each in group)
        if has_amount and any(_made(each) == made for each in group):
            return group
    return None


def _made(filing: StatedFiling) -> _Made | None:
    """Holder and day of creation."""
    holder, created = filing.text("holder"), filing.day("created_on")
    return (plain(holder), created) if holder and created else None


def _creates(filing: StatedFiling) -> bool:
    return not (_satisfies(filing) or filing.day("modified_on"))


def _satisfies(filing: StatedFiling) -> bool:
    return filing.form in _SATISFACTIONS or filing.day("satisfied_on") is not None


def _charge(filings: Sequence[StatedFiling]) -> CompanyCharge:
    return CompanyCharge(
        ids=_texts(filings, "charge_id"),
        holders=_texts(filings, "holder"),
        created=days(filings, "created_on"),
        modified=days(filings, "modified_on"),
        satisfied=days(filings, "satisfied_on"),
        amounts=fact((each.paise("amount"), each.source("amount")) for each in filings),
        properties=_texts(filings, "property"),
        sources=tuple(each.source() for each in reversed(filings)),
        is_open=not any(_satisfies(each) for each in filings),
    )


def _texts(filings: Sequence[StatedFiling], name: str) -> Fact[str]:
    return fact(((each.text(name), each.source(name)) for each in filings), same=plain)
