"""The fields common to all forms, and a frozen dataclass for each group of similar forms."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

from jobs.domain.filings.identifiers import Identifier
from jobs.domain.filings.values import Kind, Spec, Value, value


@dataclass(frozen=True, kw_only=True)
class FormRecord:
    """The company details that every form states. ``form`` is the form's name, None if it is unknown."""

    FORMS: ClassVar[tuple[str, ...]] = ()

    form: str | None = None
    company_name: Value | None = value(
        facts=("NameOfCompany", "NameOfTheCompany"),
        keys=("ZNCACOMPANYNAME", "HI_COMP_NAME", "HI_COMPANYNAME", "NAME_OF_COMPANY", "COMPANY_NAME", "CompanyName"),
        names=("CompanyName_C", "Company_Name_C", "CompName_C"),
        labels=("Name of the company", "Name of company", "Company name", "Company:"),
    )
    cin: Value | None = value(
        Identifier.CIN,
        facts=("CorporateIdentityNumber",),
        keys=("CIN", "CIN_OR_FCRN", "SRN_2_1_OR_CIN", "CIN_FCRN", "CINOrFCRN"),
        names=("CIN_C", "CIN"),
        labels=("Corporate identity number", "Corporate identification number", "CIN"),
        anywhere=True,
    )
    srn: Value | None = value(
        Identifier.SRN,
        keys=("EFORM_SRN", "eFormSRN"),
        names=("eFormSRN",),
        labels=("eForm Service request number", "Service request number", "SRN"),
    )
    email: Value | None = value(
        keys=("EMAIL_ID_COMPANY", "EMAIL_ID"),
        names=("EmailId_C", "CompEmail_C", "Email_C", "Email"),
        labels=("e-mail ID of the company", "e-mail ID"),
    )
    filed_on: Value | None = value(
        Kind.DATE,
        keys=("EFORM_SRN_DATE", "EFORM_FILING_DAT", "DateOfFiling", "EFORM_SIGN_DATE"),
        names=("DateOfFiling", "DateOfSigning"),
        labels=("eForm filing date", "Date of filing"),
    )

    @classmethod
    def specs(cls) -> dict[str, Spec]:
        """Where to find each value outside tables, by its name."""
        return {each.name: each.metadata["spec"] for each in fields(cls) if "spec" in each.metadata}


@dataclass(frozen=True, kw_only=True)
class GenericRecord(FormRecord):
    """Any other form: company, SRN and date only; the rest stays available in the reading's fields."""


@dataclass(frozen=True, kw_only=True)
class Resolutions(FormRecord):
    """MGT-14, and Form 23 of the 1956 Act: resolutions and agreements."""

    FORMS: ClassVar[tuple[str, ...]] = ("MGT-14", "Form 23")

    registration_of: Value | None = value(labels=("Registration of",))
    notice_on: Value | None = value(
        Kind.DATE, labels=("Date of dispatch of notice for passing of > Resolution(s)", "Date of dispatch of notice")
    )
    passed_on: Value | None = value(
        Kind.DATE,
        keys=("DATE_PASSING_RES", "DATE_PASSING_RESO"),
        labels=(
            *("Date of passing of > Resolution(s)", "Date of passing the resolution", "Date of passing of resolution"),
            *("Date of passing of the resolution", "Date of resolution"),
        ),
    )
    number_of_resolutions: Value | None = value(
        Kind.NUMBER, labels=("Number of resolution(s) for which the form is being filed",)
    )
    resolution_number: Value | None = value(labels=("Resolution number",))
    section: Value | None = value(labels=("Section of the Companies Act, 2013 under which passed",))
    purpose: Value | None = value(labels=("Purpose of passing the resolution",))
    subject: Value | None = value(labels=("Subject matter of the resolution",))
    authority: Value | None = value(
        labels=("Indicate the authority passing", "Authority passing or agreeing to the resolution")
    )


@dataclass(frozen=True, kw_only=True)
class RegisteredOffice(FormRecord):
    """INC-22, and Form 18 of the 1956 Act: the address of the registered office."""

    FORMS: ClassVar[tuple[str, ...]] = ("INC-22", "Form 18")

    purpose: Value | None = value(labels=("Purpose of the form", "This form is for"))
    effective_from: Value | None = value(
        Kind.DATE,
        keys=("DATE_OF_CHANGE", "DATE_EFFECT"),
        labels=(
            *("The address of the registered office of the company with effect from", "with effect from"),
            *("Date of change", "the situation of the registered office of the company was changed with effect from"),
        ),
    )
    address: Value | None = value(
        keys=("ADDRESS_LINE_I", "ADDRESS_LINE1"),
        labels=("Address Line I", "Line I", "Address of the registered office", "Address$"),
    )
    address_2: Value | None = value(keys=("ADDRESS_LINE_II", "ADDRESS_LINE2"), labels=("Address Line II", "Line II"))
    city: Value | None = value(keys=("CITY",), labels=("City",))
    district: Value | None = value(keys=("DISTRICT",), labels=("District",))
    state: Value | None = value(keys=("STATE", "STATE_UT"), labels=("State/UT", "State"))
    pin_code: Value | None = value(Identifier.PIN_CODE, keys=("PIN_CODE",), labels=("Pin code", "PIN"))
    srn_of_related_form: Value | None = value(Identifier.SRN, labels=("SRN of relevant form", "SRN of Form"))


@dataclass(frozen=True, kw_only=True)
class Deposits(FormRecord):
    """DPT-3: deposits, and receipts not considered deposits."""

    FORMS: ClassVar[tuple[str, ...]] = ("DPT-3",)

    purpose: Value | None = value(labels=("Purpose of the form", "This form is for"))
    deposits: Value | None = value(
        Kind.AMOUNT,
        labels=(
            *("Deposits outstanding", "Amount of existing deposits as at", "Amount of existing deposits"),
            "Total amount of deposits",
        ),
    )
    depositors: Value | None = value(Kind.NUMBER, labels=("Total number of deposit holders", "Number of depositors"))
    other_receipts: Value | None = value(
        Kind.AMOUNT,
        labels=(
            *("Other receipts not considered deposits", "Amount of receipt of money or loan"),
            "Total amount of outstanding money or loan",
        ),
    )
    net_worth: Value | None = value(Kind.AMOUNT, labels=("Net worth as per", "Net worth"))
    most_deposits: Value | None = value(Kind.AMOUNT, labels=("Maximum limit of deposits",))


@dataclass(frozen=True, kw_only=True)
class Commencement(FormRecord):
    """INC-20A: the declaration before a company begins its business."""

    FORMS: ClassVar[tuple[str, ...]] = ("INC-20A",)

    incorporated_on: Value | None = value(Kind.DATE, labels=("Date of incorporation",))
    address: Value | None = value(labels=("Address of the registered office", "Registered office address"))
    regulator: Value | None = value(labels=("Name of the regulator", "If yes, name of the regulator"))
    approval_number: Value | None = value(labels=("Letter number", "Registration number or approval number"))


@dataclass(frozen=True, kw_only=True)
class ComplianceCertificate(FormRecord):
    """Form 66 of the 1956 Act."""

    FORMS: ClassVar[tuple[str, ...]] = ("Form 66",)

    year_to: Value | None = value(
        Kind.DATE, labels=("Financial year end date", "Financial year ended on", "Date of the financial year")
    )
    certified_on: Value | None = value(Kind.DATE, labels=("Date of compliance certificate", "Date of certificate"))
