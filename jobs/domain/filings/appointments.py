"""ADT-1 (auditors), DIR-12 (directors and officers) and DIR-3 KYC, with the forms that they replaced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jobs.domain.filings.forms import FormRecord
from jobs.domain.filings.identifiers import Identifier
from jobs.domain.filings.values import Kind, Value, rows, value


@dataclass(frozen=True, kw_only=True)
class Auditor:
    """One row of item 4 of ADT-1."""

    name: Value | None = value(keys=("NAME_AUDITOR",))
    pan: Value | None = value(Identifier.PAN, keys=("PAN_AUDITOR",))
    category: Value | None = value(keys=("RB_CATEGORY_A",))
    membership_number: Value | None = value(keys=("MEMBERSHIP_NUM",))
    address: Value | None = value(keys=("ADDRESS_LINE_I",))
    city: Value | None = value(keys=("CITY",))
    state: Value | None = value(keys=("STATE",))
    pin_code: Value | None = value(Identifier.PIN_CODE, keys=("PIN_CODE",))
    email: Value | None = value(keys=("EMAIL_ID_A",))
    from_date: Value | None = value(Kind.DATE, keys=("FROM_DATE",))
    to_date: Value | None = value(Kind.DATE, keys=("TO_DATE",))
    years: Value | None = value(Kind.NUMBER, keys=("NUM_F_YEARS",))


@dataclass(frozen=True, kw_only=True)
class AuditorAppointment(FormRecord):
    """ADT-1, and Form 23B of the 1956 Act."""

    FORMS: ClassVar[tuple[str, ...]] = ("ADT-1", "Form 23B")

    nature: Value | None = value(
        keys=("ZMCA_NCA_ADT_1/NATURE_APPOINT",), names=("DropDownList1",), labels=("Nature of appointment",)
    )
    joint: Value | None = value(keys=("ZMCA_NCA_ADT_1/RB_JOINT_AUDITOR",), names=("WhtrJointAudAppoint",))
    number_of_auditors: Value | None = value(
        Kind.NUMBER, keys=("ZMCA_NCA_ADT_1/NUM_AUDITORS",), names=("AuditorNumber",)
    )
    held_agm_on: Value | None = value(
        Kind.DATE,
        keys=("ZMCA_NCA_ADT_1/DATE_OF_AGM",),
        names=("DateAnnualGenMeet_D",),
        labels=("If yes, date of AGM", "Date of AGM"),
    )
    appointed_on: Value | None = value(
        Kind.DATE,
        keys=("ZMCA_NCA_ADT_1/DATE_APPOINTMENT",),
        names=("DateReceipt_D",),
        labels=("Date of appointment",),
    )
    auditor_name: Value | None = value(
        facts=("NameOfAuditFirm",),
        names=("NameAuditorFirm_C",),
        labels=("Name of the auditor", "Name of auditor or auditor's firm"),
    )
    auditor_pan: Value | None = value(
        Identifier.PAN, names=("PAN_C",), labels=("Income Tax permanent account number", "PAN of auditor")
    )
    membership_number: Value | None = value(
        names=("MemberShNum",),
        labels=("Membership Number of auditor", "Membership number", "Membership number of the auditor"),
    )
    firm_registration_number: Value | None = value(
        Identifier.FRN, labels=("Firm registration number", "auditor's firm's registration number", "FRN")
    )
    auditors: tuple[Auditor, ...] = rows(Auditor, table="T_ZNCA_ADT_1_S4")


@dataclass(frozen=True, kw_only=True)
class Director:
    """One row of DIR-12: a director's appointment, cessation or change of designation."""

    din: Value | None = value(Identifier.DIN, keys=("DIN",))
    event: Value | None = value(keys=("RB_A_C_CD",))
    designation: Value | None = value(keys=("DESIGNATION",))
    category: Value | None = value(keys=("CATEGORY",))
    appointed_on: Value | None = value(Kind.DATE, keys=("DATE_APP_CD",), labels=("Date of appointment",))
    ceased_on: Value | None = value(Kind.DATE, keys=("DATE_CONFIRMATN",))
    reason: Value | None = value(keys=("REASON",))
    email: Value | None = value(keys=("EMAIL_ID_DIR",))


@dataclass(frozen=True, kw_only=True)
class Officer:
    """One row of DIR-12: the appointment or cessation of a secretary, manager, CEO or CFO."""

    din: Value | None = value(Identifier.DIN, keys=("DIN2",))
    pan: Value | None = value(Identifier.PAN, keys=("PAN",))
    event: Value | None = value(keys=("RB_A_C",))
    first_name: Value | None = value(keys=("FIRST_NAME",))
    last_name: Value | None = value(keys=("LAST_NAME",))
    designation: Value | None = value(keys=("DESIGNATION2",))
    effective_from: Value | None = value(Kind.DATE, keys=("DATE_APP_CESSATN",))
    born_on: Value | None = value(Kind.DATE, keys=("DATE_OF_BIRTH",))


@dataclass(frozen=True, kw_only=True)
class Directors(FormRecord):
    """DIR-12, and Form 32 of the 1956 Act."""

    FORMS: ClassVar[tuple[str, ...]] = ("DIR-12", "Form 32")

    number_of_directors: Value | None = value(Kind.NUMBER, keys=("ZMCA_NCA_DIR_12/NUM_MD_DIR",), names=("NumDir_N",))
    din: Value | None = value(Identifier.DIN, names=("DIN_C",), labels=("Director identification number", "DIN"))
    designation: Value | None = value(names=("Desig_C",), labels=("Designation",))
    event: Value | None = value(labels=("Reason for filing", "Event", "Appointment, cessation or change"))
    appointed_on: Value | None = value(
        Kind.DATE, labels=("Date of appointment", "Date of appointment or change in designation")
    )
    ceased_on: Value | None = value(Kind.DATE, labels=("Date of cessation", "Effective date of cessation"))
    directors: tuple[Director, ...] = rows(Director, table="T_ZMCA_NCA_DIR12_M")
    officers: tuple[Officer, ...] = rows(Officer, table="T_ZMCA_NCA_DIR12_S")


@dataclass(frozen=True, kw_only=True)
class DirectorKyc(FormRecord):
    """DIR-3 KYC: a director's personal details."""

    FORMS: ClassVar[tuple[str, ...]] = ("DIR-3 KYC",)

    din: Value | None = value(
        Identifier.DIN, keys=("DIN",), names=("DIN_C",), labels=("Director identification number", "DIN")
    )
    first_name: Value | None = value(keys=("FIRST_NAME",), labels=("Applicant's name > First name", "First name"))
    last_name: Value | None = value(
        keys=("LAST_NAME",), labels=("Applicant's name > Last name", "Surname", "Last name")
    )
    nationality: Value | None = value(keys=("NATIONALITY",), labels=("Nationality",))
    pan: Value | None = value(
        Identifier.PAN, keys=("IT_PAN", "PAN"), labels=("Income Tax permanent account number", "Income tax PAN", "PAN")
    )
    born_on: Value | None = value(Kind.DATE, keys=("DATE_OF_BIRTH",), labels=("Date of birth",))
    email: Value | None = value(labels=("Personal email ID", "Email ID"))
