"""Annual accounts that balance, and of which each year continues the one before. Amounts are rupees."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

_TAX = 0.2517  # rate for companies without exemptions, with surcharge and cess
_INTEREST, _DEPRECIATION = 0.095, 0.11
_LEAST_CASH = 0.02  # of revenue


@dataclass(frozen=True, kw_only=True)
class Year:
    """A financial year: from 1 April, or the incorporation, to 31 March."""

    start: date
    end: date

    @property
    def label(self) -> str:
        return f"{self.end.year - 1}-{self.end.year % 100:02d}"


@dataclass(frozen=True, kw_only=True)
class Nature:
    """A kind of business: revenue of the first year, and ratios to revenue."""

    revenue: int
    growth: float
    materials: float
    employees: float
    other: float
    fixed_assets: float


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """A balance sheet and a statement of profit and loss."""

    share_capital: int
    reserves: int
    long_term_borrowings: int
    short_term_borrowings: int
    trade_payables: int
    other_liabilities: int
    provisions: int
    tangible_assets: int
    loans: int
    inventories: int
    receivables: int
    cash: int
    other_assets: int
    operations: int
    other_income: int
    materials: int
    employees: int
    finance_cost: int
    depreciation: int
    other_expenses: int
    tax: int

    @property
    def total_liabilities(self) -> int:
        """Equity and liabilities."""
        owed = self.long_term_borrowings + self.short_term_borrowings + self.trade_payables
        return self.net_worth + owed + self.other_liabilities + self.provisions

    @property
    def total_assets(self) -> int:
        current = self.inventories + self.receivables + self.cash + self.other_assets
        return self.tangible_assets + self.loans + current

    @property
    def net_worth(self) -> int:
        return self.share_capital + self.reserves

    @property
    def revenue(self) -> int:
        return self.operations + self.other_income

    @property
    def expenses(self) -> int:
        return self.materials + self.employees + self.finance_cost + self.depreciation + self.other_expenses

    @property
    def profit_before_tax(self) -> int:
        return self.revenue - self.expenses

    @property
    def profit(self) -> int:
        return self.profit_before_tax - self.tax


def a_nature(chance: random.Random, *, small: bool) -> Nature:
    crores = chance.uniform(0.4, 30) if small else 10 ** chance.uniform(1.3, 2.9)
    materials = chance.uniform(0.4, 0.6)
    return Nature(
        revenue=round(crores * 10_000_000),
        growth=chance.uniform(0.01, 0.16),
        materials=materials,
        employees=chance.uniform(0.1, 0.18),
        other=chance.uniform(0.1, 0.19),
        fixed_assets=chance.uniform(0.15, 0.45),
    )


def opening(chance: random.Random, nature: Nature, share_capital: int, loans: int) -> Accounts:
    """The accounts of the last year before the history begins."""
    return _closed(chance, nature, nature.revenue, None, share_capital, round(nature.revenue * 0.3), loans)


def following(
    chance: random.Random, nature: Nature, before: Accounts | None, *, share_capital: int, premium: int, loans: int
) -> Accounts:
    """The accounts of the year after ``before``, or of the first year. ``premium`` was received on shares in it."""
    if before is None:
        start = _noisy(chance, nature.revenue * chance.uniform(0.3, 0.7))
        return _closed(chance, nature, start, None, share_capital, premium, loans)
    growth = 1 + nature.growth + chance.uniform(-0.12, 0.12)
    operations = _noisy(chance, before.operations * growth)
    return _closed(chance, nature, operations, before, share_capital, before.reserves + premium, loans)


def _closed(
    chance: random.Random,
    nature: Nature,
    operations: int,
    before: Accounts | None,
    share_capital: int,
    reserves: int,
    loans: int,
) -> Accounts:
    fixed = before.tangible_assets if before else _noisy(chance, operations * nature.fixed_assets)
    owed = before.long_term_borrowings + before.short_term_borrowings if before else loans
    costs = {
        "materials": _noisy(chance, operations * nature.materials),
        "employees": _noisy(chance, operations * nature.employees),
        "finance_cost": round(owed * _INTEREST),
        "depreciation": round(fixed * _DEPRECIATION),
        "other_expenses": _noisy(chance, operations * nature.other),
    }
    other_income = _noisy(chance, operations * 0.012)
    gain = operations + other_income - sum(costs.values())
    tax = round(max(0, gain) * _TAX)
    return _balanced(
        chance,
        spare=nature.fixed_assets,
        share_capital=share_capital,
        reserves=reserves + gain - tax,
        long_term_borrowings=loans,
        trade_payables=_noisy(chance, operations * 0.11),
        other_liabilities=_noisy(chance, operations * 0.05),
        provisions=_noisy(chance, operations * 0.015),
        tangible_assets=fixed - costs["depreciation"] + _noisy(chance, operations * nature.fixed_assets * 0.12),
        loans=_noisy(chance, operations * 0.03),
        inventories=_noisy(chance, costs["materials"] * 0.2),
        receivables=_noisy(chance, operations * 0.18),
        other_assets=_noisy(chance, operations * 0.02),
        operations=operations,
        other_income=other_income,
        tax=tax,
        **costs,
    )


def _balanced(chance: random.Random, *, spare: float, **amounts: int) -> Accounts:
    """Cash, or if it were too little a short-term loan, makes the sides equal; much cash goes into fixed assets."""
    draft = Accounts(short_term_borrowings=0, cash=0, **amounts)
    gap = draft.total_liabilities - draft.total_assets
    least = _noisy(chance, draft.operations * _LEAST_CASH)
    if gap < least:
        return Accounts(short_term_borrowings=least - gap, cash=least, **amounts)
    invested = round(max(0, gap - draft.operations * 0.1) * spare)
    amounts["tangible_assets"] += invested
    return Accounts(short_term_borrowings=0, cash=gap - invested, **amounts)


def _noisy(chance: random.Random, amount: float) -> int:
    return round(amount * chance.uniform(0.93, 1.07))


def years_between(incorporated_on: date, first: date, last: date) -> list[Year]:
    """The financial years that began on or after ``first`` and whose meeting can be held until ``last``."""
    years = []
    start = max(incorporated_on, first)
    end = _year_end(start)
    # A company that is incorporated in the last three months closes its first year 15 months later at most.
    if start == incorporated_on and (end - start).days < 90:
        end = date(end.year + 1, 3, 31)
    while date(end.year, 12, 31) <= last:
        years.append(Year(start=start, end=end))
        start, end = end + timedelta(days=1), date(end.year + 1, 3, 31)
    return years


def _year_end(day: date) -> date:
    return date(day.year if day.month <= 3 else day.year + 1, 3, 31)
