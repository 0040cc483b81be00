"""The forms that every company files every year: accounts (AOC-4), annual return (MGT-7, MGT-7A) and loans (DPT-3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jobs.simulated_companies import events
from jobs.simulated_companies.people import Firm
from worker.sources.simulated_answers import NOT_READ, YES_NO, Answer, Answers, designation, indian, postal
from worker.sources.simulated_pages import Table

_GENERAL, _RESULTS = "ZMCA_NCA_AOC_4", "ZMCA_NCA_AOC4_II"
# Caption, attribute of Accounts, key of this year's and the last year's figure, record value on pages, and in the data.
_BALANCE = (
    ("(a) Share capital", "share_capital", "SHARE_CAPITAL_CR", "SHARE_CAPITAL_PR", "share_capital", ""),
    ("(b) Reserves and surplus", "reserves", "RESERVE_SURPLUS1", "RESERVE_SURPLUS2", "reserves", ""),
    (
        "Long-term borrowings",
        "long_term_borrowings",
        "LONG_TERM_BORR_C",
        "LONG_TERM_BORR_P",
        "long_term_borrowings",
        "",
    ),
    (
        "Short-term borrowings",
        "short_term_borrowings",
        "SHORT_TERM_BOR_C",
        "SHORT_TERM_BOR_P",
        "short_term_borrowings",
        "",
    ),
    ("Trade payables", "trade_payables", "TRADE_PAYABLES_C", "TRADE_PAYABLES_P", "", ""),
    ("Other current liabilities", "other_liabilities", "OTHER_CURR_LIA_C", "OTHER_CURR_LIA_P", "", ""),
    ("Short-term provisions", "provisions", "SHORT_TERM_PRO_C", "SHORT_TERM_PRO_P", "", ""),
    ("Total equity and liabilities", "total_liabilities", "TOTAL_CURR_REP", "TOTAL_PREV_REP", "total_liabilities", ""),
    ("Tangible assets", "tangible_assets", "TANGIBLE_ASSET_C", "TANGIBLE_ASSET_P", "", ""),
    ("Long-term loans and advances", "loans", "LT_LOANS_ADV_CR", "LT_LOANS_ADV_PR", "", ""),
    ("Inventories", "inventories", "INVENTORIES_CR", "INVENTORIES_PR", "", ""),
    ("Trade receivables", "receivables", "TRADE_RECEIV_CR", "TRADE_RECEIV_PR", "", ""),
    ("Cash and cash equivalents", "cash", "CASH_AND_EQU_CR", "CASH_AND_EQU_PR", "", ""),
    ("Other current assets", "other_assets", "OTHER_CURR_CA_CR", "OTHER_CURR_CA_PR", "", ""),
    ("Total assets", "total_assets", "TOTAL_CURR_REP1", "TOTAL_PREV_REP1", "total_assets", ""),
)
# On pages our records take revenue from operations, in the data total revenue.
_PROFIT = (
    ("Revenue from operations", "operations", "SALES_GOODS_CR", "SALES_GOODS_PR", "revenue", NOT_READ),
    ("Other income", "other_income", "OTHER_INCOME_CR", "OTHER_INCOME_PR", "", ""),
    ("Total revenue", "revenue", "TOTAL_REVENUE_CR", "TOTAL_REVENUE_PR", "", "revenue"),
    ("Cost of materials consumed", "materials", "COST_MATERIAL_CR", "COST_MATERIAL_PR", "", ""),
    ("Employee benefit expense", "employees", "EMP_BENEFIT_EX_C", "EMP_BENEFIT_EX_P", "", ""),
    ("Finance costs", "finance_cost", "FINANCE_COST_CR", "FINANCE_COST_PR", "", ""),
    ("Depreciation and amortisation", "depreciation", "DEPRECTN_AMORT_C", "DEPRECTN_AMORT_P", "", ""),
    ("Other expenses", "other_expenses", "OTHER_EXPENSES_C", "OTHER_EXPENSES_P", "", ""),
    ("Total expenses", "expenses", "TOTAL_EXPENSES_C", "TOTAL_EXPENSES_P", "expenses", ""),
    ("Profit before tax", "profit_before_tax", "PROF_B_TAX_7_8_C", "PROF_B_TAX_7_8_P", "profit_before_tax", ""),
    ("Current tax", "tax", "CURRENT_TAX_CR", "CURRENT_TAX_PR", "", ""),
    ("Profit after tax", "profit", "PROF_LOS_11_14_C", "PROF_LOS_11_14_P", "profit", ""),
)


def accounts_filed(event: events.AccountsFiled) -> Answers:
    balance, balance_table = _statement(event, "Balance sheet", _GENERAL, _BALANCE)
    profit, profit_table = _statement(event, "Statement of profit and loss", _RESULTS, _PROFIT)
    return Answers(
        form=event.form,
        answers=[*_meeting(event), *_audit(event.auditor), *_signatures(event), *balance, *profit],
        tables=[balance_table, profit_table],
        attachment=("Auditors Report.pdf", _report(event)),
    )


def _meeting(event: events.AccountsFiled) -> list[Answer]:
    year, accounts = event.year, event.accounts
    return [
        Answer(value=year.start, caption="Financial year from", key=f"{_GENERAL}/FY_START_DATE", record="year_from"),
        Answer(value=year.end, caption="Financial year to", key=f"{_GENERAL}/FY_END_DATE", record="year_to"),
        Answer(value="Yes", caption="Whether annual general meeting (AGM) held", options=YES_NO),
        Answer(value=event.on, caption="If yes, date of AGM", key=f"{_GENERAL}/DATE_AGM", record="held_agm_on"),
        Answer(value=event.on, key=f"{_GENERAL}/DATE_BOD_MEETING"),
        Answer(value=year.end, key=f"{_GENERAL}/DATE_CURR_REP"),
        Answer(value=accounts.operations, caption="Turnover", key=f"{_RESULTS}/TURNOVER", record="turnover"),
        Answer(value=accounts.net_worth, caption="Net worth", key=f"{_RESULTS}/NET_WORTH", record="net_worth"),
    ]


def _audit(auditor: Firm) -> list[Answer]:
    rows = "T_ZNCA_AOC_4_S10/DATA"
    return [
        Answer(value=1, caption="Number of auditors", key=f"{_GENERAL}/NUM_OF_AUDITORS"),
        Answer(value=auditor.pan, key=f"{rows}/IT_PAN"),
        Answer(value="Auditor's firm", code="AFRM", key=f"{rows}/RB_CATEGORY_AUDT"),
        Answer(value=auditor.number, caption="Firm's registration number", key=f"{rows}/MEMBERSHIP_NUM_A"),
        Answer(value=auditor.name, caption="Auditor's firm", key=f"{rows}/NAME_AUDT_AUDTRF"),
        Answer(value=auditor.partner, caption="Signing member", key=f"{rows}/NAME_OF_MEMBER"),
        Answer(value=auditor.membership, key=f"{rows}/MEMBERSHIP_NUMBR"),
        *postal(auditor.address, rows, ("ADDRESS_LINE_I", "ADDRESS_LINE_II")),
    ]


def _signatures(event: events.AccountsFiled) -> Iterator[Answer]:
    for number, person in enumerate(event.signed_by, start=1):
        yield Answer(value=person.din, key=f"{_RESULTS}/DIN_PAN{number}")
        yield Answer(value=event.on, key=f"{_RESULTS}/DATE_SIGNING_FS{number}")


def _statement(
    event: events.AccountsFiled, title: str, table: str, lines: Sequence[tuple[str, ...]]
) -> tuple[list[Answer], Table]:
    """A statement's figures of two years: for the data, and as a printed table."""
    before = event.before
    headings = ("Particulars", f"{event.year.end:%d/%m/%Y}", f"{event.year.end.year - 1}" if before else "")
    cells, answers = [headings], []
    for caption, name, key, old_key, record, in_data in lines:
        amount = getattr(event.accounts, name)
        then = getattr(before, name) if before else None
        cells.append((caption, indian(amount), "" if then is None else indian(then)))
        answers.append(Answer(value=amount, key=f"{table}/{key}", record=record, in_data=in_data))
        if then is not None:
            answers.append(Answer(value=then, key=f"{table}/{old_key}"))
    return answers, Table(title=f"{title} (in Rs.)", columns=(40, 330, 450), rows=cells)


