"""CINs, LLPINs and FCRNs: what is accepted, and what a refusal says."""

from __future__ import annotations

import contextlib
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.domain.cin import CLASSES, STATES, Cin
from jobs.domain.company_id import (
    Fcrn,
    IdKind,
    Llpin,
    as_stored,
    id_prefix,
    kind_of,
    missing_characters,
    parse_company_id,
)
from jobs.domain.wrong_use import InvalidCin

THIS_YEAR = 2026
_KINDS = {IdKind.CIN: Cin, IdKind.LLPIN: Llpin, IdKind.FCRN: Fcrn}

cins = st.builds(
    "{}{:05d}{}{}{}{:06d}".format,
    st.just("U"),
    st.integers(0, 99_999),
    st.sampled_from(sorted(STATES)),
    st.integers(1850, THIS_YEAR),
    st.sampled_from(sorted(CLASSES)),
    st.integers(0, 999_999),
)
llpins = st.builds("{}-{:04d}".format, st.text(string.ascii_uppercase, min_size=3, max_size=3), st.integers(0, 9_999))
fcrns = st.builds("F{:05d}".format, st.integers(0, 99_999))
identifiers = st.one_of(
    *(st.tuples(st.just(kind), texts) for kind, texts in zip(IdKind, (cins, llpins, fcrns), strict=True))
)


def parse(text: str):
    return parse_company_id(text, this_year=THIS_YEAR)


@given(identifiers)
def test_each_identifier_round_trips(identifier):
    kind, text = identifier
    for written in (text, f"  {text.lower()}\n"):
        found = parse(written)
        assert isinstance(found, _KINDS[kind])
        assert str(found) == as_stored(written) == text
    assert kind_of(text) is kind


@given(llpins)
def test_missing_hyphen_of_an_llpin_is_added(text):
    plain = text.replace("-", "")
    assert str(parse(plain)) == as_stored(plain) == text


@given(identifiers, st.data())
def test_every_wrong_character_is_named(identifier, data):
    kind, text = identifier
    at = data.draw(st.integers(0, len(text) - 1))
    alike = string.ascii_uppercase if text[at].isalpha() and (kind, at) != (IdKind.FCRN, 0) else string.digits
    wrong = data.draw(st.sampled_from([each for each in string.printable[:94] if each.upper() not in alike]))
    if (kind, at) == (IdKind.FCRN, 0):
        wrong = "G"
    if text[at] == "-":
        wrong = "_"
    changed = text[:at] + wrong + text[at + 1 :]
    with pytest.raises(InvalidCin) as caught:
        parse(changed)
    sentence = str(caught.value)
    assert f"character {at + 1} must be " in sentence
    assert f"not '{wrong.upper()}'." in sentence
    assert f"valid {kind}" in sentence


@given(identifiers, st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=3))
def test_too_long_identifier_is_refused(identifier, more):
    kind, text = identifier
    assert kind_of(text + more) is not kind
    if kind is IdKind.CIN:
        with pytest.raises(InvalidCin, match=r"an LLPIN 8 \(AAB-1234\), an FCRN 6 \(F01234\)"):
            parse(text + more)


@given(identifiers, st.data())
def test_each_beginning_lacks_the_rest(identifier, data):
    kind, text = identifier
    size = data.draw(st.integers(1, len(text)))
    assert missing_characters(text[:size])[kind] == len(text) - size


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("", None),
        ("l", None),
        ("l6", "L6"),
        ("LAB", None),
        ("aab", None),
        ("aab-", "AAB-"),
        ("aab-1", "AAB-1"),
        ("Gen4", None),
        ("aab12", "AAB-12"),
        ("AAB-1234", "AAB-1234"),
        ("AAB-12345", None),
        ("F1", None),
        ("f01", "F01"),
        ("Finance", None),
        ("uttam", None),
        ("L24295GJ1987PLC143792", "L24295GJ1987PLC143792"),
    ],
)
def test_beginnings_are_told_from_names(text, start):
    assert id_prefix(text) == start


@pytest.mark.parametrize("text", ["AAB123X", "AAB-123X", "F0123X", "AA8-1234"])
def test_wrong_character_is_named_by_its_place_in_the_text(text):
    place = text.index("X" if "X" in text else "8") + 1
    with pytest.raises(InvalidCin, match=f"character {place} must be"):
        parse(text)


@given(st.text(max_size=30))
def test_arbitrary_text_never_breaks_the_parser(text):
    missing_characters(text)
    id_prefix(text)
    with contextlib.suppress(InvalidCin):
        assert kind_of(str(parse(text)))
