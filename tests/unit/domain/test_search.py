"""What a search asks for, and where a page answers it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.domain.search import LONGEST, MOST_TERMS, Query, parse_query
from jobs.domain.wrong_use import InvalidSearch


@pytest.mark.parametrize(
    ("text", "terms", "excluded"),
    [
        ("deed", ("deed",), ()),
        ('"State  Bank" -mortgage', ("State Bank",), ("mortgage",)),
        ('deed -"State Bank" deed', ("deed",), ("State Bank",)),
        ("12,34,567 AOC-4", ("12 34 567", "AOC 4"), ()),
        ('"never closed', ("never closed",), ()),
        ("बैंक {$gt: 1}", ("बैंक", "gt", "1"), ()),
    ],
)
def test_words_and_phrases_are_parsed(text, terms, excluded):
    assert parse_query(text) == Query(terms=terms, excluded=excluded)


@pytest.mark.parametrize("text", ["", '"', '-"', "- -", "-deed", '-"a b"', "*** ()", "x" * (LONGEST + 1), "x" * 10_000])
def test_search_for_nothing_is_refused(text):
    with pytest.raises(InvalidSearch):
        parse_query(text)


def test_too_many_words_are_refused():
    with pytest.raises(InvalidSearch, match="10"):
        parse_query(" ".join(f"w{at}" for at in range(MOST_TERMS + 1)))


def test_whole_words_match_across_lines():
    query = parse_query('"State Bank" india')
    assert query.matches("STATE\n  bank, of India")
    assert not query.matches("the estate bank of India")
    assert not query.matches("State of the Bank, India")


def test_snippet_marks_what_was_sought():
    pieces = parse_query("deed").snippet("x " * 200 + "the Deed of " + "y " * 200)
    assert ("Deed", True) in pieces
    text = "".join(piece for piece, _ in pieces)
    assert text.startswith("…")
    assert text.endswith("…")
    assert len(text) < 300


def test_pages_with_more_of_the_terms_are_more_relevant():
    query = parse_query('bank "state deed"')
    texts = ["no term", "the bank and others", "bank, bank", "bank, state deed"]
    assert sorted(texts, key=query.relevance) == texts
    assert query.relevance("bank") > query.relevance("bank" + " other" * 100)


def test_repeated_phrase_counts_each_time():
    query = parse_query('"state bank"')
    assert query.relevance("State Bank-state  bank state bank") > query.relevance("state bank or state bank or")


@given(st.text("abAB .,-\nऋणि_1", max_size=100), st.sampled_from(["a", "b", '"a b"', '"b b a"', "ऋणि", "_1", "a,b"]))
def test_text_matches_if_something_in_it_is_marked(text, sought):
    query = parse_query(sought)
    assert query.matches(text) == any(is_sought for _, is_sought in query.snippet(text))
