"""Companies and their documents, in every implementation."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date

import pytest

from jobs.adapters.memory import MemoryCompanies
from jobs.adapters.mongo import catalogues, company_lists
from jobs.domain.filings.stated import Stated
from jobs.domain.job import Job
from jobs.domain.listing import CompanyOrder
from jobs.ports import Companies
from tests.contract.stores import LEASE, Stores, add, mongodb_stores
from tests.contract.test_readings import READING
from tests.contract.walking import walked
from tests.making import a_cin, a_file, some_filings

STATED = (
    Stated(name="revenue", value=412, unit="rupees", page=2, confidence=0.9),
    Stated(name="holder", value="A Bank", confidence=0.99),
    Stated(name="held_agm_on", value=date(2025, 9, 1), confidence=0.8),
)


@pytest.fixture
def companies(stores: Stores, request) -> Companies:
    if "database" not in request.fixturenames:
        return MemoryCompanies(stores.jobs, stores.documents)
    return catalogues.companies(request.getfixturevalue("database"))


def listed(companies: Companies, limit: int, order: CompanyOrder = CompanyOrder.COMPANY) -> list[Job]:
    """All companies, page by page, forward and then back."""
    pages, back = walked(lambda place: companies.listed(order, place, limit))
    found = [*itertools.chain(*pages)]
    assert [*itertools.chain(*back)] == found
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_companies_are_listed_once_by_name(stores, companies, clock, limit):
    twice, same_name, other = a_cin(), a_cin(), a_cin()
    for cin, name in ((twice, "Beta"), (other, "Alpha"), (same_name, "Beta"), (twice, "Beta")):
        newest = add(stores, clock, cin=cin, company_name=name)
    found = listed(companies, limit)
    assert [(each.company_name, each.cin) for each in found] == [
        ("Alpha", other),
        *sorted((("Beta", twice), ("Beta", same_name))),
    ]
    assert newest.id in {each.id for each in found}


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_company_list_ignores_case(stores, companies, clock, limit):
    twice, *others = sorted(a_cin() for _ in range(3))
    names = ((twice, "acme"), (others[0], "Zeta"), (others[1], "ACME"), (twice, "Acme"))
    for cin, name in names:
        add(stores, clock, cin=cin, company_name=name)
    found = listed(companies, limit)
    assert [(each.company_name, each.cin) for each in found] == [
        ("Acme", twice),
        ("ACME", others[1]),
        ("Zeta", others[0]),
    ]


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_companies_are_listed_once_by_latest_order(stores, companies, clock, limit):
    """Of companies with several orders, only the newest counts; of those with several names, that of each name."""
    first, second, third = a_cin(), a_cin(), a_cin()
    named = [(first, "A"), (second, "B"), (first, "A"), (third, "C"), (third, "New C"), (second, "b"), (second, "B")]
    jobs = [add(stores, clock, cin=cin, company_name=name) for cin, name in named]
    assert [job.id for job in listed(companies, limit, CompanyOrder.NEWEST)] == [jobs[at].id for at in (6, 4, 3, 2)]


def test_company_that_is_ordered_while_paging_is_not_repeated(stores, companies, clock):
    """By latest order, it moves to the first page; by name, it keeps its place."""
    jobs = [add(stores, clock, company_name=name) for name in "ABCD"]
    by_age = companies.listed(CompanyOrder.NEWEST, None, 2)
    by_name = companies.listed(CompanyOrder.COMPANY, None, 2)
    moved = [add(stores, clock, cin=jobs[at].cin, company_name=jobs[at].company_name) for at in (1, 3)]
    add(stores, clock, company_name="Aa")
    assert [job.id for job in companies.listed(CompanyOrder.NEWEST, by_age.next, 3).items] == [jobs[0].id]
    assert [job.id for job in companies.listed(CompanyOrder.COMPANY, by_name.next, 3).items] == [
        jobs[2].id,
        moved[1].id,
    ]


@pytest.mark.server
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_orders_of_few_companies_are_read_in_parts(database, clock, limit, monkeypatch):
    """A page by latest order may be shorter, or even empty, but no company is missing or listed twice."""
    monkeypatch.setattr(company_lists, "LOOKED", 4)
    monkeypatch.setattr(company_lists, "AT_ONCE", 2)
    monkeypatch.setattr(company_lists, "NEWER", 3)
    stores = mongodb_stores(database, clock)
    old, often, last = a_cin(), a_cin(), a_cin()
    jobs = [add(stores, clock, cin=cin, company_name=cin) for cin in (old, *[often] * 9, last)]
    companies = catalogues.companies(database)
    assert [job.id for job in listed(companies, limit, CompanyOrder.NEWEST)] == [jobs[at].id for at in (10, 9, 0)]
    page = companies.listed(CompanyOrder.NEWEST, None, 5)
    assert (len(page.items), page.among) == (2, 4)
    assert companies.listed(CompanyOrder.NEWEST, page.next, 5).items == []


@pytest.mark.parametrize(("cin", "texts"), [("AAB-1234", ("aab-1234", "AAB12", "aab-")), ("F01234", ("f01234", "F01"))])
def test_llps_and_foreign_companies_are_found(stores, companies, clock, cin, texts):
    add(stores, clock, cin=cin, company_name="Kaveri Foods")
    add(stores, clock, company_name="Aab Fabrics")
    assert [[each.cin for each in companies.found(text, 5)] for text in texts] == [[cin]] * len(texts)
    assert [each.company_name for each in companies.found("aab", 5)] == ["Aab Fabrics"]


def test_companies_are_found_by_words_and_cin(stores, companies, clock):
    first, second = add(stores, clock, company_name="Vindhya Chemicals"), add(stores, clock, company_name="Other")
    assert [each.cin for each in companies.found("vindh", 5)] == [first.cin]
    assert [each.cin for each in companies.found(second.cin, 5)] == [second.cin]
    assert companies.ordered([first.cin, a_cin()]) == {first.cin}
    assert companies.found("", 5) == companies.found("nobody", 5) == []


def test_documents_come_with_what_they_state(stores, companies, clock):
    job = add(stores, clock)
    add(stores, clock)
    held = stores.jobs.claim(job.id, "w", LEASE)
    stores.documents.add(held.lease, held, some_filings(2))
    document = stores.documents.get(job.id, 1)
    stores.documents.save_stored(held.lease, document, a_file())
    stores.documents.save_reading(held.lease, document, replace(READING, stated=STATED))
    found = companies.documents(job.cin, 5)
    assert sorted(each.filing.number for each in found.documents) == [1, 2]
    assert [Stated(**each) for each in found.stated[document.id]] == list(STATED)
    assert list(found.stated) == [document.id]
    assert [each.reading.stated for each in found.documents if each.reading] == [()]
    assert len(companies.documents(job.cin, 1).documents) == 1
    assert companies.documents(a_cin(), 5).documents == []


def test_orders_of_a_company_are_newest_first(stores, companies, clock):
    cin = a_cin()
    ids = [add(stores, clock, cin=cin).id for _ in range(3)]
    add(stores, clock)
    assert [each.id for each in companies.orders(cin, 2)] == ids[:0:-1]


@pytest.mark.parametrize("limit", [1, 2, 3, 9])
def test_orders_of_several_companies_are_those_of_each(stores, companies, clock, limit):
    """Also if some have so many orders that they are read one by one."""
    cins = [a_cin() for _ in range(3)]
    for number, cin in enumerate(cins):
        for _ in range(3 * number):
            add(stores, clock, cin=cin)
    expected = {cin: companies.orders(cin, limit) for cin in cins[1:]}
    assert companies.orders_of(cins, limit) == expected
    assert companies.orders_of([], limit) == {}
