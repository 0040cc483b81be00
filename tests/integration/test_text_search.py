"""The search in the text of documents: page, API, and the worker that indexes it."""

from __future__ import annotations

import html
import re
from contextlib import closing

import pytest

from jobs.domain.audit import Actor
from jobs.domain.errors import TooSlow
from jobs.domain.record_search import facts_of
from jobs.domain.search import Content
from tests.integration.api import is_problem
from tests.integration.companies import NAME, STATED, an_order
from tests.integration.conftest import a_stored_job, text_of
from tests.making import a_cin
from worker.bootstrap import pipeline
from worker.sources.directory import DirectorySource
from worker.sources.simulated_pdf import text_pdf
from worker.stopping import Stop

pytestmark = [pytest.mark.server, pytest.mark.django_db]

CIN = "L17110MH1973PLC019786"


@pytest.fixture
def app(app, database):
    for name in ("pages", "facts"):
        database[name].delete_many({})
    return app


@pytest.fixture
def indexed(app) -> str:
    """A company whose first filing has a text of two pages."""
    cin = a_cin()
    for _ in range(2):
        job_id = an_order(app, cin)
    document = app.documents.get(job_id, 1)
    texts = ["Deed of <hypothecation>", "Schedule: motor vehicles"]
    app.pages.replace(Content.of(document), texts, form="AOC-4", year=2025)
    return job_id


def test_hit_leads_to_its_page_once(staff, indexed):
    page = text_of(staff.get("/search/?q=motor+vehicles"))
    assert page.count("page 2\n") == 1
    assert f"/jobs/{indexed}/documents/1/?page=2" in page
    assert "<mark>motor</mark> <mark>vehicles</mark>" in page


def test_empty_search_offers_examples_that_work(staff):
    examples = re.findall(r'href="\?(q=[^"]+)"', staff.get("/search/").content.decode())
    assert len(examples) == 2
    assert {staff.get(f"/search/?{html.unescape(each)}").status_code for each in examples} == {200}
    assert "?q=" not in staff.get("/search/?q=motor").content.decode()


def test_text_of_a_hit_is_escaped(staff, indexed):
    page = text_of(staff.get("/search/?q=hypothecation"))
    assert "&lt; <mark>hypothecation</mark>&gt;" in page


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("", 200, "Words"),
        ("q=nothing-like-it", 200, "No page matches"),
        ("q=-deed", 422, "at least one word"),
        ("q=" + "x" * 10_000, 422, "10,000 characters"),
        ("q=" + "+".join("abcdefghijk"), 422, "words and phrases"),
        ("q=deed&year=nonsense&cin=%00", 200, "page 1"),
    ],
)
def test_search_says_what_is_wrong(staff, indexed, query, status, says):
    answer = staff.get(f"/search/?{query}")
    assert answer.status_code == status
    assert says in text_of(answer)


def test_api_finds_pages(call, indexed):
    body = call("GET", "/api/v1/search?q=deed&form=AOC-4&year=2025").json()
    (hit,) = body["items"]
    assert (hit["document"]["jobId"], hit["page"], body["isCut"]) == (indexed, 1, False)
    assert {"text": "Deed", "sought": True} in hit["snippet"]
    assert is_problem(call("GET", "/api/v1/search?q=-deed"), 422, "invalid_search")
    assert is_problem(call("GET", "/api/v1/search"), 422)


def test_worker_indexes_what_it_reads_until_it_is_deleted(staff, app, tmp_path):
    folder = tmp_path / CIN
    folder.mkdir()
    (folder / "MGT-14.pdf").write_bytes(
        text_pdf([["Resolution about borrowing"], ["Second page: zebras"]], title="MGT-14")
    )
    job = a_stored_job(app, cin=CIN, company_name=NAME)
    with closing(pipeline(app, Stop())) as run:
        run.source = DirectorySource(tmp_path)
        run.run(app.jobs.claim(job.id, "w", 60))
    assert f"/jobs/{job.id}/documents/1/?page=2" in text_of(staff.get("/search/?q=zebras"))
    app.service.delete(job.id, Actor(name="staff"))
    assert "No page matches" in text_of(staff.get("/search/?q=zebras"))
    assert list(app.pages.contents()) == []


def test_sweep_forgets_pages_without_a_document(app, indexed):
    app.pages.replace(Content(cin=CIN, checksum="sha256:gone"), ["orphan"], form=None, year=None)
    app.documents.delete_of_job(indexed)
    app.sweep.sweep()
    assert [each.cin for each in app.pages.contents()] != []
    assert CIN not in {each.cin for each in app.pages.contents()}


@pytest.fixture
def stated(app) -> str:
    """A company whose annual return names a director, and whose charge has an amount."""
    job_id = an_order(app, a_cin())
    for number in (2, 3):
        document = app.documents.get(job_id, number)
        form = document.filing.document_type
        app.pages.facts.replace(Content.of(document), facts_of(STATED[form]), form=form, year=2025)
    return job_id


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("director=raman+asha", 2),
        ("din=7120034&year=2025", 2),
        ("least=39+crore&most=40+crore", 3),
        ("most=40+cr&form=CHG-1", 3),
    ],
)
def test_records_are_found_by_person_and_amount(staff, call, stated, query, number):
    page = text_of(staff.get(f"/search/?{query}"))
    assert "Filings that state this" in page
    assert f"/jobs/{stated}/documents/{number}/" in page
    items = call("GET", f"/api/v1/search/records?{query}").json()["items"]
    assert [each["document"]["documentNumber"] for each in items] == [number]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("din=123456789", "a DIN has 8 digits"),
        ("least=much", "is not an amount"),
        ("least=2&most=1", "larger than the largest"),
        ("director=%21", "at least one word of the name"),
        ("q=%22%22+--+%21", "at least one word"),
        (f"q={'a' * 3000}", "The search has 3,000 characters; it may have 500."),
    ],
)
def test_faulty_search_is_explained(staff, query, says):
    refused = staff.get(f"/search/?{query}")
    assert refused.status_code == 422
    assert says in text_of(refused)


def test_records_search_needs_something_to_find(staff, call, stated):
    assert is_problem(call("GET", "/api/v1/search/records?form=MGT-7"), 422, "invalid_search")
    assert "No filing states this" in text_of(staff.get("/search/?director=nobody"))


def test_search_that_takes_too_long_is_explained(staff, call, app, indexed, monkeypatch):
    def search(*_: object) -> list[object]:
        raise TooSlow

    monkeypatch.setattr(app.pages, "search", search)
    refused = staff.get("/search/?q=deed")
    assert refused.status_code == 503
    assert "Add a rarer word, or choose a company." in text_of(refused)
    assert is_problem(call("GET", "/api/v1/search?q=deed"), 503)


def test_cut_list_says_how_many_pages_were_compared(staff, app, indexed):
    document = app.documents.get(indexed, 1)
    app.pages.replace(Content.of(document), [f"lease {number}" for number in range(60)], form="AOC-4", year=2025)
    assert "The best 50 of 60 pages that were compared" in text_of(staff.get("/search/?q=lease"))
