"""Annual returns: MGT-7 and MGT-7A, and Forms 20B and 21A of the 1956 Act."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jobs.domain.filings.forms import FormRecord
from jobs.domain.filings.identifiers import Identifier
from jobs.domain.filings.values import Kind, Value, rows, value


@dataclass(frozen=True, kw_only=True)
class BusinessActivity:
    """One row of part II."""

    group: Value | None = value(keys=("MAIN_ACT_GRP_COD",), labels=("Main Activity group code",))
    description: Value | None = value(keys=("DES_BUSINESS_ACT",), labels=("Description of Business Activity",))
    share_of_turnover: Value | None = value(Kind.PERCENT, keys=("PERCENT_TURN_OVR",), labels=("% of turnover",))


@dataclass(frozen=True, kw_only=True)
class RelatedCompany:
    """One row of part III: a holding, subsidiary or associate company, or a joint venture."""

    name: Value | None = value(keys=("NAME_COMPANY",), labels=("Name of the company",))
    cin: Value | None = value(Identifier.CIN, keys=("CIN_FCRN",), labels=("CIN / FCRN", "CIN"))
    relation: Value | None = value(keys=("HOLD_SUB_ASSOC",), labels=("Holding/", "Holding / Subsidiary"))
    shares_held: Value | None = value(Kind.PERCENT, keys=("PERCENT_SHARE",), labels=("% of shares held",))


@dataclass(frozen=True, kw_only=True)
class ReturnedDirector:
    """One row of part VIII: a director or key manager at the end of the year."""

    name: Value | None = value(keys=("NAME",), labels=("Name",))
    din: Value | None = value(Identifier.DIN, keys=("DIN_PAN",), labels=("DIN/PAN", "DIN"))
    designation: Value | None = value(keys=("DESIGNATION",), labels=("Designation",))
    shares: Value | None = value(Kind.NUMBER, keys=("NO_OF_EQUITY_SHR",), labels=("Number of equity share",))
    ceased_on: Value | None = value(Kind.DATE, keys=("DATE_OF_CESSATN",), labels=("Date of cessation",))


@dataclass(frozen=True, kw_only=True)
class AnnualReturn(FormRecord):
    """The company's state at the end of its year. Shares are percentages of the equity."""

    FORMS: ClassVar[tuple[str, ...]] = ("MGT-7", "MGT-7A", "Form 20B", "Form 21A")

    pan: Value | None = value(
        Identifier.PAN,
        keys=("IT_PAN_OF_COMPNY",),
        labels=("Permanent Account Number", "PAN of the company", "PAN"),
    )
    address: Value | None = value(keys=("REG_OFFC_ADDRESS",), labels=("Registered office address",))
    incorporated_on: Value | None = value(
        Kind.DATE, keys=("INCORPORATION_DATE",), labels=("Date of Incorporation", "Registration Date")
    )
    company_type: Value | None = value(
        keys=("TYPE_OF_COMPANY",), labels=("Type of the company", "Class of company", "Type of company")
    )
    category: Value | None = value(
        keys=("CATEGORY_COMPANY",), labels=("Category of the company", "Category of company")
    )
    year_from: Value | None = value(
        Kind.DATE,
        keys=("FY_FROM_DATE",),
        labels=(
            *("Financial year from date", "Financial year from", "Financial year > From date", "From date"),
            "Financial year for which the annual return is being filed (From date)",
        ),
    )
    year_to: Value | None = value(
        Kind.DATE,
        keys=("FY_END_DATE",),
        labels=(
            *("Financial year to", "Financial year > To date", "To date", "As on the financial year ended on"),
            "Financial year for which the annual return is being filed (To date)",
        ),
    )
    held_agm_on: Value | None = value(
        Kind.DATE, keys=("DATE_AGM",), labels=("If yes, date of AGM", "Date of AGM", "AGM held > Date of AGM")
    )
    turnover: Value | None = value(Kind.AMOUNT, keys=("TOT_TURNOVER",), labels=("Total Turnover", "Turnover"))
    net_worth: Value | None = value(
        Kind.AMOUNT, keys=("NET_WORTH_COMP",), labels=("Net worth of the Company", "Net worth")
    )
    paid_up_capital: Value | None = value(
        Kind.AMOUNT,
        keys=("TOT_AMT_ES_P_CAP",),
        labels=("Total amount of equity shares", "Paid-up capital", "Paid up capital"),
    )
    shareholders: Value | None = value(
        Kind.NUMBER, keys=("TOT_NO_SH_PR_PUB",), labels=("Total number of shareholders",)
    )
    promoters_share: Value | None = value(Kind.PERCENT, keys=("PER_ES_TOTAL",))
    public_share: Value | None = value(Kind.PERCENT, keys=("PE_ES_TOTAL_PUBC",))
    activities: tuple[BusinessActivity, ...] = rows(BusinessActivity, table=("T_ZNCA_MGT_7_S2", "T_ZMCA_MGT_7A_S2"))
    related_companies: tuple[RelatedCompany, ...] = rows(RelatedCompany, table=("T_ZNCA_MGT_7_S3", "T_ZMCA_MGT_7A_S3"))
    directors: tuple[ReturnedDirector, ...] = rows(ReturnedDirector, table="T_ZNCA_MGT_7_S8_B1")
