"""PAS-3 (allotment of shares) and SH-7 (change of the authorised capital), and Forms 2 and 5 of the 1956 Act."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jobs.domain.filings.forms import FormRecord
from jobs.domain.filings.identifiers import Identifier
from jobs.domain.filings.values import Kind, Value, value


@dataclass(frozen=True, kw_only=True)
class Allotment(FormRecord):
    """PAS-3: what was allotted, and the capital after it."""

    FORMS: ClassVar[tuple[str, ...]] = ("PAS-3", "Form 2")

    allotted_on: Value | None = value(
        Kind.DATE, keys=("DATE_ALLOTMENT", "DATE_OF_ALLOTMNT"), labels=("Date of allotment",)
    )
    resolved_on: Value | None = value(
        Kind.DATE, labels=("Date of passing shareholders' resolution", "Date of passing special resolution")
    )
    srn_of_mgt_14: Value | None = value(Identifier.SRN, labels=("SRN of Form No. MGT-14", "SRN of MGT-14"))
    shares_allotted: Value | None = value(
        Kind.NUMBER,
        labels=("Number of securities allotted", "Number of shares allotted", "Total number of securities allotted"),
    )
    nominal_amount: Value | None = value(
        Kind.AMOUNT,
        labels=(
            *("Nominal amount of the shares allotted", "Nominal amount per security", "Nominal amount per share"),
            "Nominal amount",
        ),
    )
    premium: Value | None = value(
        Kind.AMOUNT, labels=("Premium received", "Premium amount per security", "Premium amount per share")
    )
    total_received: Value | None = value(Kind.AMOUNT, labels=("Total amount paid", "Total amount received"))
    paid_up_capital: Value | None = value(Kind.AMOUNT, labels=("Paid up capital", "Total paid up capital"))


@dataclass(frozen=True, kw_only=True)
class CapitalChange(FormRecord):
    """SH-7: the authorised capital before and after."""

    FORMS: ClassVar[tuple[str, ...]] = ("SH-7", "Form 5")

    purpose: Value | None = value(labels=("Purpose of the form", "This form is for"))
    resolved_on: Value | None = value(
        Kind.DATE, labels=("Date of members' meeting", "Date of general meeting", "Date of passing of the resolution")
    )
    srn_of_mgt_14: Value | None = value(Identifier.SRN, labels=("SRN of Form No. MGT-14", "SRN of MGT-14"))
    authorised_before: Value | None = value(
        Kind.AMOUNT,
        labels=(
            *("Existing authorised", "Authorised capital before", "Authorised share capital > Existing"),
            *("Authorised capital > Existing", "Authorised capital of the company > Existing"),
        ),
    )
    authorised_after: Value | None = value(
        Kind.AMOUNT,
        labels=(
            *("Revised authorised", "Authorised capital after", "Authorised share capital > Revised"),
            *("Authorised capital > Revised", "Authorised capital of the company > Revised"),
        ),
    )
    difference: Value | None = value(
        Kind.AMOUNT, labels=("Difference (addition)", "Authorised capital > Difference", "Increase in authorised")
    )
