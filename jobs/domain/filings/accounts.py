"""Financial statements: AOC-4 and its variants (CFS, XBRL, NBFC), and Forms 23AC and 23ACA of the 1956 Act.

The elements of XBRL instances are those of the Ministry's taxonomies (in-gaap, ind-as, in-ca). AOC-4 keeps the balance
sheet in ``ZMCA_NCA_AOC_4`` and the profit and loss account in ``ZMCA_NCA_AOC4_II``; its ``ZNCA_AOC_4_III`` holds the
layout of the 1956 Act.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jobs.domain.filings.forms import FormRecord
from jobs.domain.filings.identifiers import Identifier
from jobs.domain.filings.values import Kind, Value, rows, value

#: The element of XBRL that says whether the accounts are the company's own or consolidated.
NATURE = "NatureOfReportStandaloneConsolidated"
_SHEET, _PROFIT, _OLD = "ZMCA_NCA_AOC_4", "ZMCA_NCA_AOC4_II", "ZNCA_AOC_4_III"


def is_consolidated(form: str, nature: str = "") -> bool:
    """Whether accounts include those of subsidiaries. ``nature``: what they state about that."""
    return "CFS" in form or nature.casefold().startswith("consolidated")


@dataclass(frozen=True, kw_only=True)
class StatutoryAuditor:
    """One row of AOC-4's auditors."""

    name: Value | None = value(keys=("NAME_AUDT_AUDTRF",), labels=("Name of the auditor or auditor's firm",))
    pan: Value | None = value(Identifier.PAN, keys=("IT_PAN",))
    registration_number: Value | None = value(keys=("MEMBERSHIP_NUM_A",))
    srn_of_adt_1: Value | None = value(Identifier.SRN, keys=("SRN_ADT_1",))
    member: Value | None = value(keys=("NAME_OF_MEMBER",))
    membership_number: Value | None = value(keys=("MEMBERSHIP_NUMBR",))


@dataclass(frozen=True, kw_only=True)
class Subsidiary:
    """One row of AOC-4's subsidiaries."""

    cin: Value | None = value(Identifier.CIN, keys=("CIN_SUBSIDARY_CM",), labels=("CIN",))
    name: Value | None = value(keys=("NAME_SUBSDRY_CMP",), labels=("Name of the subsidiary",))


