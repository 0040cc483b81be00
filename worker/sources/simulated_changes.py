"""The forms that report a change: auditor, directors, charges, capital, registered office and resolutions."""

from __future__ import annotations

from jobs.simulated_companies import events
from jobs.simulated_companies.people import Person
from worker.sources.simulated_answers import YES_NO, Answer, Answers, Value, designation, indian, postal

_CHANGES = {"APPN": "Appointment", "RESG": "Cessation", "CHNG": "Change"}


def auditor_appointed(event: events.AuditorAppointed) -> Answers:
    auditor, table = event.auditor, "ZMCA_NCA_ADT_1"
    nature = ("First auditor by Board of directors/members/C&AG", "FABD")
    if not event.first:
        nature = ("Appointment/Re-appointment in AGM", "ARGM")
    meeting = Answer(value=event.on, caption="If yes, date of AGM", key=f"{table}/DATE_OF_AGM", record="held_agm_on")
    return Answers(
        form=event.form,
        answers=[
            Answer(value="No", code="NO", key=f"{table}/RB_COMPANY_139_2"),
            Answer(
                value="No",
                code="NO",
                caption="Whether joint auditors have been appointed",
                key=f"{table}/RB_JOINT_AUDITOR",
                options=YES_NO,
            ),
            Answer(value=1, key=f"{table}/NUM_AUDITORS", in_data="number_of_auditors"),
            Answer(
                value=nature[0],
                code=nature[1],
                caption="Nature of appointment",
                key=f"{table}/NATURE_APPOINT",
                record="nature",
            ),
            *([] if event.first else [meeting]),
            Answer(
                value=event.on, caption="Date of appointment", key=f"{table}/DATE_APPOINTMENT", record="appointed_on"
            ),
            *_auditor(event),
        ],
        attachment=("Consent.pdf", [f"{auditor.name}, FRN {auditor.number}", "We consent to the appointment."]),
    )


def _auditor(event: events.AuditorAppointed) -> list[Answer]:
    auditor, rows = event.auditor, "T_ZNCA_ADT_1_S4/DATA"
    return [
        _in_row(auditor.name, "Name of the auditor or auditor's firm", f"{rows}/NAME_AUDITOR", "auditor_name"),
        _in_row(auditor.pan, "Income tax permanent account number", f"{rows}/PAN_AUDITOR", "auditor_pan"),
        _in_row(
            auditor.number,
            "Membership number of auditor or auditor's firm's registration number",
            f"{rows}/MEMBERSHIP_NUM",
            "membership_number",
            "auditors[1].membership_number",
        ),
        Answer(value="Auditor's Firm", code="AFRM", key=f"{rows}/RB_CATEGORY_A", in_data="auditors[1].category"),
        *postal(auditor.address, rows, ("ADDRESS_LINE_I", "ADDRESS_LINE_II")),
        _in_row(event.start, "Period of account: first day", f"{rows}/FROM_DATE", "", "auditors[1].from_date"),
        _in_row(event.end, "Period of account: last day", f"{rows}/TO_DATE", "", "auditors[1].to_date"),
        _in_row(event.years, "Number of financial years", f"{rows}/NUM_F_YEARS", "", "auditors[1].years"),
    ]


def _in_row(value: Value, caption: str, key: str, record: str, in_data: str = "") -> Answer:
    """An answer in a table of the data, whose name there is that of the row's value."""
    return Answer(value=value, caption=caption, key=key, record=record, in_data=in_data or f"auditors[1].{record[8:]}")


def board_changed(event: events.BoardChanged) -> Answers:
    seat, rows = event.seat, "T_ZMCA_NCA_DIR12_M/DATA"
    person, ceased = seat.person, event.kind == "RESG"
    answers = [
        Answer(value=1, key="ZMCA_NCA_DIR_12/NUM_MD_DIR", in_data="number_of_directors"),
        Answer(
            value=person.din,
            caption="Director identification number (DIN)",
            key=f"{rows}/DIN",
            record="din",
            in_data="directors[1].din",
        ),
        Answer(value=person.name, caption="Name of the director"),
        Answer(value=_CHANGES[event.kind], code=event.kind, caption="Type of change", options=tuple(_CHANGES.values())),
        Answer(value=event.kind, code=event.kind, key=f"{rows}/RB_A_C_CD", in_data="directors[1].event"),
        Answer(
            value=designation(seat),
            code=seat.designation,
            caption="Designation",
            key=f"{rows}/DESIGNATION",
            record="designation",
            in_data="directors[1].designation",
        ),
        Answer(value="Professional", code="PROF", key=f"{rows}/CATEGORY", in_data="directors[1].category"),
        Answer(value=person.email, key=f"{rows}/EMAIL_ID_DIR", in_data="directors[1].email"),
    ]
    key, name, caption = ("DATE_APP_CD", "appointed_on", "Date of appointment or change in designation")
    if ceased:
        key, name, caption = ("DATE_CONFIRMATN", "ceased_on", "Date of cessation")
        reason = Answer(value="Resignation u/s 168", code="RESG", key=f"{rows}/REASON", in_data="directors[1].reason")
        answers.append(reason)
    answers.append(Answer(value=event.on, caption=caption, key=f"{rows}/{key}", in_data=f"directors[1].{name}"))
    return Answers(form=event.form, answers=answers, attachment=("Letter.pdf", _letter(event, person)))


