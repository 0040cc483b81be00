"""Names in the directory: which keys misspelled words have in common, and what statuses mean."""

from __future__ import annotations

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jobs.domain.directory import ListedCompany, keys_of, similarity, sought_keys, status_of

STRUCK_OFF = "Struck off the register: it can be ordered, but files no more documents."

words = st.text(string.ascii_lowercase, min_size=6, max_size=12)


def meet(text: str, name: str) -> bool:
    """Whether the name has a key of each typed word."""
    return all(set(keys) & set(keys_of(name)) for keys in sought_keys(text, misspelled=True))


@given(words, st.data())
def test_one_slip_keeps_a_key_in_common(word, data):
    at = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from(string.ascii_lowercase))
    swapped = word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :] if at else word
    for slip in (
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at:],
        word[:at] + letter + word[at + 1 :],
        swapped,
    ):
        assume(slip not in ("private", "limited", "company"))
        assume(word not in ("private", "limited", "company"))
        assert meet(f"{slip} x", f"{word} foods")


@given(st.lists(words, max_size=9, min_size=1, unique=True))
def test_long_names_are_found_when_typed_in_full(name):
    assert meet(" ".join(name), " ".join(name))


@given(st.lists(st.text(string.ascii_lowercase, min_size=1, max_size=12), max_size=20))
def test_names_have_few_keys(names):
    assert len(keys_of(" ".join(names))) <= 6 * 2 + 3 * 6
    assert all(keys_of(" ".join(names)))


@given(st.text(max_size=60), st.text(max_size=60))
def test_similarity_is_a_share(text, name):
    assert 0 <= similarity(text, name) <= 1
    assert similarity(text, text) in (0.0, 1.0)
    sought_keys(text, misspelled=True)


def test_common_words_make_no_names_similar():
    assert similarity("Typed Private Limited", "Tapti Private Limited") < 0.3
    assert similarity("vindya chem", "VINDHYA CHEMICALS PRIVATE LIMITED") > 0.6


@pytest.mark.parametrize(
    ("text", "status", "warning"),
    [
        ("ACTV", "Active", None),
        (" Active ", "Active", None),
        (
            "Strike Off",
            "Struck off",
            STRUCK_OFF,
        ),
        ("STOF", "Struck off", STRUCK_OFF),
        (
            "UPSO",
            "Under process of striking off",
            "Under process of striking off according to the register. It can be ordered.",
        ),
        ("amalgamated", "Amalgamated", "Amalgamated according to the register. It can be ordered."),
        ("Captured  by Martians", "Captured by martians", None),
        ("", "", None),
    ],
)
def test_statuses_warn_of_ended_companies(text, status, warning):
    company = ListedCompany(id="AAB-1234", name="A Ltd", status=status_of(text))
    assert company.status == status
    assert company.warning == warning
