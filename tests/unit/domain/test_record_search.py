"""What is searched in records, and how it is typed."""

from __future__ import annotations

import pytest

from jobs.domain.filings.stated import Stated
from jobs.domain.record_search import RecordFact, facts_of, parse_amount, parse_din, parse_records, sought_keys
from jobs.domain.wrong_use import InvalidSearch


def test_amounts_that_no_integer_of_mongodb_holds_are_left_out():
    stated = [Stated(name="revenue", value=value, unit="rupees") for value in (10**15, 10**16, -(10**16), 10**17)]
    assert [fact.amount for fact in facts_of(stated)] == [10**17]


def test_people_and_amounts_are_taken_from_values():
    stated = [
        Stated(name="directors[1].name", value="Asha Raman", page=2),
        Stated(name="directors[1].din", value="07120034", page=2),
        Stated(name="officers[1].first_name", value="Ravi"),
        Stated(name="officers[1].last_name", value="Menon"),
        Stated(name="auditor_name", value="Rao & Co"),
        Stated(name="revenue", value=5, unit="rupees", page=3),
        Stated(name="amount", value=5, unit="paise"),
        Stated(name="shareholders", value=7),
    ]
    assert facts_of(stated) == [
        RecordFact(what="directors", name="Asha Raman", din="07120034", page=2),
        RecordFact(what="officers", name="Ravi Menon"),
        RecordFact(what="person", name="Rao & Co"),
        RecordFact(what="revenue", amount=500, page=3),
        RecordFact(what="amount", amount=5),
    ]


@pytest.mark.parametrize(
    ("text", "paise"),
    [
        ("", None),
        ("40,00,000", 40_00_000_00),
        ("₹ 40 lakh", 40_00_000_00),
        ("4.5 Crore", 4_50_00_000_00),
        ("Rs. 4 cr.", 4_00_00_000_00),
        ("0.5", 50),
    ],
)
def test_amounts_are_read_as_people_type_them(text, paise):
    assert parse_amount(text) == paise


@pytest.mark.parametrize("text", ["lakh", "4 million", "-4", "4" * 41, "9" * 20 + " crore", "4 4"])
def test_other_amounts_are_refused(text):
    with pytest.raises(InvalidSearch):
        parse_amount(text)


def test_din_gets_its_zeros():
    assert (parse_din(" 17 "), parse_din("")) == ("00000017", "")


@pytest.mark.parametrize(
    "given",
    [{"din": "123456789"}, {"din": "x"}, {"director": "!!"}, {"director": "a" * 101}, {"least": "2", "most": "1"}],
)
def test_faulty_fields_are_refused(given):
    with pytest.raises(InvalidSearch):
        parse_records(given)


def test_order_of_words_does_not_matter():
    assert sought_keys("Raman Asha") == sought_keys("asha RAMAN") == ["asha raman"]
    assert sought_keys("asha") == ["asha"]
