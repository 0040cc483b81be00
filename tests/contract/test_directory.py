"""The directory of companies, in every implementation."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from jobs.adapters.memory import MemoryDirectory
from jobs.adapters.mongo import catalogues, directory_documentdb
from jobs.domain.directory import ListedCompany
from jobs.ports import Directory, Saved
from jobs.services import SuggestionService
from tests.contract.stores import Stores

VINDHYA = ListedCompany(
    id="U24110MH1999PTC000001",
    name="VINDHYA CHEMICALS PRIVATE LIMITED",
    status="Active",
    kind="Private",
    category="Company limited by shares",
    state="Maharashtra",
    registered_on=date(1999, 4, 1),
    authorised_capital=2_500_000,
    paid_up_capital=0,
)
STRUCK_OFF = ListedCompany(id="U24110MH1998PTC000002", name="Vindhya Chemicals & Dyes Ltd.", status="Struck off")
PARTNERS = ListedCompany(id="AAB-1234", name="Kaveri Foods LLP", status="Active")
FOREIGN = ListedCompany(id="F01234", name="Aab Überseehandel GmbH", status="")
ALL = (VINDHYA, STRUCK_OFF, PARTNERS, FOREIGN)


@pytest.fixture
def directory(stores: Stores, request) -> Directory:
    if "database" not in request.fixturenames:
        return MemoryDirectory()
    return catalogues.directory(request.getfixturevalue("database"))


@pytest.fixture
def full(directory: Directory) -> Directory:
    assert directory.is_empty()
    assert directory.save(ALL) == Saved(added=4, changed=0)
    return directory


def test_second_load_changes_only_what_differs(full):
    assert not full.is_empty()
    assert full.save(ALL) == Saved(added=0, changed=0)
    renamed = replace(PARTNERS, name="Kaveri Fine Foods LLP", status="Struck off")
    another = replace(PARTNERS, id="AAB-1235")
    assert full.save([VINDHYA, renamed, another]) == Saved(added=1, changed=1)
    assert full.get([PARTNERS.id, VINDHYA.id, another.id, "F99999"]) == {
        each.id: each for each in (renamed, VINDHYA, another)
    }
    assert full.with_keys([["fine"]], 9) == [renamed]
    assert full.save([]) == Saved(added=0, changed=0)
    assert full.get([]) == {}


def test_companies_are_found_by_the_beginning_of_an_id(full):
    assert full.with_id("U24110MH1998", 9) == [STRUCK_OFF]
    assert sorted(each.id for each in full.with_id("U24110MH", 9)) == [STRUCK_OFF.id, VINDHYA.id]
    assert len(full.with_id("U", 1)) == 1
    assert full.with_id("AAB-", 9) == [PARTNERS]
    assert full.with_id("X", 9) == []


def test_companies_are_found_by_the_beginning_of_a_name(full):
    assert sorted(each.id for each in full.with_name("vindhya chem", 9)) == [STRUCK_OFF.id, VINDHYA.id]
    assert full.with_name("vindhya chemicals p", 9) == [VINDHYA]
    assert full.with_name("aab ü", 9) == [FOREIGN]
    assert full.with_name("chemicals", 9) == []


def test_companies_are_found_by_keys_of_each_word(full):
    assert full.with_keys([["chemic", "chmic"]], 9) in ([STRUCK_OFF, VINDHYA], [VINDHYA, STRUCK_OFF])
    assert full.with_keys([["chemic"], ["dyes", "dye"]], 9) == [STRUCK_OFF]
    assert full.with_keys([["chemic"], ["kaveri"]], 9) == []
    assert full.with_keys([], 9) == []
    assert len(full.with_keys([["chemic"]], 1)) == 1


def test_two_words_are_found_however_common_they_are(directory, monkeypatch):
    """At least some, with more names of either word than are compared at first, of one of them, or of neither."""
    monkeypatch.setattr(directory_documentdb, "_COMPARED", 3)
    names = ["Alpha Foods"] * 5 + ["Beta Steel"] * 5 + ["Alpha Steel", "Gamma Foods", "Beta Foods Gamma"]
    directory.save([replace(PARTNERS, id=f"AAC-{at:04d}", name=name) for at, name in enumerate(names)])
    words = ("alpha", "beta", "gamma", "foods", "steel", "delta")
    for one, other in product(words, words):
        wanted = {name for name in names if {one, other} <= set(name.lower().split())}
        found = {each.name for each in directory.with_keys([[one], [other, "x"]], 99)}
        assert (found <= wanted, bool(found)) == (True, bool(wanted)), (one, other)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("aab1234", [PARTNERS]),
        ("AAB-1", [PARTNERS]),
        (" f01234 ", [FOREIGN]),
        ("vindhya", [VINDHYA, STRUCK_OFF]),
        ("Vindhya Chemicals & D", [STRUCK_OFF, VINDHYA]),
        ("chemicals vindhya", [VINDHYA, STRUCK_OFF]),
        ("vindya", [VINDHYA, STRUCK_OFF]),
        ("vnidhya chem", [VINDHYA, STRUCK_OFF]),
        ("vindhyaa chmicals", [VINDHYA, STRUCK_OFF]),
        ("kavery food", [PARTNERS]),
        ("uberseehandel", [FOREIGN]),
        ("aab", [FOREIGN]),
        ("private limited", []),
        ("", []),
        ("%", []),
        ("vi\x00", [VINDHYA, STRUCK_OFF]),
        ("$where", []),
        ("nothing like it", []),
        ("x" * 5000, []),
    ],
)
def test_suggestions_tolerate_slips(full, text, found):
    assert SuggestionService(directory=full).suggest(text, 5) == found


def test_suggestions_are_limited(full):
    assert len(SuggestionService(directory=full).suggest("vindhya", 1)) == 1
