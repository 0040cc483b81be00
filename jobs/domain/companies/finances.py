"""Financials, capital and shareholding by year. Amounts are in paise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from jobs.domain.companies.statements import Fact, Source, StatedFiling, days, fact, in_order, of_forms
from jobs.domain.filings.accounts import FinancialStatements, is_consolidated
from jobs.domain.filings.annual_returns import AnnualReturn
from jobs.domain.filings.capital import Allotment, CapitalChange

#: The measures of a year, in the order of a balance sheet, with their names for people.
MEASURES: Mapping[str, str] = {
    "revenue": "Revenue",
    "turnover": "Turnover",
    "expenses": "Expenses",
    "profit_before_tax": "Profit before tax",
    "profit": "Net profit",
    "net_worth": "Net worth",
    "share_capital": "Share capital",
    "reserves": "Reserves",
    "debt": "Debt",
    "long_term_borrowings": "Long-term debt",
    "short_term_borrowings": "Short-term debt",
    "trade_receivables": "Trade receivables",
    "cash": "Cash",
    "total_assets": "Total assets",
}
#: Measures that are sums of those that a filing states. A form leaves out what is zero.
_SUMS = {"debt": ("long_term_borrowings", "short_term_borrowings")}
#: The measures that annual returns state too.
_IN_RETURNS = {"turnover": "turnover", "net_worth": "net_worth", "share_capital": "paid_up_capital"}


@dataclass(frozen=True, kw_only=True)
class FinancialYear:
    """The year that ends on ``end``; measures that no filing states are missing."""

    end: date
    consolidated: bool
    measures: Mapping[str, Fact[int]]


@dataclass(frozen=True, kw_only=True)
class Shareholding:
    """Holders of the equity at the end of a year. Shares are percentages."""

    end: date
    shareholders: Fact[int]
    promoters: Fact[str]
    public: Fact[str]


@dataclass(frozen=True, kw_only=True)
class CapitalStep:
    """A change of the authorised capital, or an allotment with the paid-up capital after it."""

    on: date | None
    authorised: int | None
    paid_up: int | None
    shares: int | None
    source: Source


@dataclass(frozen=True, kw_only=True)
class Meetings:
    """When the board approved a year's accounts, and the annual general meeting."""

    end: date
    board: Fact[date]
    general: Fact[date]


def years_of(filings: Sequence[StatedFiling]) -> list[FinancialYear]:
    """The latest first; within a year, the company's own accounts before consolidated ones."""
    groups: dict[tuple[date, bool], list[StatedFiling]] = {}
    for filing in of_forms(filings, FinancialStatements.FORMS):
        if filing.year_end:
            groups.setdefault((filing.year_end, _is_consolidated(filing)), []).append(filing)
    returns = [each for each in of_forms(filings, AnnualReturn.FORMS) if each.year_end]
    for filing in returns:
        assert filing.year_end  # noqa: S101  just selected
        if any(name in filing.values for name in _IN_RETURNS.values()):
            groups.setdefault((filing.year_end, False), [])
    ordered = sorted(groups, key=lambda each: (-each[0].toordinal(), each[1]))
    return [_year(end, consolidated, groups[end, consolidated], returns) for end, consolidated in ordered]


def _is_consolidated(filing: StatedFiling) -> bool:
    return is_consolidated(filing.form, filing.text("consolidated") or "")


def _year(
    end: date, consolidated: bool, accounts: Sequence[StatedFiling], returns: Sequence[StatedFiling]
) -> FinancialYear:
    own = [] if consolidated else [each for each in returns if each.year_end == end]
    stating: dict[str, list[tuple[StatedFiling, str]]] = {
        name: [(each, name) for each in accounts] for name in MEASURES
    }
    for name, other in _IN_RETURNS.items():
        stating[name] += [(each, other) for each in own]
    measures = {
        name: fact((_amount(each, key), each.source(*_SUMS.get(key, (key,)))) for each, key in stated)
        for name, stated in stating.items()
    }
    return FinancialYear(
        end=end, consolidated=consolidated, measures={name: said for name, said in measures.items() if said}
    )


def _amount(filing: StatedFiling, name: str) -> int | None:
    stated = [amount for part in _SUMS.get(name, (name,)) if (amount := filing.paise(part)) is not None]
    return sum(stated) if stated else None


def shareholding_of(filings: Sequence[StatedFiling]) -> list[Shareholding]:
    """The latest first."""
    names = ("shareholders", "promoters_share", "public_share")
    stating = [each for each in of_forms(filings, AnnualReturn.FORMS) if any(name in each.values for name in names)]
    return [
        Shareholding(
            end=end,
            shareholders=fact((each.number("shareholders"), each.source("shareholders")) for each in group),
            promoters=fact((each.text("promoters_share"), each.source("promoters_share")) for each in group),
            public=fact((each.text("public_share"), each.source("public_share")) for each in group),
        )
        for end, group in _by_year(stating)
    ]


def capital_of(filings: Sequence[StatedFiling]) -> list[CapitalStep]:
    """The latest first."""
    steps = [
        CapitalStep(
            on=each.day("resolved_on") or each.day("allotted_on") or each.filed_on,
            authorised=each.paise("authorised_after"),
            paid_up=each.paise("paid_up_capital"),
            shares=each.number("shares_allotted"),
            source=each.source("authorised_after", "shares_allotted", "paid_up_capital"),
        )
        for each in in_order(of_forms(filings, (*Allotment.FORMS, *CapitalChange.FORMS)))
    ]
    stated = [each for each in steps if (each.authorised, each.paid_up, each.shares) != (None, None, None)]
    return sorted(stated, key=lambda each: each.on or date.min, reverse=True)


def meetings_of(filings: Sequence[StatedFiling]) -> list[Meetings]:
    """The latest first."""
    stating = [
        each
        for each in of_forms(filings, (*FinancialStatements.FORMS, *AnnualReturn.FORMS))
        if each.day("board_met_on") or each.day("held_agm_on")
    ]
    return [
        Meetings(
            end=end,
            board=days(group, "board_met_on"),
            general=days(group, "held_agm_on"),
        )
        for end, group in _by_year(stating)
    ]


def _by_year(filings: Sequence[StatedFiling]) -> list[tuple[date, list[StatedFiling]]]:
    groups: dict[date, list[StatedFiling]] = {}
    for filing in filings:
        if filing.year_end:
            groups.setdefault(filing.year_end, []).append(filing)
    return sorted(groups.items(), reverse=True)
