"""CINs: structure, years, codes."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.domain.company_id import parse_company_id
from jobs.domain.wrong_use import InvalidCin
from jobs.simulated_companies import simulated_companies

REAL = [
    "L65110GJ1993PLC020769",
    "L17117MH1925PLC001208",
    "L52399MH1987PLC044954",
    "U72900KA2008PTC046374",
    "U51909PB2011PTC035491",
    "U45201TN2005PTC057073",
    "L24295GJ1987PLC143792",
]


def parse(text: str, **options: bool):
    return parse_company_id(text, this_year=2026, **options)


@pytest.mark.parametrize("text", REAL)
def test_real_cins_are_accepted(text):
    assert str(parse(text)) == text
    assert str(parse(f"  {text.lower()}\n")) == text


def test_parts_are_parsed():
    cin = parse("L17117MH1925PLC001208")
    assert (cin.listed, cin.industry, cin.state, cin.year, cin.kind, cin.number) == (
        True,
        "17117",
        "MH",
        1925,
        "PLC",
        "001208",
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "identifier is missing: a CIN has 21 characters"),
        ("L65110GJ1993PLC02076", "has 20 characters"),
        ("L65110GJ1993PLC0207699", "has 22 characters"),
        ("X65110GJ1993PLC020769", "starts with L"),
        ("165110GJ1993PLC020769", "not a valid CIN"),
        ("L6511OGJ1993PLC020769", "not a valid CIN"),
        ("L65110GJ1849PLC020769", "1849"),
        ("L65110GJ2027PLC020769", "2027"),
        ("L65110GJ१९९३PLC020769", "not a valid CIN"),
        ("AAB-123", "an LLPIN 8"),
        ('{"$ne": null}', "characters"),
        ("A" * 1000, "1000 characters"),
    ],
)
def test_impossible_cin_is_refused_with_reason(text, reason):
    with pytest.raises(InvalidCin, match=reason) as caught:
        parse(text, allow_unknown_codes=True)
    assert not caught.value.overridable
    assert len(str(caught.value)) < 160


@pytest.mark.parametrize("text", ["L65110ZZ1993PLC020769", "L65110GJ1993XYZ020769", "L65110GJ1993PTC020769"])
def test_unknown_codes_are_refused_unless_allowed(text):
    with pytest.raises(InvalidCin) as caught:
        parse(text)
    assert caught.value.overridable
    assert str(parse(text, allow_unknown_codes=True)) == text


@given(st.integers())
def test_simulated_companies_have_valid_cins(seed):
    for cin, name in simulated_companies(5, random.Random(seed)):
        assert str(parse(cin)) == cin
        assert name
