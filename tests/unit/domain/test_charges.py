"""Charges from the forms that create, modify and satisfy them."""

from __future__ import annotations

from datetime import date
from typing import Any

from jobs.domain.document import Document
from tests.unit.domain.stating import profile, says


def test_satisfaction_without_a_number_closes_its_charge():
    made, bank = date(2016, 10, 24), "Narmada Finance Corporation"
    found = profile(
        says("CHG-1", date(2016, 11, 1), holder=bank, created_on=made, amount=36000000),
        says("CHG-1", date(2018, 11, 1), holder=bank.upper(), created_on=made, amount=40000000, charge_id="100"),
        says("CHG-4", date(2019, 4, 16), charge_id="100", satisfied_on=date(2019, 4, 7)),
        says("CHG-1", date(2020, 11, 1), holder=bank, created_on=date(2020, 10, 1), amount=5000),
    )
    open_, closed = found.charges
    assert (open_.is_open, closed.is_open) == (True, False)
    assert [each.value for each in closed.amounts] == [4000000000, 3600000000]
    assert closed.satisfied[0].value == date(2019, 4, 7)
    assert len(closed.sources) == 3


def test_charges_of_one_bank_and_day_are_told_apart():
    made, bank = date(2016, 10, 24), "Narmada Finance Corporation"

    def form(name: str, filed_on: date, amount: int, **values: Any) -> Document:
        return says(name, filed_on, holder=bank, created_on=made, amount=amount, **values)

    loan, overdraft = form("CHG-1", date(2016, 11, 1), 9000), form("CHG-1", date(2016, 11, 2), 5000)
    ended = form("CHG-4", date(2019, 4, 16), 9000, charge_id="100", satisfied_on=date(2019, 4, 7))
    raised = form("CHG-1", date(2020, 4, 16), 6000, charge_id="101", modified_on=date(2020, 4, 7))

    def found(*filings: Document) -> list[tuple[bool, list[int]]]:
        return [(each.is_open, [said.value // 100 for said in each.amounts]) for each in profile(*filings).charges]

    assert found(loan, overdraft) == [(True, [9000]), (True, [5000])]
    assert found(loan, overdraft, ended) == [(True, [5000]), (False, [9000])]
    assert found(loan, overdraft, ended, raised) == [(True, [6000, 5000]), (False, [9000])]


def test_satisfaction_whose_number_is_not_read_closes_its_charge():
    made, bank = date(2016, 10, 24), "Narmada Finance Corporation"
    (charge,) = profile(
        says("CHG-1", date(2016, 11, 1), holder=bank, created_on=made, amount=9000),
        says("CHG-1", date(2017, 11, 1), holder=bank, created_on=made, amount=9500, charge_id="100"),
        says("CHG-4", date(2019, 4, 16), holder=bank, created_on=made, amount=9900),
    ).charges
    assert not charge.is_open
