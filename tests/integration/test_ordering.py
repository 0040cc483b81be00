"""Ordering on the pages: one company, a file, a pasted list, simulated companies."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import escape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from jobs.domain.ending import ended_well
from jobs.domain.job import JobStatus, Progress
from tests.integration.conftest import a_stored_job, ordered, text_of
from tests.making import a_cin, a_listed

pytestmark = [pytest.mark.server, pytest.mark.django_db]

CIN = "L24295GJ1987PLC143792"


def test_company_is_ordered_once(staff, app):
    form = {"cin": CIN.lower(), "company": " Example  Limited ", "priority": "3"}
    page = staff.post("/order/", form, follow=True)
    assert "Ordered: Example Limited." in text_of(page)
    again = staff.post("/order/", form)
    assert again.status_code == 422
    assert "already ordered by the unfinished job" in text_of(again)
    (job,) = ordered(app)
    assert (job.cin, job.priority, job.requested_by) == (CIN, 3, "staff")
    staff.post("/order/", {**form, "again": "yes"})
    assert len(ordered(app)) == 2


def test_llps_and_foreign_companies_are_ordered(staff, app):
    staff.post("/order/", {"cin": "aab1234", "company": "Kaveri Foods LLP"})
    again = staff.post("/order/", {"cin": "AAB-1234", "company": "Kaveri Foods LLP"})
    assert "AAB-1234 is already ordered by the unfinished job" in text_of(again)
    page = staff.post(
        "/order/list/", {"list": "LLPIN, Name\nABC-1234, Tapti Steel LLP\nAAB-1234, Twice\nF01234, Utkal Ltd"}
    )
    assert "2 would be ordered, 1 refused" in text_of(page)
    assert {job.cin for job in ordered(app)} == {"AAB-1234"}


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"cin": "x", "company": "A"}, "has 1 character; a CIN has 21"),
        ({"cin": CIN, "company": ""}, "name is missing"),
        ({}, "The identifier is missing: a CIN has 21 characters"),
        ({"cin": CIN, "company": "A", "priority": "99"}, "whole number from 0 to 9"),
        ({"cin": CIN, "company": "a" * 300}, "at most 200"),
        ({"cin": CIN, "company": "A", "not_before": "tomorrow"}, "is not a time"),
    ],
)
def test_refused_order_keeps_the_input(staff, app, form, sentence):
    answer = staff.post("/order/", form)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert f'value="{form.get("cin", "")}"' in text_of(answer)
    assert ordered(app) == []


def test_company_can_be_downloaded_afresh(staff, app):
    staff.post("/order/", {"cin": CIN, "company": "Example", "fresh": "yes"})
    (job,) = ordered(app)
    assert job.fresh
    assert "everything again" in text_of(staff.get(f"/jobs/{job.id}/"))


def test_cin_is_checked_while_typed(staff, app):
    assert "public company, listed, Gujarat, since 1987" in text_of(staff.get(f"/order/check/?cin={CIN}"))
    assert "20 more characters" in text_of(staff.get("/order/check/?cin=L"))
    assert "not a known state" in text_of(staff.get("/order/check/?cin=L24295XX1987PLC143792"))
    assert "20 more characters of a CIN, or 7 of an LLPIN." in text_of(staff.get("/order/check/?cin=U"))
    assert "Valid: limited liability partnership." in text_of(staff.get("/order/check/?cin=aab1234"))
    assert "Valid: foreign company." in text_of(staff.get("/order/check/?cin=F01234"))
    assert "character 6 must be a digit, not &#x27;I&#x27;" in text_of(staff.get("/order/check/?cin=AAB-1I34"))
    a_stored_job(app, cin=CIN)
    assert "unfinished job exists" in text_of(staff.get(f"/order/check/?cin={CIN}"))


def test_companies_are_suggested_while_typed(staff, app):
    app.directory.save(
        [a_listed("Vindhya <Chemicals> Limited"), a_listed("Vindhya Dyes", id="AAB-1234", status="Struck off")]
    )
    page = text_of(staff.get("/order/suggest/", {"company": "vindya"}))
    assert page.count('role="option"') == 2
    assert 'data-name="Vindhya &lt;Chemicals&gt; Limited"' in page
    assert page.index("AAB-1234") > page.index("Chemicals")
    assert '<span class="failed">Struck off</span>' in page
    for text in ("", "\x00", "%", "x" * 5000, "zzzzzz"):
        assert "option" not in text_of(staff.get("/order/suggest/", {"company": text}))


def test_struck_off_company_is_ordered_with_a_warning(staff, app):
    app.directory.save([a_listed("Vindhya Dyes", id="AAB-1234", status="Struck off")])
    sentence = "Struck off the register: it can be ordered, but files no more documents."
    assert sentence in text_of(staff.get("/order/check/?cin=aab1234"))
    assert sentence not in text_of(staff.get("/order/check/?cin=AAB-1235"))
    page = text_of(staff.post("/order/", {"cin": "aab1234", "company": "Vindhya Dyes"}, follow=True))
    assert "Ordered: Vindhya Dyes." in page
    assert sentence in page
    assert len(ordered(app)) == 1
    listed = staff.post("/order/list/", {"list": "AAB-1235, Other LLP\nAAB-1236, Dyes LLP"})
    assert "have ended" not in text_of(listed)
    app.directory.save([a_listed("Dyes & Co LLP", id="AAB-1236", status="Amalgamated")])
    warned = text_of(staff.post("/order/list/", {"list": "AAB-1235, Other LLP\nAAB-1236, Dyes LLP"}))
    assert "2 would be ordered" in warned
    assert re.search(r"have ended.*AAB-1236.*Dyes &amp; Co LLP.*Amalgamated", warned, re.DOTALL)


@pytest.mark.parametrize(
    ("name", "is_warned"), [("Vindhya Dyes Limited", False), ("VINDHYA DYES LTD.", False), ("Narmada Foods", True)]
)
def test_order_under_another_name_is_accepted_with_a_warning(staff, app, call, name, is_warned):
    companies = [a_listed("Vindhya Dyes Limited") for _ in range(2)]
    app.directory.save(companies)
    by_page, by_api = (each.id for each in companies)
    page = text_of(staff.post("/order/", {"cin": by_page, "company": name}, follow=True))
    assert (f"The register lists {by_page} as Vindhya Dyes Limited." in page) == is_warned
    made = call("POST", "/api/v1/jobs", {"cin": by_api, "companyName": name}).json()
    assert made["warning"] == (f"The register lists {by_api} as Vindhya Dyes Limited." if is_warned else None)


def upload(staff, data: bytes, name: str = "orders.csv"):
    return staff.post("/order/upload/", {"file": SimpleUploadedFile(name, data)})


def test_file_preview_shows_errors_before_ordering(staff, app):
    cins = [a_cin() for _ in range(3)]
    rows = [
        "\ufeffcin,companyName,priority",
        f"{cins[0]},A,1",
        "nonsense,B,1",
        f"{cins[0]},A again,1",
        f"{cins[1]},C,11",
        f"{cins[2]},<script>alert(1)</script>,",
    ]
    page = upload(staff, "\n".join(rows).encode())
    text = text_of(page)
    assert "2 would be ordered, 3 refused" in text
    assert "occurs twice" in text
    assert "<script>alert" not in text
    assert ordered(app) == []
    confirm = re.search(r'action="(/order/upload/[0-9a-f]{24}/)"', text).group(1)
    done = staff.post(confirm, follow=True)
    assert "2 jobs ordered." in text_of(done)
    assert "3 rows refused." in text_of(done)
    assert {job.cin for job in ordered(app)} == {cins[0], cins[2]}
    assert "was already ordered" in text_of(staff.post(confirm, follow=True))
    assert len(ordered(app)) == 2


def test_preview_counts_companies_that_were_just_retrieved(staff, app):
    done, failed = a_stored_job(app), a_stored_job(app, JobStatus.FAILED)
    held = app.jobs.claim(done.id, "w", 60)
    app.jobs.end(held.lease, ended_well(held, Progress(total=1, downloaded=1), app.clock()))
    rows = ["cin,companyName", *(f"{cin},A" for cin in (done.cin, failed.cin, a_cin()))]
    text = " ".join(text_of(upload(staff, "\n".join(rows).encode())).split())
    assert "3 would be ordered" in text
    assert "The filings of 1 of these companies were retrieved in the last 24 hours." in text
    assert app.jobs.done_since([done.cin], app.clock() + timedelta(seconds=1)) == set()


def test_upload_is_visible_only_to_its_owner(staff, app, django_user_model):
    text = text_of(upload(staff, f"cin,companyName\n{CIN},A\n".encode()))
    confirm = re.search(r'action="(/order/upload/[0-9a-f]{24}/)"', text).group(1)
    other = Client()
    other.force_login(django_user_model.objects.create_superuser("other"))
    assert "more than an hour old" in text_of(other.post(confirm, follow=True))
    assert ordered(app) == []


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"PK\x03\x04\x14\x00", "is an Excel workbook"),
        (b"a,b\n1,2\n", "lacks cin and companyName"),
        (b"\x00\x01\x02", "not UTF-8|lacks|not CSV"),
        (b"cin,companyName\n" + b"x" * 5_000_001, "5.0 MB; the limit here is"),
        (b"", "empty"),
        (b'cin,companyName\n"unclosed', "0 would be ordered, 1 refused"),
        (b"company,number\nA,1\n", "lacks cin;"),
    ],
)
def test_unreadable_file_is_refused_with_a_reason(staff, app, data, sentence):
    answer = upload(staff, data)
    assert answer.status_code == 422
    assert re.search(sentence, text_of(answer))
    assert ordered(app) == []


def test_too_many_rows_are_refused(staff, app, monkeypatch):
    monkeypatch.setattr("jobs.web.pages.ordering.MOST_ROWS", 1500)
    rows = "\n".join(f"U72900KA1990PTC{number:06d},Company" for number in range(1600))
    answer = upload(staff, f"cin,companyName\n{rows}".encode())
    assert answer.status_code == 422
    assert "more than 1,500 rows" in text_of(answer)
    assert ordered(app) == []


@pytest.mark.parametrize(
    "text",
    [
        "{0}, Example Ltd, 5\n{1}, Other, Sons & Co",
        "{0}\tExample Ltd\t5\r\n{1}\tOther, Sons & Co\t",
        "cin;companyName;priority\n{0};Example Ltd;5\n{1};Other, Sons & Co;",
        "Priority\tName of the Company\tCIN\n5\tExample Ltd\t{0}\n\tOther, Sons & Co\t{1}",
        '\n{0},"Example Ltd",5\n\n{1},"Other, Sons & Co",\n\n',
    ],
)
@pytest.mark.parametrize("way", ["/order/list/", "/order/upload/"])
def test_list_accepts_any_separator_and_heading(staff, app, text, way):
    cins = [a_cin(), a_cin()]
    data = text.format(*cins)
    given = {"list": data} if way == "/order/list/" else {"file": SimpleUploadedFile("a.csv", data.encode())}
    page = text_of(staff.post(way, given))
    assert "2 would be ordered, 0 refused" in page
    staff.post(re.search(r'action="(/order/upload/[0-9a-f]{24}/)"', page).group(1))
    assert [(job.cin, job.company_name, job.priority) for job in ordered(app)] == [
        (cins[0], "Example Ltd", 5),
        (cins[1], "Other, Sons & Co", 0),
    ]
    assert staff.post("/order/list/", {"list": "  "}).status_code == 422


def test_stray_quote_costs_only_its_line(staff, app):
    cins = [a_cin() for _ in range(3)]
    page = text_of(staff.post("/order/list/", {"list": f'{cins[0]},"Stray Ltd\n{cins[1]},B\n{cins[2]},"C ""and"" D"'}))
    assert "2 would be ordered, 1 refused" in page
    reason = "not CSV: unexpected end of data; a quotation mark may be missing"
    assert re.search(rf"1</td>.*?Stray Ltd</code>\s*</td>\s*<td[^>]*>\s*{reason}", page, re.DOTALL)
    assert "C &quot;and&quot; D" in page


def test_refused_list_can_be_corrected(staff):
    page = staff.post("/order/list/", {"list": "Name, Priority\n<Kaveri>, 5"})
    assert page.status_code == 422
    assert "&lt;Kaveri&gt;, 5</textarea>" in text_of(page)


def test_refused_rows_are_shown_as_given(staff, app):
    """Also those that only ordering refuses: the second row of a company, and one that is ordered already."""
    held = a_stored_job(app)
    rows = [f"{CIN}; A;  3", f"{CIN};A again", f"{held.cin};<Held>", "nonsense;B"]
    page = text_of(staff.post("/order/list/", {"list": "\n".join(rows)}))
    assert "1 would be ordered, 3 refused" in page
    for row in rows[1:]:
        assert f"<code>{escape(row)}</code>" in page


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/order/", 'id="cin"'),
        ("/order/?by=list", 'id="list"'),
        ("/order/?by=file", 'id="file"'),
        ("/order/?by=x", "cin"),
    ],
)
def test_each_way_to_order_has_a_tab(staff, app, path, shown):
    page = text_of(staff.get(path))
    assert shown in page
    assert page.count('method="post"') - page.count('action="/order/simulated/"') == 2  # the other one logs out
    assert page.count('aria-current="page"') == 2
    for link in ("/order/", "/order/?by=list", "/order/?by=file"):
        assert f'href="{link}"' in page


@pytest.mark.parametrize(("way", "field"), [("list", "list"), ("upload", "file")])
def test_refused_list_stays_on_its_tab(staff, app, way, field):
    answer = staff.post(f"/order/{way}/", {})
    assert answer.status_code == 422
    assert f'id="{field}"' in text_of(answer)
    assert 'role="alert"' in text_of(answer)


def test_file_with_headings_only_is_said_to_have_no_rows(staff, app):
    assert "There are no rows below the headings." in text_of(upload(staff, b"cin,companyName\n"))
    assert "No row can be ordered." in text_of(upload(staff, b"cin,companyName\nnonsense,A\n"))


def test_template_has_the_headings_that_files_need(staff, app):
    answer = staff.get("/order/template.csv")
    assert "attachment" in answer["Content-Disposition"]
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert text.strip() == "cin,companyName,priority,notBefore"
    assert "1 would be ordered, 0 refused" in text_of(upload(staff, f"{text}{CIN},A,,\n".encode()))


def test_simulated_companies_need_the_simulated_source(staff, app, monkeypatch):
    assert "Simulated companies" in text_of(staff.get("/order/"))
    monkeypatch.setattr(app, "configuration", replace(app.configuration, source="directory"))
    assert "Simulated companies" not in text_of(staff.get("/order/"))
    assert "only with SOURCE=simulated" in text_of(staff.post("/order/simulated/", {"count": "1"}, follow=True))
    assert ordered(app) == []


@pytest.mark.parametrize("count", [1, 3, 5, 10])
def test_requested_number_of_simulated_jobs_is_created(staff, app, count):
    page = staff.post("/order/simulated/", {"count": count}, follow=True)
    assert f"{count} simulated job" in text_of(page)
    assert len(ordered(app)) == count


def test_out_of_range_numbers_are_refused(staff, app):
    for count in ("", "2", "1000000", "x"):
        assert "Choose one" in text_of(staff.post("/order/simulated/", {"count": count}, follow=True))
    assert ordered(app) == []