def _report(event: events.AccountsFiled) -> list[str]:
    accounts, auditor = event.accounts, event.auditor
    return [
        "Independent Auditor's Report",
        f"To the members, on the financial statements for the year ended {event.year.end:%d/%m/%Y}",
        "In our opinion the statements give a true and fair view.",
        f"Revenue: Rs. {indian(accounts.revenue)}",
        f"Total assets: Rs. {indian(accounts.total_assets)}",
        f"For {auditor.name}, Chartered Accountants, FRN {auditor.number}",
        f"{auditor.partner}, Partner, membership number {auditor.membership}",
    ]


def annual_return(event: events.ReturnFiled) -> Answers:
    accounts = event.accounts
    seats = [(seat.person.name, seat.person.din, designation(seat), f"{seat.since:%d/%m/%Y}") for seat in event.seats]
    charges = [
        (charge.number, charge.bank.name[:36], f"{charge.created_on:%d/%m/%Y}", indian(charge.amount))
        for charge in event.charges
    ]
    return Answers(
        form="MGT-7A" if event.abridged else event.form,
        answers=[
            Answer(value=event.year.start, caption="Financial year from", record="year_from"),
            Answer(value=event.year.end, caption="Financial year to", record="year_to"),
            Answer(value="Yes", caption="Whether annual general meeting (AGM) held", options=YES_NO),
            Answer(value=event.on, caption="If yes, date of AGM", record="held_agm_on"),
            Answer(value=event.authorised, caption="Authorised capital (in Rs.)"),
            Answer(value=accounts.share_capital, caption="Paid-up capital (in Rs.)", record="paid_up_capital"),
            Answer(value=event.nominal, caption="Nominal value per share (in Rs.)"),
            Answer(value=accounts.share_capital // event.nominal, caption="Number of equity shares"),
            Answer(value=accounts.operations, caption="Turnover (in Rs.)", record="turnover"),
            Answer(value=accounts.net_worth, caption="Net worth (in Rs.)", record="net_worth"),
            Answer(value=len(seats), caption="Number of directors at the end of the financial year"),
        ],
        tables=[
            Table(
                title="Directors at the end of the financial year",
                columns=(40, 210, 300, 450),
                rows=[("Name", "DIN", "Designation", "Date of appointment"), *seats],
            ),
            Table(
                title="Indebtedness: charges that were not satisfied at the end of the financial year",
                columns=(40, 130, 350, 450),
                rows=[("Charge ID", "Charge holder", "Created on", "Amount (in Rs.)"), *charges],
            ),
        ],
    )


def loans_returned(event: events.LoansReturned) -> Answers:
    return Answers(
        form=event.form,
        answers=[
            Answer(value="No", caption="Whether the company has accepted deposits", options=YES_NO),
            Answer(value=0, caption="Amount of existing deposits (in Rs.)", record="deposits"),
            Answer(value=event.received, caption="Other receipts not considered deposits", record="other_receipts"),
            Answer(value="Loans from directors", caption="Nature of these receipts"),
            Answer(value=event.accounts.net_worth, caption="Net worth (in Rs.)", record="net_worth"),
        ],
    )
