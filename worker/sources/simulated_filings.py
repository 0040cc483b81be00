"""The filings of a simulated company: its events as forms, in the style of their time, with their true content."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from jobs.simulated_companies import events
from jobs.simulated_companies.chance import chance_of
from jobs.simulated_companies.history import History, history
from worker.sources import simulated_annual, simulated_changes
from worker.sources.simulated_answers import NOT_READ, Answer, Answers, Value, indian
from worker.sources.simulated_forms import FORMS, Entry, Form, structure, xfa_pdf
from worker.sources.simulated_pdf import text_pdf
from worker.sources.simulated_print import acroform_pdf, scanned_lines, scanned_pdf, text_form_pdf

#: When the Ministry's third version, with printed forms and drawn radio buttons, replaced the second.
_THIRD_VERSION = {"CHG-1": date(2022, 8, 31), "CHG-4": date(2022, 8, 31), "ADT-1": date(2025, 7, 14)}
_THIRD_VERSION |= {form: date(2025, 7, 14) for form in ("AOC-4", "MGT-7", "MGT-7A")}
_THIRD_VERSION_OF_OTHERS = date(2023, 1, 23)
_SCANNED = ("INC-22", "MGT-14", "PAS-3", "SH-7")
_WITH_FIELDS = ("ADT-1", "CHG-1", "DIR-12")
_COMPANIES_WITH_A_SCAN = 0.4  # share; a scan takes about a second to read, a printed form some milliseconds
_SCAN_DPI = (150, 150, 200, 200, 300)
_LONGEST_NAME = 300  # characters of a company's name
_NAMES = {"srn": "eFormSRN", "filed_on": "DateOfFiling"}  # AcroForm names of fields without data
_NO_NAME = re.compile(r"[^A-Za-z]+")
#: Form → keys of what all forms ask: CIN, address, e-mail, SRN and date of filing.
_KEYS = {
    "ADT-1": ("ZMCA_NCA_ADT_1/CIN", "ZNCAADDRESS", "ZMCA_NCA_ADT_1/EMAIL_ID", "", ""),
    "AOC-4": (
        "ZMCA_NCA_AOC_4/CIN",
        "ZMCA_NCA_AOC_4/REG_OFFICE_ADDR",
        "ZMCA_NCA_AOC_4/EMAIL_ID_COMPANY",
        "ZMCA_NCA_AOC_4/EFORM_SRN",
        "ZMCA_NCA_AOC_4/EFORM_FILING_DAT",
    ),
    "CHG-1": ("ZMCA_NCA_CHG_1/CIN_OR_FCRN", "ZNCAADDRESS", "ZMCA_NCA_CHG_1/EMAIL_ID", "", ""),
    "DIR-12": (
        "ZMCA_NCA_DIR_12/SRN_2_1_OR_CIN",
        "ZNCAADDRESS",
        "ZMCA_NCA_DIR_12/EMAIL_ID",
        "EFORM_SRN",
        "EFORM_SRN_DATE",
    ),
}
_ANSWERS: dict[type[events.Event], Callable[[Any], Answers]] = {
    events.AccountsFiled: simulated_annual.accounts_filed,
    events.ReturnFiled: simulated_annual.annual_return,
    events.LoansReturned: simulated_annual.loans_returned,
    events.AuditorAppointed: simulated_changes.auditor_appointed,
    events.BoardChanged: simulated_changes.board_changed,
    events.ChargeCreated: simulated_changes.charge_created,
    events.ChargeSatisfied: simulated_changes.charge_satisfied,
    events.SharesAllotted: simulated_changes.shares_allotted,
    events.CapitalAuthorised: simulated_changes.capital_authorised,
    events.OfficeMoved: simulated_changes.office_moved,
    events.ResolutionPassed: simulated_changes.resolution_passed,
}


class Style(StrEnum):
    """How a form is stored: data packets, fields, printed text, text with drawn radio buttons, or a picture."""

    XFA = "xfa"
    FIELDS = "acroform"
    PRINTED = "printed"
    DRAWN = "drawn"
    SCANNED = "scanned"


@dataclass(frozen=True, kw_only=True)
class SimulatedFiling:
    """One event, as it was filed."""

    history: History
    event: events.Event
    form: str
    srn: str
    style: Style

    @property
    def file_name(self) -> str:
        return f"{self.form}_{self.event.filed_on.year}_{self.srn}.pdf"

    @property
    def has_tables(self) -> bool:
        return self.form in ("AOC-4", "MGT-7", "MGT-7A")


def simulated_filings(cin: str) -> list[SimulatedFiling]:
    """The company's filings in the order of their dates. Cheap: no bytes are made."""
    past = history(cin)
    chance = chance_of(cin, "filings")
    serials = chance.sample(range(1_000_000, 9_999_999), len(past.events))  # without repetition: SRNs are unique
    forms = [_form(event) for event in past.events]
    styles = [_style(chance, form, event.filed_on) for form, event in zip(forms, past.events, strict=True)]
    printed = [at for at, form in enumerate(forms) if form in _SCANNED and styles[at] is Style.PRINTED]
    if printed and chance.random() < _COMPANIES_WITH_A_SCAN:
        styles[chance.choice(printed)] = Style.SCANNED
    return [
        SimulatedFiling(history=past, event=event, form=form, style=style, srn=_srn(form, event.filed_on, serial))
        for event, form, style, serial in zip(past.events, forms, styles, serials, strict=True)
    ]


