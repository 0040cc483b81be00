"""Searching the text of pages, in every implementation."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any, NoReturn

import pytest
from pymongo.errors import ExecutionTimeout

from jobs.adapters.memory import MemoryPages
from jobs.adapters.mongo import pages as pages_module
from jobs.adapters.mongo import pages_documentdb, pages_embedded
from jobs.adapters.mongo.atlas_index import ensure_index
from jobs.adapters.mongo.page_indexes import page_index
from jobs.adapters.mongo.pages import MongoPages
from jobs.adapters.mongo.pages_documentdb import DocumentDbPages
from jobs.adapters.mongo.schema import ensure
from jobs.domain.errors import TooSlow
from jobs.domain.search import Content, PageFilter, parse_query
from jobs.ports import PageIndex
from tests.contract.stores import LEASE, Stores, add, memory_stores, mongodb_stores
from tests.making import a_cin, a_file, some_filings
from tests.servers.atlas_search import SearchableDatabase

CIN = a_cin()
DEED, NOTICE = Content(cin=CIN, checksum=f"sha256:{1:064}"), Content(cin=a_cin(), checksum=f"sha256:{2:064}")
DEED_PAGES = ["Deed of hypothecation with State Bank", "", "The bank statement of the State, ABCPE1234F, ऋण विलेख बैंक"]


_ON_A_SERVER = [pytest.param(kind, marks=pytest.mark.server) for kind in ("own index", "atlas search")]


@pytest.fixture(params=["memory", *_ON_A_SERVER])
def kind(request) -> str:
    """Where pages are searched. Atlas Search is a stand-in before the same server."""
    return str(request.param)


@pytest.fixture
def stores(kind, clock, request) -> Stores:
    return memory_stores(clock) if kind == "memory" else mongodb_stores(request.getfixturevalue("database"), clock)


@pytest.fixture
def pages(stores, kind, request) -> PageIndex:
    found: PageIndex = MemoryPages(stores.documents)
    if kind == "own index":
        found = an_empty_index(request.getfixturevalue("database"))
    elif kind == "atlas search":
        database = SearchableDatabase(request.getfixturevalue("database"))
        found = an_empty_index(database, "pages")
        ensure_index(database["pages"], "pages")
        database.finish_builds()
    fill(found)
    return found


def an_empty_index(database, atlas_index: str | None = None) -> MongoPages:
    for name in ("pages", "facts"):
        database[name].delete_many({})
    return page_index(database, atlas_index)


def fill(index: PageIndex) -> None:
    index.replace(DEED, DEED_PAGES, form="CHG-1", year=None)
    index.replace(NOTICE, ["Notice to the bank about the deed for Rs.12,34,567/-"], form="MGT-14", year=2025)


def hits(pages: PageIndex, text: str, **wanted: object) -> list[tuple[Content, int]]:
    query = parse_query(text)
    found = pages.search(query, PageFilter(**wanted), 50)
    return sorted(
        ((each.content, each.page) for each in found.pages if query.matches(each.text)),
        key=lambda hit: (hit[0].checksum, hit[1]),
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("HYPOTHECATION", [(DEED, 1)]),
        ("bank deed", [(DEED, 1), (NOTICE, 1)]),
        ('"state bank"', [(DEED, 1)]),
        ("bank -deed", [(DEED, 3)]),
        ('bank -"state bank"', [(DEED, 3), (NOTICE, 1)]),
        ("state of", [(DEED, 3)]),
        ("बैंक", [(DEED, 3)]),
        ("hypothec", []),
        ("ABCPE1234F", []),
        ("$where", []),
        ("12,34,567", [(NOTICE, 1)]),
        ("34,567", [(NOTICE, 1)]),
        ("12,345", []),
    ],
)
def test_pages_are_found(pages, text, found):
    if text == "state of":
        found = [(DEED, 1), (DEED, 3)]
    assert hits(pages, text) == found


def test_pages_are_filtered(pages):
    assert hits(pages, "bank", cin=CIN) == [(DEED, 1), (DEED, 3)]
    assert hits(pages, "bank", form="MGT-14") == hits(pages, "bank", year=2025) == [(NOTICE, 1)]
    assert hits(pages, "bank", cin=a_cin()) == []


@pytest.mark.parametrize("many", [0, 1, 1_000])
def test_common_words_are_found_the_same(pages, monkeypatch, many):
    """Servers read common words in other ways than rare ones."""
    monkeypatch.setattr(pages_documentdb, "_RARE", 1)
    monkeypatch.setattr(pages_documentdb, "_FEW", many)
    monkeypatch.setattr(pages_embedded, "_MANY", many)
    monkeypatch.setattr(pages_embedded, "_FEW", many)
    assert hits(pages, "bank") == [(DEED, 1), (DEED, 3), (NOTICE, 1)]
    assert hits(pages, "bank", cin=CIN) == [(DEED, 1), (DEED, 3)]
    assert hits(pages, "Bank -deed", cin=CIN) == [(DEED, 3)]
    assert hits(pages, '"state bank"', cin=CIN) == [(DEED, 1)]
    assert hits(pages, "बैंक statement -विलेखx", cin=CIN, form="CHG-1") == [(DEED, 3)]
    assert hits(pages, "bank", form="MGT-14", year=2025) == [(NOTICE, 1)]
    assert hits(pages, "bank", year=2024) == hits(pages, "bank", cin=a_cin()) == []
    assert hits(pages, "Deed of hypothecation with State bank") == [(DEED, 1)]
    assert hits(pages, '"deed of Hypothecation with state bank"') == [(DEED, 1)]
    assert hits(pages, '"bank statement of the state" ऋण the -notice bank') == [(DEED, 3)]
    assert hits(pages, '"to the bank about" "about the deed" notice -hypothecation') == [(NOTICE, 1)]
    assert hits(pages, '"the bank statement of State the"') == hits(pages, "to the bank about the deed ऋण") == []
    assert hits(pages, "to the bank about the deed", form="MGT-14", year=2025) == [(NOTICE, 1)]


def test_page_with_all_words_comes_before_many_with_one(pages):
    pages.replace(NOTICE, ["bank " * at for at in range(1, 60)], form=None, year=None)
    query = parse_query("bank hypothecation")
    (found,) = pages.search(query, PageFilter(), 1).pages
    assert (found.content, found.page) == (DEED, 1)


@pytest.mark.parametrize("seconds", [-1, 60])
def test_at_least_enough_pages_are_found(pages, monkeypatch, seconds):
    """And all of them if that is quick."""
    monkeypatch.setattr(pages_documentdb, "_QUICK_SECONDS", seconds)
    pages.replace(NOTICE, ["bank"] * 8, form=None, year=None)
    for limit, enough in product((5, 50), (1, 4, 99)):
        found = pages.search(parse_query("bank"), PageFilter(), limit, enough)
        assert min(enough, limit, 10) <= len(found.pages) <= min(limit, 10)
        assert found.is_limited == (len(found.pages) < 10)
        assert len(found.pages) == min(limit, 10) or seconds < 0


class OutOfTime:
    """Stands before the collection of pages: time is up after so many portions."""

    def __init__(self, pages: Any, portions: int) -> None:
        self._pages, self.portions = pages, portions

    def find(self, *given: Any, **options: Any) -> Any:
        self.portions -= 1
        if self.portions < 0:
            time_is_up()
        return self._pages.find(*given, **options)


def time_is_up(*_: object) -> NoReturn:
    raise ExecutionTimeout("time is up")


@pytest.fixture
def slow(database, monkeypatch) -> Callable[[int], PageIndex]:
    """The index on a server that does not find pages in time, but reads a page in each portion."""
    index = an_empty_index(database)
    fill(index)
    monkeypatch.setattr(pages_module, "_PORTION", 1)
    monkeypatch.setattr(pages_module, "_LARGEST_PORTION", 1)
    monkeypatch.setattr(index, "read", time_is_up)
    monkeypatch.setattr(index, "leading", lambda query: f'"{query.terms[0].split()[-1].lower()}"')

    def after(portions: int) -> PageIndex:
        monkeypatch.setattr(index, "_pages", OutOfTime(database["pages"], portions))
        return index

    return after


@pytest.mark.server
def test_pages_read_in_time_are_found(slow):
    query = parse_query("bank")
    for portions in (1, 2, 3):
        found = slow(portions).search(query, PageFilter(), 50)
        assert (len(found.pages), found.is_partial) == (portions, True)
    assert not slow(4).search(query, PageFilter(), 50).is_partial
    assert len(slow(4).search(query, PageFilter(), 2).pages) == 2


@pytest.mark.server
def test_pages_are_found_the_same_in_portions(slow):
    index = slow(50)
    assert hits(index, '"state bank"') == [(DEED, 1)]
    assert hits(index, "bank -deed") == [(DEED, 3)]
    assert hits(index, "bank", form="MGT-14") == hits(index, "bank", year=2025) == [(NOTICE, 1)]
    assert hits(index, "bank", cin=CIN) == [(DEED, 1), (DEED, 3)]
    assert hits(index, "bank", cin=CIN, form="MGT-14") == []


@pytest.mark.server
@pytest.mark.parametrize("rare", [1, 100])
def test_pages_with_the_rarest_words_are_compared(database, monkeypatch, rare):
    monkeypatch.setattr(pages_documentdb, "_RARE", rare)
    index = an_empty_index(database)
    fill(index)
    monkeypatch.setattr(index, "read", time_is_up)
    assert hits(index, '"with state bank"') == [(DEED, 1)]
    assert hits(index, '"of the State" The statement bank') == [(DEED, 3)]
    assert hits(index, "the bank nowhere") == []


@pytest.mark.server
def test_common_words_are_ordered_by_rarity(database, monkeypatch):
    monkeypatch.setattr(pages_documentdb, "_RARE", 2)
    an_empty_index(database)
    index = DocumentDbPages(database)
    index.replace(NOTICE, ["company of", "company of", "company of by", "company of by"], form=None, year=None)
    words, is_rare = index._by_rarity(parse_query("company by of"), is_needed=True)
    assert (words[0], is_rare) == ("by", False)


@pytest.mark.server
def test_nothing_in_time_is_too_slow(slow):
    with pytest.raises(TooSlow):
        slow(0).search(parse_query("bank"), PageFilter(), 50)


def test_pages_of_a_new_reading_replace_the_old(pages):
    pages.replace(DEED, ["Only mortgage now"], form="CHG-1", year=None)
    assert hits(pages, "bank") == [(NOTICE, 1)]
    assert hits(pages, "mortgage") == [(DEED, 1)]
    assert sorted(pages.contents(), key=lambda each: each.checksum) == [DEED, NOTICE]


def test_pages_are_forgotten_with_their_last_document(stores, pages, clock):
    job, other = add(stores, clock, cin=CIN), add(stores, clock, cin=CIN)
    for each in (job, other):
        held = stores.jobs.claim(each.id, "w", LEASE)
        stores.documents.add(held.lease, held, some_filings(1))
        file = a_file()
        stores.documents.save_stored(
            held.lease, stores.documents.get(each.id, 1), file.__class__(**{**vars(file), "checksum": DEED.checksum})
        )
    assert pages.documents([DEED, NOTICE])[DEED].job_id == other.id
    stores.documents.delete_of_job(job.id)
    assert pages.forget([DEED, NOTICE]) == 1
    assert list(pages.contents()) == [DEED]
    linker = stores.jobs.claim(add(stores, clock, cin=CIN).id, "w", LEASE)
    stores.documents.add(linker.lease, linker, some_filings(1))
    reserved = stores.documents.get(linker.id, 1)
    stores.documents.reserve(linker.lease, reserved, stores.documents.get(other.id, 1).file)
    stores.documents.delete_of_job(other.id)
    assert pages.documents([DEED]) == {}
    assert pages.forget([DEED]) == 0  # about to be stored again
    stores.documents.reserve(linker.lease, reserved, None)
    assert pages.forget([DEED]) == 1
    assert hits(pages, "bank") == list(pages.contents()) == []


def test_text_index_is_ensured_over_pages(stores: Stores, pages: PageIndex, request):
    if "database" in request.fixturenames:
        ensure(request.getfixturevalue("database"))
    assert hits(pages, "hypothecation") == [(DEED, 1)]