@dataclass(frozen=True, kw_only=True)
class FinancialStatements(FormRecord):
    """Amounts for the reported year, and the balance sheet totals."""

    FORMS: ClassVar[tuple[str, ...]] = (
        *("AOC-4", "AOC-4 CFS", "AOC-4 XBRL", "AOC-4 NBFC", "AOC-4 CFS NBFC"),
        *("Form 23AC", "Form 23ACA"),
    )

    year_from: Value | None = value(
        Kind.DATE,
        facts=("DateOfStartOfReportingPeriod", "DateOfStartOfFinancialYear"),
        keys=(f"{_SHEET}/FY_START_DATE", "FY_START_DATE", "FY_FROM_DATE"),
        names=("FromDate",),
        labels=("Financial year > From", "Financial year from", "From date", "From"),
    )
    year_to: Value | None = value(
        Kind.DATE,
        facts=("DateOfEndOfReportingPeriod", "DateOfEndOfFinancialYear"),
        keys=(f"{_SHEET}/FY_END_DATE", "FY_END_DATE"),
        names=("ToDate",),
        labels=("Financial year > To", "Financial year to", "To date", "To"),
    )
    consolidated: Value | None = value(facts=(NATURE,), keys=("RB_CONSOLIDATED",), labels=("Nature of report",))
    board_met_on: Value | None = value(
        Kind.DATE,
        facts=("DateOfBoardMeetingWhenFinalAccountsWereApproved",),
        keys=("DATE_BOD_MEETING",),
        names=("MeetingDate_D",),
        labels=("Date of Board of directors' meeting in which financial statements",),
    )
    held_agm_on: Value | None = value(
        Kind.DATE,
        facts=("DateOfAnnualGeneralMeeting",),
        keys=(f"{_SHEET}/DATE_AGM", "DATE_AGM"),
        names=("AGMDate",),
        labels=("If yes, date of AGM", "Date of AGM"),
    )
    share_capital: Value | None = value(
        Kind.AMOUNT,
        facts=("ShareCapital", "EquityShareCapital"),
        keys=(f"{_SHEET}/SHARE_CAPITAL_CR", "SHARE_CAPITAL_CR", f"{_OLD}/PAID_UP_CAPT_CFY"),
        names=("ShareCap",),
        labels=("Share capital", "Equity share capital"),
    )
    reserves: Value | None = value(
        Kind.AMOUNT,
        facts=("ReservesAndSurplus", "OtherEquity"),
        keys=(f"{_SHEET}/RESERVE_SURPLUS1", "RESERVE_SURPLUS1", f"{_OLD}/RESERVES_SURP_CF"),
        names=("ResSur",),
        labels=("Reserves and surplus", "Reserves & surplus", "Other equity"),
    )
    long_term_borrowings: Value | None = value(
        Kind.AMOUNT,
        facts=("LongTermBorrowings", "BorrowingsNoncurrent"),
        keys=("LONG_TERM_BORR_C",),
        names=("LongTerm",),
        labels=("Long term borrowings", "Non-current borrowings"),
    )
    short_term_borrowings: Value | None = value(
        Kind.AMOUNT,
        facts=("ShortTermBorrowings", "BorrowingsCurrent"),
        keys=("SHORT_TERM_BOR_C",),
        names=("ShortBorrow",),
        labels=("Short term borrowings", "Current borrowings"),
    )
    trade_receivables: Value | None = value(
        Kind.AMOUNT,
        facts=("TradeReceivables", "TradeReceivablesCurrent"),
        keys=("TRADE_RECEIV_CR",),
        labels=("Trade receivables",),
    )
    cash: Value | None = value(
        Kind.AMOUNT,
        facts=("CashAndBankBalances", "CashAndCashEquivalents"),
        keys=("CASH_AND_EQU_CR",),
        names=("Cash",),
        labels=("Cash and cash equivalents", "Cash and bank balances"),
    )
    total_liabilities: Value | None = value(
        Kind.AMOUNT,
        facts=("EquityAndLiabilities",),
        keys=(f"{_SHEET}/TOTAL_CURR_REP", "TOTAL_CURR_REP", f"{_OLD}/TOTAL_CF"),
        labels=("Total equity and liabilities",),
    )
    total_assets: Value | None = value(
        Kind.AMOUNT,
        facts=("Assets",),
        keys=(f"{_SHEET}/TOTAL_CURR_REP1", "TOTAL_CURR_REP1", f"{_OLD}/TOTAL1_CF"),
        labels=("Total assets",),
    )
    revenue: Value | None = value(
        Kind.AMOUNT,
        facts=("RevenueFromOperations", "Revenue", "Income"),
        keys=(f"{_PROFIT}/TOTAL_REVENUE_CR", "TOTAL_REVENUE_CR"),
        labels=("Revenue from operations", "Total revenue", "Total income"),
    )
    expenses: Value | None = value(
        Kind.AMOUNT,
        facts=("Expenses",),
        keys=(f"{_PROFIT}/TOTAL_EXPENSES_C", "TOTAL_EXPENSES_C"),
        labels=("Total expenses",),
    )
    profit_before_tax: Value | None = value(
        Kind.AMOUNT,
        facts=("ProfitBeforeTax",),
        keys=(f"{_PROFIT}/PROF_B_TAX_7_8_C", "PROF_B_TAX_7_8_C"),
        labels=("Profit before tax", "Profit / (Loss) before tax", "Profit (Loss) before tax"),
    )
    profit: Value | None = value(
        Kind.AMOUNT,
        facts=("ProfitLossForPeriod", "ProfitLoss"),
        keys=(f"{_PROFIT}/PROF_LOS_11_14_C", "PROF_LOS_11_14_C"),
        labels=("Profit after tax", "Profit / (Loss) for the period", "Profit (Loss) for the period", "Net profit"),
    )
    turnover: Value | None = value(
        Kind.AMOUNT, keys=(f"{_PROFIT}/TURNOVER",), names=("CSRTurnover",), labels=("Turnover",)
    )
    net_worth: Value | None = value(
        Kind.AMOUNT,
        keys=(f"{_PROFIT}/NET_WORTH", f"{_SHEET}/NET_WORTH_COMPAN"),
        names=("CSTNetworth",),
        labels=("Net worth",),
    )
    auditors: tuple[StatutoryAuditor, ...] = rows(StatutoryAuditor, table="T_ZNCA_AOC_4_S10")
    subsidiaries: tuple[Subsidiary, ...] = rows(Subsidiary, table="T_ZMCA_NCA_AOC4_S9")