def _form(event: events.Event) -> str:
    return "MGT-7A" if isinstance(event, events.ReturnFiled) and event.abridged else event.form


def _style(chance: random.Random, form: str, filed_on: date) -> Style:
    if _is_third_version(form, filed_on):
        return Style.DRAWN
    if form in _WITH_FIELDS and chance.random() < 0.25:
        return Style.FIELDS
    return Style.XFA if form in FORMS else Style.PRINTED


def _is_third_version(form: str, filed_on: date) -> bool:
    return filed_on >= _THIRD_VERSION.get(form, _THIRD_VERSION_OF_OTHERS)


def _srn(form: str, filed_on: date, serial: int) -> str:
    """The third version writes two letters and seven digits, the second one letter and eight digits."""
    return f"AA{serial}" if _is_third_version(form, filed_on) else f"R{serial}{serial % 7}"


def pdf_of(filing: SimulatedFiling, company_name: str) -> bytes:
    """The form as a PDF. The same filing and name always give the same bytes."""
    answers = _all_answers(filing, company_name)
    if filing.style is Style.XFA:
        return xfa_pdf(_data(answers))
    form = _pages(answers)
    if filing.style is Style.FIELDS:
        return acroform_pdf(form)
    if filing.style is Style.SCANNED:
        chance = chance_of(filing.history.cin, filing.srn)
        return scanned_pdf(scanned_lines(form, filing.history.cin), chance.choice(_SCAN_DPI), chance)
    return text_form_pdf(form, radios=filing.style is Style.DRAWN)


def truth_of(filing: SimulatedFiling, company_name: str) -> dict[str, Value]:
    """The values that our record of this filing should have, by their names in ``values_of``."""
    answers = _all_answers(filing, company_name).answers
    if filing.style is Style.XFA:
        named = ((answer.in_data or answer.record, answer) for answer in answers if answer.key)
    else:
        named = ((answer.record, answer) for answer in answers)
    return {name: answer.value for name, answer in named if name not in ("", NOT_READ)}


def _all_answers(filing: SimulatedFiling, company_name: str) -> Answers:
    event, past = filing.event, filing.history
    answers = _ANSWERS[type(event)](event)
    own = [Answer(value=past.pan, caption="Permanent Account Number (PAN) of the company", record="pan")]
    return Answers(
        form=filing.form,
        answers=[
            *_common(filing, company_name[:_LONGEST_NAME]),
            *(own if isinstance(event, events.ReturnFiled) else ()),
            *answers.answers,
        ],
        tables=answers.tables,
        attachment=answers.attachment,
    )


def _common(filing: SimulatedFiling, company_name: str) -> Iterator[Answer]:
    """The fields of all forms."""
    past, event = filing.history, filing.event
    cin, address, email, srn, filed_on = _KEYS.get(filing.form, ("", "", "", "", ""))
    yield Answer(value=past.cin, caption="Corporate identity number (CIN) of company", key=cin, record="cin")
    yield Answer(value=company_name, caption="Name of the company", key="ZNCACOMPANYNAME", record="company_name")
    office = getattr(event, "office", None)
    if office and not isinstance(event, events.OfficeMoved):
        yield Answer(value=str(office), caption="Address of the registered office", key=address)
    yield Answer(value=past.email, caption="e-mail ID of the company", key=email, record="email")
    yield Answer(value=filing.srn, caption="Service request number (SRN)", key=srn, record="srn")
    yield Answer(value=event.filed_on, caption="Date of filing", key=filed_on, record="filed_on")


def _data(answers: Answers) -> Form:
    """All fields of the form's structure, empty where the company has no answer, and answers that no field shows."""
    by_key = {answer.key: answer for answer in answers.answers if answer.key}
    entries = []
    for key, name, caption, kind, choices in structure(answers.form):
        answer = by_key.pop(key, None)
        value = (answer.code or _stored(answer.value)) if answer else ""
        shown = choices.get(value, value)
        entries.append(Entry(key=key, name=name, caption=caption, kind=kind, value=value, shown=shown))
    for key, answer in by_key.items():
        value = _stored(answer.value)
        entries.append(Entry(key=key, name="", caption="", kind="", value=value, shown=value))
    return Form(form=answers.form, entries=entries, attachments=_attachments(answers))


def _pages(answers: Answers) -> Form:
    """The content of the form's pages."""
    names = {row[0]: row[1] for row in structure(answers.form)} if answers.form in FORMS else {}
    entries = []
    for answer in answers.answers:
        if answer.caption:
            shown = _printed(answer.value)
            name = names.get(answer.key) or _NAMES.get(answer.record) or _NO_NAME.sub("", answer.caption.title())
            entries.append(
                Entry(
                    key=answer.key,
                    name=name,
                    caption=answer.caption,
                    kind="textEdit",
                    value=shown,
                    shown=shown,
                    options=answer.options,
                )
            )
    return Form(form=answers.form, entries=entries, tables=answers.tables, attachments=_attachments(answers))


def _attachments(answers: Answers) -> Mapping[str, bytes]:
    if not answers.attachment:
        return {}
    name, lines = answers.attachment
    return {name: text_pdf([lines], title=name)}


def _stored(value: Value) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _printed(value: Value) -> str:
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    return indian(value) if isinstance(value, int) else value
