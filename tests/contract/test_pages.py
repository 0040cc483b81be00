"""Searching the text of pages, in every implementation."""

from __future__ import annotations

import pytest

from jobs.adapters.memory import MemoryPages
from jobs.adapters.mongo import pages_documentdb, pages_embedded
from jobs.adapters.mongo.page_indexes import page_index
from jobs.adapters.mongo.schema import ensure
from jobs.domain.search import Content, PageFilter, parse_query
from jobs.ports import PageIndex
from tests.contract.stores import LEASE, Stores, add
from tests.making import a_cin, a_file, some_filings

CIN = a_cin()
DEED, NOTICE = Content(cin=CIN, checksum=f"sha256:{1:064}"), Content(cin=a_cin(), checksum=f"sha256:{2:064}")
DEED_PAGES = ["Deed of hypothecation with State Bank", "", "The bank statement of the State, ABCPE1234F, ऋण विलेख बैंक"]


@pytest.fixture
def pages(stores: Stores, request) -> PageIndex:
    if "database" not in request.fixturenames:
        found: PageIndex = MemoryPages(stores.documents)
    else:
        database = request.getfixturevalue("database")
        for name in ("pages", "facts"):
            database[name].delete_many({})
        found = page_index(database)
    found.replace(DEED, DEED_PAGES, form="CHG-1", year=None)
    found.replace(NOTICE, ["Notice to the bank about the deed"], form="MGT-14", year=2025)
    return found


def hits(pages: PageIndex, text: str, **wanted: object) -> list[tuple[Content, int]]:
    query = parse_query(text)
    found = pages.search(query, PageFilter(**wanted), 50)
    return sorted(
        ((each.content, each.page) for each in found if query.matches(each.text)),
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


def test_common_words_are_found_the_same(pages, monkeypatch):
    """Servers read common words in other ways than rare ones."""
    monkeypatch.setattr(pages_documentdb, "_RARE", 1)
    monkeypatch.setattr(pages_embedded, "_MANY", 1)
    assert hits(pages, "bank") == [(DEED, 1), (DEED, 3), (NOTICE, 1)]
    assert hits(pages, "bank", cin=CIN) == [(DEED, 1), (DEED, 3)]
    assert hits(pages, "Bank -deed", cin=CIN) == [(DEED, 3)]
    assert hits(pages, '"state bank"', cin=CIN) == [(DEED, 1)]
    assert hits(pages, "बैंक statement -विलेखx", cin=CIN, form="CHG-1") == [(DEED, 3)]
    assert hits(pages, "bank", form="MGT-14", year=2025) == [(NOTICE, 1)]
    assert hits(pages, "bank", year=2024) == hits(pages, "bank", cin=a_cin()) == []


def test_page_with_all_words_comes_before_many_with_one(pages):
    pages.replace(NOTICE, ["bank " * at for at in range(1, 60)], form=None, year=None)
    query = parse_query("bank hypothecation")
    (found,) = pages.search(query, PageFilter(), 1)
    assert (found.content, found.page) == (DEED, 1)


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
