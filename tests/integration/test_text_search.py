"""The search in the text of documents: page, API, and the worker that indexes it."""

from __future__ import annotations

import html
import re
from contextlib import closing
from dataclasses import replace
from unittest.mock import Mock

import pytest

from jobs.domain.audit import Actor
from jobs.domain.errors import TooSlow
from jobs.domain.record_search import facts_of
from jobs.domain.search import Content, PageFilter, parse_query
from jobs.web import text_search
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
        ("q=deed&year=nonsense", 200, "“nonsense” is not a year, and was ignored."),
        ("q=deed&cin=Vindhya", 422, "&#x27;VINDHYA&#x27; has 7 characters; a CIN has 21"),
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
    for path in ("search?q=deed&cin=Vindhya", "search/records?din=07120034&cin=Vindhya"):
        assert is_problem(call("GET", f"/api/v1/{path}"), 422, "invalid_search")


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
    def search(*_: object, **__: object) -> list[object]:
        raise TooSlow

    monkeypatch.setattr(app.pages, "search", search)
    refused = staff.get("/search/?q=deed")
    assert refused.status_code == 503
    assert "Add a rarer word, or choose a company." in text_of(refused)
    assert is_problem(call("GET", "/api/v1/search?q=deed"), 503)


def test_slow_search_for_people_hides_no_pages(staff, app, indexed, monkeypatch):
    monkeypatch.setattr(app.pages.facts, "search", Mock(side_effect=TooSlow))
    shown = staff.get("/search/?q=deed&director=asha")
    assert shown.status_code == 200
    assert f"/jobs/{indexed}/documents/1/?page=1" in text_of(shown)
    assert "This search takes too long" in text_of(shown)


@pytest.fixture
def leases(app, indexed) -> Content:
    """A document of 120 pages with a word."""
    content = Content.of(app.documents.get(indexed, 1))
    app.pages.replace(content, [f"lease {number}" for number in range(120)], form="AOC-4", year=2025)
    return content


def test_more_results_follow_until_the_end(staff, leases):
    shown, address = [], "/search/?q=lease"
    for says in ("1 to 50 of 120 pages", "51 to 100 of 120 pages", "101 to 120 of 120 pages"):
        page = text_of(staff.get(address))
        assert says in page
        shown += re.findall(r"\?page=(\d+)", page)
        more = re.search(r'rel="next"\s+href="([^"]+)"', page)
        address = f"/search/{html.unescape(more[1])}" if more else ""
    assert address == ""
    assert sorted(map(int, shown)) == list(range(1, 121))
    back = re.search(r'rel="prev"\s+href="([^"]+)"', page)
    assert "51 to 100 of 120 pages" in text_of(staff.get(f"/search/{html.unescape(back[1])}"))
    assert "no more pages: 120 were found" in text_of(staff.get("/search/?q=lease&cursor=150"))


def test_api_lists_all_hits_by_cursor(call, leases):
    pages, cursor = [], ""
    while cursor is not None:
        body = call("GET", f"/api/v1/search?q=lease&limit=70&cursor={cursor}").json()
        pages += [hit["page"] for hit in body["items"]]
        assert body["isCut"] is (body["next"] is not None)
        cursor = body["next"]
    assert sorted(pages) == list(range(1, 121))
    assert call("GET", f"/api/v1/search?q=lease&cursor={body['previous']}").json()["previous"] is None


@pytest.mark.parametrize("cursor", ["400", "-1", "1e2", "²", "9" * 30])
def test_cursor_of_no_search_is_refused(staff, call, indexed, cursor):
    for address in ("/api/v1/search?q=deed", "/api/v1/search/records?din=07120034"):
        assert is_problem(call("GET", f"{address}&cursor={cursor}"), 422, "invalid_cursor")
    assert staff.get(f"/search/?q=deed&cursor={cursor}").status_code == 422


def test_more_filings_follow(staff, call, app):
    for at in range(60):
        document = app.documents.get(an_order(app, a_cin()), 2)
        content = replace(Content.of(document), checksum=f"sha256:{at:064}")
        app.pages.facts.replace(content, facts_of(STATED[document.filing.document_type]), form="MGT-7", year=2025)
    page = text_of(staff.get("/search/?director=raman+asha&q=nothing-like-it"))
    assert "1 to 50 of 60 filings" in page
    more = re.search(r'rel="next"\s+href="([^"]+)"', page)
    assert "51 to 60 of 60 filings" in text_of(staff.get(f"/search/{html.unescape(more[1])}"))
    body = call("GET", "/api/v1/search/records?director=raman+asha").json()
    assert (body["next"], body["previous"], body["isCut"]) == ("50", None, True)


def test_what_was_found_in_time_is_shown(staff, call, app, leases, monkeypatch):
    found = app.pages.search(parse_query("lease"), PageFilter(), 3)
    monkeypatch.setattr(app.pages, "search", Mock(return_value=replace(found, is_partial=True)))
    page = text_of(staff.get("/search/?q=lease"))
    assert "The search stopped after 3 seconds" in page
    assert page.count("?page=") == 3
    body = call("GET", "/api/v1/search?q=lease").json()
    assert (len(body["items"]), body["isPartial"], body["isCut"], body["next"]) == (3, True, True, None)
    assert staff.get("/search/?q=rent").status_code == 503  # none of what was found in time matches


def test_cut_list_says_how_many_pages_were_compared(staff, app, leases, monkeypatch):
    monkeypatch.setattr(text_search, "MOST_CANDIDATES", 60)
    assert "1 to 50 of the 60 pages that were compared" in text_of(staff.get("/search/?q=lease"))


@pytest.mark.parametrize("form", ["AOC-4", "AOC-4 XBRL", "LLP-8"])
def test_filter_keeps_the_form_that_was_searched(staff, form):
    page = staff.get("/search/", {"q": "x", "form": form}).content.decode()
    assert re.findall(r"<option selected>([^<]*)", page) == [form]
    assert "<option>CHG-9</option>" in page
