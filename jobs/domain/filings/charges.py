"""CHG-1 (charge created or modified), CHG-4 (satisfied) and CHG-9 (debentures), and Forms 8, 10 and 17."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jobs.domain.filings.forms import FormRecord
from jobs.domain.filings.identifiers import Identifier
from jobs.domain.filings.values import Kind, Value, value


@dataclass(frozen=True, kw_only=True)
class Charge(FormRecord):
    """A charge, its holder and the charged property."""

    FORMS: ClassVar[tuple[str, ...]] = ("CHG-1", "CHG-4", "CHG-9", "Form 8", "Form 10", "Form 17")

    charge_id: Value | None = value(
        keys=("CHARGE_ID", "ChargeID"),
        names=("ChargeId_C",),
        labels=("Charge identification number", "Charge ID", "Charge identification (ID) number"),
    )
    purpose: Value | None = value(
        keys=("ZMCA_NCA_CHG_1/RB_FORM_FOR", "ChargeType"), names=("FormLanguage",), labels=("This form is for",)
    )
    created_on: Value | None = value(
        Kind.DATE,
        keys=("ZMCA_NCA_CHG_1/DATE_INSTRUMENT", "InstrumentCrtModDate"),
        names=("Date_of_charge_creation_D",),
        labels=(
            *("Date of the instrument creating", "Date of instrument creating", "Date of creation of charge"),
            *("Date of creation of security interest", "Date of creation"),
        ),
    )
    modified_on: Value | None = value(
        Kind.DATE,
        keys=("ZMCA_NCA_CHG_1/DATE_CREATION",),
        names=("Date_of_modification_D",),
        labels=("Date of last modification", "Date of modification", "Date of the instrument modifying"),
    )
    satisfied_on: Value | None = value(
        Kind.DATE,
        keys=("DATE_SATISFACTION", "DATE_OF_SATISFTN"),
        labels=("Date of satisfaction of charge in full", "Date of satisfaction"),
    )
    instrument: Value | None = value(
        keys=("ZMCA_NCA_CHG_1/DESC_INSTRUMENT", "InstrumentDesc"),
        names=("Instrumentdescription_C",),
        labels=("Nature and description", "Nature, description and brief particulars", "Description of the instrument"),
    )
    amount: Value | None = value(
        Kind.AMOUNT,
        keys=("ZMCA_NCA_CHG_1/AMT_SECURD_CHARG", "AmtSecured"),
        names=("Amount_secured_N",),
        labels=(
            *(
                "Amount secured by the charge",
                "Total amount secured by the charge",
                "Maximum amount secured by the charge",
            ),
            *("Total amount for which the charge", "Amount secured"),
        ),
    )
    holder: Value | None = value(
        keys=("ZMCA_NCA_CHG_1/NAME", "ZMCA_NCA_CHG_1/NAME_CHARGE_HOLD", "OptionalName"),
        names=("CHName_C", "ChrgeHolder_name"),
        labels=(
            *("Name of the charge holder", "Name of charge holder", "Charge holder > Name"),
            *("Particulars of the charge holder > Name", "Particulars of charge holder > Name"),
            *("Name of the debenture trustee", "Name of debenture trustee", "Name of the trustee"),
        ),
    )
    holder_cin: Value | None = value(Identifier.CIN, keys=("ZMCA_NCA_CHG_1/CIN_CHARGE_HOLDR",), names=("CHCIN_C",))
    holder_pin_code: Value | None = value(
        Identifier.PIN_CODE, keys=("ZMCA_NCA_CHG_1/PIN_CODE",), names=("CHPin_C",), labels=("charge holder > Pin code",)
    )
    rate_of_interest: Value | None = value(
        keys=("ZMCA_NCA_CHG_1/RATE_OF_INTEREST",), names=("RateOfInterest",), labels=("Rate of interest",)
    )
    property: Value | None = value(
        keys=("ZMCA_NCA_CHG_1/SHORT_PARTICLRS", "ZMCA_NCA_CHG_1/PARTICULARS_PROP", "NewPropParticlars"),
        names=("Short_Particulars",),
        labels=("Short particulars of the property", "Particulars of the property", "Description of the property"),
    )
