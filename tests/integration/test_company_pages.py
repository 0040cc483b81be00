"""The pages of companies: their list, a profile with sources, and all filings once."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import date

import pytest

from jobs.adapters.mongo import company_lists
from jobs.domain.document import Filing
from jobs.domain.ending import ended_well
from jobs.domain.filings.reading import Method, ReadingState
from jobs.domain.filings.stated import Stated
from jobs.domain.filings.summary import DocumentReading, Facts
from jobs.web import companies
from jobs.web.company_parts import FIRST
from jobs.web.pages import companies as company_pages
from tests.integration.companies import NAME, STATED, an_order
from tests.integration.conftest import a_stored_job, text_of
from tests.making import a_cin, a_file, a_listed

pytestmark = [pytest.mark.server, pytest.mark.django_db]


def test_profile_links_each_value_to_its_filing(staff, app):
    cin = a_cin()
    job_id = an_order(app, cin)
    page = text_of(staff.get(f"/companies/{cin.lower()}/"))
    assert "Vindhya &lt;Chemicals&gt; Limited" in page
    assert f"/jobs/{job_id}/documents/1/?page=3" in page
    for text in ("₹ 412.60 Cr", "−₹ 5.00 lakh", "Asha Raman", "State Bank", "Vindhya Dyes Limited", "Private company"):
        assert text in page
    assert "1 filing not read yet" in page


def test_status_comes_from_the_directory(staff, app, call):
    going, ended, unlisted = a_listed(NAME), a_listed(NAME, status="Struck off"), a_cin()
    app.directory.save([going, ended])
    for cin in (going.id, ended.id, unlisted):
        a_stored_job(app, cin=cin)
    pages = {cin: text_of(staff.get(f"/companies/{cin}/")) for cin in (going.id, ended.id, unlisted)}
    assert '<span class="state completed">active</span>' in pages[going.id]
    assert '<span class="state failed">struck off</span>' in pages[ended.id]
    assert [cin for cin, page in pages.items() if "files no more documents" in page] == [ended.id]
    assert [call("GET", f"/api/v1/companies/{cin}").json()["status"] for cin in pages] == ["Active", "Struck off", None]


def test_annual_filings_in_time_are_folded_after_two_years(staff, app):
    cin = a_cin()
    job = a_stored_job(app, cin=cin)
    held = app.jobs.claim(job.id, "w", 60)
    year = app.clock().year
    filings = [
        Filing(
            number=at, document_type="AOC-4", file_name=f"{at}.pdf", srn=f"S{at}", filed_on=date(year - at, month, 1)
        )
        for at, month in ((4, 12), (5, 10), (6, 10))
    ]
    app.documents.add(held.lease, held, filings)
    app.jobs.end(held.lease, ended_well(held, replace(app.documents.progress(job.id), downloaded=3), app.clock()))
    shown, folded = text_of(staff.get(f"/companies/{cin}/")).split("2 earlier, filed in time")
    folded = folded.partition("</details>")[0]
    assert f"1 Dec {year - 4}" in shown
    assert f"1 Oct {year - 5}" in folded
    assert f"1 Oct {year - 6}" in folded


def test_forms_that_a_company_did_not_file_after_its_end_are_explained(staff, app):
    going, ended = a_listed(NAME), a_listed(NAME, status="Struck off")
    app.directory.save([going, ended])
    for each in (going, ended):
        an_order(app, each.id)
    pages = [text_of(staff.get(f"/companies/{each.id}/")) for each in (going, ended)]
    assert ["forms of later years are not due" in page for page in pages] == [False, True]


def test_parts_that_no_filing_states_are_named_once(staff, app):
    cin, unread = a_cin(), a_cin()
    an_order(app, cin)
    a_stored_job(app, cin=unread)
    page, empty = (text_of(staff.get(f"/companies/{each}/")) for each in (cin, unread))
    assert "states auditors, changes of capital, the shareholding or meetings." in page
    assert "states directors and officers, charges, auditors," in empty
    assert [title in page for title in ('"charges-title"', '"auditors-title"', '"capital-title"')] == [
        True,
        False,
        False,
    ]


def test_disagreeing_filings_are_both_shown(staff, app):
    cin = a_cin()
    an_order(app, cin)
    page = text_of(staff.get(f"/companies/{cin}/"))
    assert "₹ 190.00 Cr" in page
    assert "₹ 187.00 Cr" in page
    assert "read with little confidence" in page


def test_filings_of_several_orders_are_listed_once(staff, app):
    cin = a_cin()
    an_order(app, cin)
    newest = an_order(app, cin)
    page = text_of(staff.get(f"/companies/{cin}/filings/"))
    assert page.count(">AOC-4.pdf</a>") == 1
    assert "4 filings" in page
    assert newest in page
    assert "Orders</th>" in page


@pytest.mark.parametrize(
    ("query", "forms"),
    [
        ("category=Charge+documents", ["CHG-1"]),
        ("year=2025", ["AOC-4", "MGT-7"]),
        ("q=s3", ["CHG-1"]),
        ("category=nonsense", []),
        ("year=x&from=-1", []),
        ("from=99999999", ["AOC-4", "MGT-7", "CHG-1"]),
    ],
)
def test_filings_are_filtered(staff, app, query, forms):
    cin = a_cin()
    an_order(app, cin)
    page = text_of(staff.get(f"/companies/{cin}/filings/?{query}"))
    assert [form for form in STATED if f">{form}.pdf</a>" in page] == forms


@pytest.mark.parametrize("cin", ["L24295GJ1987PLC143792", "nonsense0", "x" * 300, "%00", "ü"])
@pytest.mark.parametrize("end", ["", "filings/"])
def test_unknown_company_is_not_found(staff, cin, end):
    answer = staff.get(f"/companies/{cin}/{end}")
    assert answer.status_code == 404
    assert "have been ordered" in text_of(answer)
    assert ("9 characters; a CIN has 21" in text_of(answer)) == (cin == "nonsense0")


@pytest.mark.parametrize(
    ("cin", "written", "said"),
    [("AAB-1234", "aab1234", "Limited liability partnership"), ("F01234", "f01234", "Foreign company")],
)
def test_llps_and_foreign_companies_have_pages(staff, app, cin, written, said):
    job_id = an_order(app, cin)
    page = text_of(staff.get(f"/companies/{written}/"))
    for text in (cin, said, "Due dates of LLPs and foreign companies are not calculated."):
        assert text in page
    assert "₹ 412.60 Cr" in page
    assert f"<dt>{'LLPIN' if '-' in cin else 'FCRN'}</dt>" in text_of(staff.get(f"/jobs/{job_id}/"))
    assert staff.get(f"/companies/{cin}/filings/").status_code == 200


def test_companies_are_listed_and_found(staff, app):
    cin = a_cin()
    an_order(app, cin)
    assert cin in text_of(staff.get("/companies/"))
    assert cin in text_of(staff.get("/companies/?q=vindhya"))
    assert "No company matches" in text_of(staff.get("/companies/?q=nobody"))


def test_companies_are_sorted_by_name_or_latest_order(staff, app, monkeypatch):
    """In lists and searches."""
    monkeypatch.setattr(company_pages, "PAGE", 2)
    jobs = [a_stored_job(app, company_name=f"Sorted {name}") for name in "cba"]

    def shown(path):
        page = text_of(staff.get(path))
        places = {rel: html.unescape(address) for rel, address in re.findall(r'rel="(\w+)" href="([^"]+)"', page)}
        return re.findall(r">Sorted (.)</a>", page), places

    for order, names in (
        ("", "abc"),
        ("?order=newest", "abc"),
        ("?q=sorted", "abc"),
        ("?q=sorted&order=newest", "abc"),
    ):
        found, places = shown(f"/companies/{order}")
        if "next" in places:
            following, back = shown(f"/companies/{places['next']}")
            assert shown(f"/companies/{back['prev']}")[0] == found
            found += following
        assert found == list(names)
    a_stored_job(app, cin=jobs[0].cin, company_name="Sorted c")
    assert shown("/companies/?order=newest")[0] == ["c", "a"]
    assert shown("/companies/?q=sorted&order=newest")[0] == ["c", "a", "b"]
    page = text_of(staff.get("/companies/?order=newest"))
    assert '<th scope="col"><a href="?">Company</a></th>' in page
    assert '<th scope="col" aria-sort="descending"><a href="?order=newest">Ordered ↓</a></th>' in page
    assert staff.get("/companies/?cursor=x").status_code == 422


def test_short_page_of_latest_orders_says_why(staff, app, monkeypatch):
    monkeypatch.setattr(company_lists, "LOOKED", 2)
    monkeypatch.setattr(company_lists, "AT_ONCE", 2)
    cin, first = a_cin(), a_stored_job(app, company_name="First")
    for _ in range(4):
        a_stored_job(app, cin=cin, company_name="Often")
    page = text_of(staff.get("/companies/?order=newest"))
    assert "2 orders were read for this page." in page
    for _ in range(2):
        following = re.search(r'href="(\?[^"]+cursor[^"]+)">Continue with earlier orders', page)[1]
        page = text_of(staff.get(f"/companies/{html.unescape(following)}"))
    assert first.cin in page


def test_update_now_orders_the_company_again(staff, app):
    cin = a_cin()
    an_order(app, cin)
    page = text_of(staff.get(f"/companies/{cin}/"))
    assert "Update now" in page
    answer = staff.post("/order/", {"cin": cin, "company": NAME})
    assert answer.status_code == 302
    page = text_of(staff.get(f"/companies/{cin}/"))
    assert "Update now" not in page
    assert "Order in progress" in page


def test_company_being_read_has_a_page(staff, app):
    job = a_stored_job(app)
    page = text_of(staff.get(f"/companies/{job.cin}/"))
    assert "No order has ended yet" in page
    assert "not listed yet" in page


def test_filing_without_a_date_is_shown(staff, app):
    job = a_stored_job(app)
    held = app.jobs.claim(job.id, "w", 60)
    app.documents.add(held.lease, held, [Filing(number=1, document_type="OTHER", file_name="letter.pdf")])
    for end in ("", "filings/", "export.xlsx"):
        answer = staff.get(f"/companies/{job.cin}/{end}")
        assert answer.status_code == 200
        answer.close()
    assert "letter.pdf" in text_of(staff.get(f"/companies/{job.cin}/filings/"))


def test_long_tables_are_cut_and_say_so(staff, app):
    cin = a_cin()
    job_id = an_order(app, cin)
    held = replace(app.jobs.get(job_id).lease, fence=99)
    filing = app.documents.get(job_id, 2)
    names = [
        Stated(name=f"directors[{at}].{key}", value=f"{key} {at:08d}") for at in range(40) for key in ("name", "din")
    ]
    app.documents.save_reading(held, filing, replace(filing.reading, stated=tuple(names)))
    page = staff.get(f"/companies/{cin}/").content.decode()
    shown, folded = page.split(f"<summary>{40 - FIRST} more</summary>")
    assert "The first 25 of 40." in folded
    assert [part.count("<code>din 000") for part in (shown, folded)] == [FIRST, 25 - FIRST]


def test_annual_filings_are_not_cut(staff, app):
    """Ten years with three forms each, all filed late."""
    job = a_stored_job(app)
    held = app.jobs.claim(job.id, "w", 60)
    last = app.clock().year - 1
    days = [(form, date(year, 12, 30)) for year in range(last - 9, last + 1) for form in ("AOC-4", "MGT-7", "ADT-1")]
    filings = [
        Filing(number=at, document_type=form, file_name=f"{at}.pdf", srn=f"S{at}", filed_on=day)
        for at, (form, day) in enumerate(days, start=1)
    ]
    app.documents.add(held.lease, held, filings)
    for document in app.documents.to_download(job.id, 99):
        form, day = document.filing.document_type, document.filing.filed_on
        facts = Facts(form=form, cin=job.cin, year_end=None if form == "ADT-1" else date(day.year, 3, 31))
        met = (Stated(name="held_agm_on", value=date(day.year, 9, 1)),)
        app.documents.save_stored(held.lease, document, replace(a_file(), checksum=f"sha256:{document.id:0>64}"))
        reading = DocumentReading(state=ReadingState.READ, kind="pdf", method=Method.XFA, facts=facts, stated=met)
        app.documents.save_reading(held.lease, document, reading)
    app.jobs.end(held.lease, ended_well(held, app.documents.progress(job.id), app.clock()))
    page = text_of(staff.get(f"/companies/{job.cin}/"))
    table = page.partition('id="dues-title"')[2].partition("</section>")[0]
    dues = companies.profile(job.cin).dues
    assert len(dues) > 25
    assert table.count("<tr>") - table.count("<thead>") == len(dues)


def test_long_values_of_a_row_are_cut_and_say_so(staff, app):
    cin = a_cin()
    job_id = an_order(app, cin)
    held = replace(app.jobs.get(job_id).lease, fence=99)
    filing = app.documents.get(job_id, 1)
    facts = replace(filing.reading.facts, form="ADT-1")
    rows = [
        (f"auditors[{at}].{name}", value)
        for at in range(9)
        for name, value in (
            ("name", "Rao & Co"),
            ("from_date", date(2000 + at, 4, 1)),
            ("to_date", date(2005 + at, 3, 31)),
        )
    ]
    stated = tuple(Stated(name=name, value=value) for name, value in rows)
    app.documents.save_reading(held, filing, replace(filing.reading, facts=facts, stated=stated))
    page = text_of(staff.get(f"/companies/{cin}/"))
    assert "1 Apr 2008 – 31 Mar 2013" in page
    assert "1 Apr 2005" not in page
    assert "and 6 earlier in the Excel workbook" in page