def _letter(event: events.BoardChanged, person: Person) -> list[str]:
    said = "I resign from the board" if event.kind == "RESG" else "I consent to act as a director"
    return [
        "To the Board of Directors",
        f"{said} with effect from {event.on:%d/%m/%Y}.",
        f"{person.name}, {person.din}",
    ]


def charge_created(event: events.ChargeCreated) -> Answers:
    charge, table = event.charge, "ZMCA_NCA_CHG_1"
    bank = charge.bank
    return Answers(
        form=event.form,
        answers=[
            Answer(value="Creation", caption="This form is for", options=("Creation", "Modification")),
            Answer(value="CRTN", code="CRTN", key=f"{table}/RB_FORM_FOR", in_data="purpose"),
            Answer(value="The Company", code="CMPY", key=f"{table}/APPLICANT_IS"),
            Answer(
                value=event.on,
                caption="Date of the instrument creating the charge",
                key=f"{table}/DATE_INSTRUMENT",
                record="created_on",
            ),
            Answer(
                value=charge.instrument,
                caption="Nature and description of the instrument",
                key=f"{table}/DESC_INSTRUMENT",
                record="instrument",
            ),
            Answer(value=bank.name, caption="Name of the charge holder", key=f"{table}/NAME", record="holder"),
            Answer(value=bank.category, code=bank.category, key=f"{table}/CATEGORY_CH"),
            *postal(bank.address, table, ("ADDRESS_LINE1", "ADDRESS_LINE2")),
            *_terms(event.charge, table),
        ],
        attachment=("Instrument.pdf", _instrument(event)),
    )


def _terms(charge: events.Charge, table: str) -> list[Answer]:
    terms = f"In equal instalments over {charge.years} years"
    return [
        Answer(
            value=charge.amount,
            caption="Amount secured by the charge (in Rs.)",
            key=f"{table}/AMT_SECURD_CHARG",
            record="amount",
        ),
        Answer(
            value=f"{charge.rate:.2f}% per annum",
            caption="Rate of interest",
            key=f"{table}/RATE_OF_INTEREST",
            record="rate_of_interest",
        ),
        Answer(value=terms, caption="Terms of repayment", key=f"{table}/TERMS_REPAYMENT"),
        Answer(
            value=charge.property,
            caption="Short particulars of the property charged",
            key=f"{table}/SHORT_PARTICLRS",
            record="property",
        ),
    ]


def _instrument(event: events.ChargeCreated) -> list[str]:
    charge = event.charge
    return [
        charge.instrument,
        f"Made on {event.on:%d/%m/%Y} between the company and {charge.bank.name}, {charge.bank.address}.",
        f"The company borrows Rs. {indian(charge.amount)} at {charge.rate:.2f}% per annum.",
        f"Security: {charge.property}.",
    ]


def charge_satisfied(event: events.ChargeSatisfied) -> Answers:
    charge = event.charge
    return Answers(
        form=event.form,
        answers=[
            Answer(value=charge.number, caption="Charge ID", record="charge_id"),
            Answer(value=charge.created_on, caption="Date of creation of the charge", record="created_on"),
            Answer(value=charge.bank.name, caption="Name of the charge holder", record="holder"),
            Answer(value=charge.amount, caption="Amount secured by the charge (in Rs.)", record="amount"),
            Answer(value=event.on, caption="Date of satisfaction of the charge in full", record="satisfied_on"),
        ],
    )


def shares_allotted(event: events.SharesAllotted) -> Answers:
    return Answers(
        form=event.form,
        answers=[
            Answer(value=event.on, caption="Date of allotment", record="allotted_on"),
            Answer(value="Equity shares", caption="Kind of securities"),
            Answer(value=event.shares, caption="Number of securities allotted", record="shares_allotted"),
            Answer(value=event.nominal, caption="Nominal amount per security (in Rs.)", record="nominal_amount"),
            Answer(value=event.premium, caption="Premium amount per security (in Rs.)", record="premium"),
            Answer(value=event.paid_up, caption="Paid-up capital after the allotment (in Rs.)"),
        ],
    )


def capital_authorised(event: events.CapitalAuthorised) -> Answers:
    return Answers(
        form=event.form,
        answers=[
            Answer(value=event.on, caption="Date of the members' resolution"),
            Answer(value=event.before, caption="Existing authorised capital (in Rs.)", record="authorised_before"),
            Answer(value=event.after, caption="Revised authorised capital (in Rs.)", record="authorised_after"),
        ],
    )


def office_moved(event: events.OfficeMoved) -> Answers:
    office = event.office
    return Answers(
        form=event.form,
        answers=[
            Answer(value=office.line1, caption="Address Line I", record="address"),
            Answer(value=office.line2, caption="Address Line II"),
            Answer(value=office.city, caption="City", record="city"),
            Answer(value=office.state, caption="State"),
            Answer(value=office.pin_code, caption="Pin code", record="pin_code"),
            Answer(value=event.on, caption="Date of change of the registered office", record="effective_from"),
        ],
    )


def resolution_passed(event: events.ResolutionPassed) -> Answers:
    return Answers(
        form=event.form,
        answers=[
            Answer(value=event.on, caption="Date of passing the resolution", record="passed_on"),
            Answer(value=str(event.number), caption="Resolution number", record="resolution_number"),
            Answer(value=event.section, caption="Section of the Companies Act, 2013"),
            Answer(value=event.subject, caption="Subject matter of the resolution"),
            Answer(value="Board of directors", caption="Authority that passed the resolution"),
        ],
    )
