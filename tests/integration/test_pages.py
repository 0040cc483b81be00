"""The staff's pages over a real server: what they show, and what they do."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from jobs.bootstrap import Application
from jobs.domain.document import DocumentError
from jobs.domain.errors import DatabaseUnavailable
from jobs.domain.job import JobStatus
from jobs.domain.listing import JobFilter, JobOrder
from tests.integration.conftest import a_stored_job
from tests.making import a_cin, a_file, some_filings

pytestmark = [pytest.mark.server, pytest.mark.django_db]

CIN = "L24295GJ1987PLC143792"
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


def text_of(answer) -> str:
    return answer.content.decode()


# --- looking


def test_every_page_shows_hostile_names_as_text(staff, app):
    job = a_stored_job(app, JobStatus.FAILED, company_name=HOSTILE)
    for path in ("/", "/jobs/", f"/jobs/{job.id}/", "/failures/", "/workers/", "/documents/", f"/jobs/?q={HOSTILE}"):
        page = text_of(staff.get(path))
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
    assert "&lt;script&gt;" in text_of(staff.get("/jobs/"))


def test_the_list_is_filtered_and_paged(staff, app):
    jobs = [a_stored_job(app, company_name=f"Company {number}") for number in range(51)]
    first = staff.get("/jobs/?order=oldest")
    assert jobs[0].id in text_of(first)
    assert jobs[50].id not in text_of(first)
    cursor = re.search(r'rel="next" href="\?([^"]+)"', text_of(first)).group(1).replace("&amp;", "&")
    assert jobs[50].id in text_of(staff.get(f"/jobs/?{cursor}"))
    assert "No job matches" in text_of(staff.get("/jobs/?status=failed"))
    assert jobs[7].id in text_of(staff.get(f"/jobs/?q={jobs[7].cin}"))


@pytest.mark.parametrize(
    "query",
    ["status=nonsense", "priority=99", "since=yesterday", "order=sideways", "q=%00", "status[$ne]=x", "by[$gt]=",
     'q={"$ne":null}', "columns=x", "since=0001-01-01&until=9999-12-31"],
)  # fmt: skip
def test_filters_that_make_no_sense_are_no_error(staff, app, query):
    a_stored_job(app)
    assert staff.get(f"/jobs/?{query}").status_code == 200
    assert staff.get(f"/documents/?{query}").status_code == 200
    assert staff.get(f"/jobs/export.csv?{query}").status_code == 200


@pytest.mark.parametrize("path", ["/jobs/?cursor=nonsense", "/documents/?cursor=e30"])
def test_a_place_in_a_list_that_is_none_is_refused_in_a_sentence(staff, path):
    answer = staff.get(path)
    assert answer.status_code == 400
    assert "Begin at the first page" in text_of(answer)


UNKNOWN = "/jobs/65a1b2c3d4e5f60718293a4b/"


@pytest.mark.parametrize("path", ["/jobs/zzz/", UNKNOWN, f"{UNKNOWN}documents/1/file"])  # fmt: skip
def test_what_does_not_exist_is_not_found(staff, path):
    assert staff.get(path).status_code == 404


def test_a_partial_answers_304_while_nothing_changes(staff, app):
    job = a_stored_job(app)
    for path in ("/live/", "/live/?span=week", "/jobs/", "/workers/"):
        headers = {"HX-Request": "true"}
        first = staff.get(path, headers=headers)
        again = staff.get(path, headers={**headers, "If-None-Match": first["ETag"]})
        assert (first.status_code, again.status_code) == (200, 304), path
        assert "<html" not in text_of(first)
    app.jobs.prioritise(job.id, 9)
    changed = staff.get("/jobs/", headers={"HX-Request": "true", "If-None-Match": first["ETag"]})
    assert changed.status_code == 200


def test_the_dashboard_reads_once_however_many_look(staff, app, monkeypatch):
    reads = []
    original = type(app.catalogue).totals
    monkeypatch.setattr(type(app.catalogue), "totals", lambda self, limit: reads.append(1) or original(self, limit))
    for _ in range(5):
        assert staff.get("/live/").status_code == 200
    assert len(reads) == 1


def test_documents_are_shown_saved_and_their_text_read(staff, app):
    job = a_stored_job(app)
    lease = app.jobs.claim(job.id, "w", 60).lease
    app.documents.add(lease, job, some_filings(2))
    one, two = app.documents.of_job(job.id)
    for name, data in ((one.blob_name, b"%PDF-1.4 x"), (one.text_blob_name, b"First page\fSecond <b>page</b>")):
        app.blobs.put(name, io.BytesIO(data), content_type="application/pdf", md5=_md5(data), fence=1, metadata={})
    stored = a_file(one.blob_name)
    app.documents.save_stored(lease, one, _with_text(stored, one.text_blob_name))
    app.documents.save_failure(lease, two, DocumentError(kind="unreadable", message="Needs a password."), final=True)
    shown = staff.get(f"/jobs/{job.id}/documents/1/file")
    assert b"".join(shown.streaming_content) == b"%PDF-1.4 x"
    assert shown["Content-Disposition"].startswith("inline")
    assert shown["X-Content-Type-Options"] == "nosniff"
    saved = staff.get(f"/jobs/{job.id}/documents/1/file?download")
    assert saved["Content-Disposition"].startswith("attachment")
    b"".join(saved.streaming_content)
    page = text_of(staff.get(f"/jobs/{job.id}/documents/1/text"))
    assert "First page" in page
    assert "Second &lt;b&gt;page" in page
    assert staff.get(f"/jobs/{job.id}/documents/2/file").status_code == 404
    assert "Needs a password." in text_of(staff.get(f"/jobs/{job.id}/"))
    assert "Needs a password." in text_of(staff.get("/documents/?status=failed"))
    assert "Needs a password." in text_of(staff.get("/failures/"))


def _md5(data: bytes) -> bytes:
    import hashlib

    return hashlib.md5(data).digest()


def _with_text(file, name):
    from dataclasses import replace

    return replace(file, text_blob_name=name)


def test_a_blob_that_is_gone_is_said_to_be(staff, app):
    job = a_stored_job(app)
    lease = app.jobs.claim(job.id, "w", 60).lease
    app.documents.add(lease, job, some_filings(1))
    (document,) = app.documents.of_job(job.id)
    app.documents.save_stored(lease, document, a_file("jobs/none/document_1.pdf"))
    assert staff.get(f"/jobs/{job.id}/documents/1/file").status_code == 404


def test_mongodb_away_is_a_page_and_then_all_is_well_again(staff, app, monkeypatch):
    def away(_self):
        raise DatabaseUnavailable("MongoDB does not answer: secret-host")

    with monkeypatch.context() as patch:
        patch.setattr(Application, "catalogue", property(away))
        for path in ("/live/", "/", "/jobs/export.csv", "/jobs/"):
            answer = staff.get(path)
            assert (answer.status_code, answer["Retry-After"]) == (503, "10")
        assert b"MongoDB is not reachable" in answer.content
        assert b"secret" not in answer.content
    assert staff.get("/jobs/").status_code == 200
    monkeypatch.setattr("jobs.live.FRESH_SECONDS", -1.0)
    assert staff.get("/live/").status_code == 200


# --- export


def test_the_export_holds_every_job_and_no_formula(staff, app):
    a_stored_job(app, company_name='=HYPERLINK("http://evil")')
    for _ in range(3):
        a_stored_job(app)
    answer = staff.get("/jobs/export.csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert len(rows) == 4
    assert {row["companyName"] for row in rows} == {"Test Company", '\'=HYPERLINK("http://evil")'}
    assert b"".join(staff.get("/jobs/export.csv?q=nobody").streaming_content).startswith("\ufeff".encode())


# --- acting


def test_staff_act_on_one_job_and_the_log_tells_who(staff, app):
    job = a_stored_job(app)
    page = staff.post(f"/jobs/{job.id}/prioritise/", {"priority": "7"}, follow=True)
    assert "The priority is 7 now." in text_of(page)
    page = staff.post(f"/jobs/{job.id}/cancel/", follow=True)
    assert "The job is cancelled." in text_of(page)
    page = staff.post(f"/jobs/{job.id}/retry/", follow=True)
    assert "pending again" in text_of(page)
    page = staff.post(f"/jobs/{job.id}/retry/", follow=True)
    assert "only a failed or cancelled job can be retried" in text_of(page)
    page = staff.post(f"/jobs/{job.id}/delete/", follow=True)
    assert "cancel it before you delete it" in text_of(page)
    log = [(entry.action, entry.by, entry.refused is None) for entry in app.service.details(job.id).audit]
    assert sorted(log) == [
        ("cancel", "staff", True), ("delete", "staff", False), ("prioritise", "staff", True),
        ("retry", "staff", False), ("retry", "staff", True),
    ]  # fmt: skip
    app.jobs.cancel(job.id)
    assert staff.post(f"/jobs/{job.id}/delete/")["Location"] == "/jobs/"
    assert staff.get(f"/jobs/{job.id}/").status_code == 404


@pytest.mark.parametrize("priority", ["", "10", "-1", "x", '{"$ne": 1}'])
def test_a_priority_that_is_none_is_refused(staff, app, priority):
    job = a_stored_job(app, priority=4)
    page = staff.post(f"/jobs/{job.id}/prioritise/", {"priority": priority}, follow=True)
    assert page.status_code == 200
    assert app.jobs.get(job.id).priority == (0 if priority == "" else 4)


def test_many_jobs_are_retried_after_a_yes(staff, app):
    failed = [a_stored_job(app, JobStatus.FAILED) for _ in range(3)]
    pending = a_stored_job(app)
    form = {
        "action": "retry",
        "scope": "selection",
        "job": [job.id for job in [*failed, pending]],
        "back": "/jobs/?x=1",
    }
    question = staff.post("/jobs/bulk/", form)
    assert "Retry 4 jobs?" in text_of(question)
    assert app.jobs.get(failed[0].id).status is JobStatus.FAILED
    answer = staff.post("/jobs/bulk/", {**form, "confirmed": "yes"}, follow=True)
    assert answer.redirect_chain[0][0] == "/jobs/?x=1"
    assert "3 jobs retried." in text_of(answer)
    assert "1 left as they were" in text_of(answer)
    assert {app.jobs.get(job.id).status for job in failed} == {JobStatus.PENDING}


def test_all_that_match_are_cancelled_and_no_others(staff, app):
    mine = [a_stored_job(app, requested_by="me") for _ in range(3)]
    other = a_stored_job(app, requested_by="you")
    form = {"action": "cancel", "scope": "all", "filters": "by=me", "back": "https://evil.example/"}
    assert "Cancel 3 jobs?" in text_of(staff.post("/jobs/bulk/", form))
    answer = staff.post("/jobs/bulk/", {**form, "confirmed": "yes"})
    assert answer["Location"] == "/jobs/"
    assert {app.jobs.get(job.id).status for job in mine} == {JobStatus.CANCELLED}
    assert app.jobs.get(other.id).status is JobStatus.PENDING


def test_nothing_selected_is_said(staff, app):
    page = staff.post("/jobs/bulk/", {"action": "retry", "scope": "selection"}, follow=True)
    assert "No job is selected" in text_of(page)
    assert staff.post("/jobs/bulk/", {"action": "explode"}).status_code == 400


def test_a_viewer_changes_nothing(client, app):
    viewer = get_user_model().objects.create_user("viewer")
    viewer.groups.set(Group.objects.filter(name="Viewer"))
    client.force_login(viewer)
    job = a_stored_job(app)
    assert client.post(f"/jobs/{job.id}/cancel/").status_code == 403
    assert client.post("/jobs/bulk/", {"action": "cancel", "job": job.id, "confirmed": "yes"}).status_code == 403
    assert client.post("/order/", {"cin": CIN, "company": "X"}).status_code == 403
    assert app.jobs.get(job.id).status is JobStatus.PENDING
    page = text_of(client.get(f"/jobs/{job.id}/"))
    assert "Cancel…" not in page
    assert "/order/" not in page


def test_a_form_from_elsewhere_is_refused(app, django_user_model):
    client = Client(enforce_csrf_checks=True)
    client.force_login(django_user_model.objects.create_superuser("staff"))
    job = a_stored_job(app)
    assert client.post(f"/jobs/{job.id}/cancel/").status_code == 403
    assert app.jobs.get(job.id).status is JobStatus.PENDING


# --- ordering


def ordered(app):
    return app.catalogue.jobs(JobFilter(), JobOrder.OLDEST, None, 200).items


def test_one_company_is_ordered_once(staff, app):
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


@pytest.mark.parametrize(
    ("form", "sentence"),
    [({"cin": "x", "company": "A"}, "a CIN has 21"), ({"cin": CIN, "company": ""}, "name is missing"),
     ({}, "a CIN has 21"), ({"cin": CIN, "company": "A", "priority": "99"}, "whole number from 0 to 9"),
     ({"cin": CIN, "company": "a" * 300}, "at most 200")],
)  # fmt: skip
def test_a_wrong_order_is_refused_and_what_was_typed_stays(staff, app, form, sentence):
    answer = staff.post("/order/", form)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert f'value="{form.get("cin", "")}"' in text_of(answer)
    assert ordered(app) == []


def test_a_cin_is_read_while_it_is_typed(staff, app):
    assert "public company, listed, Gujarat, since 1987" in text_of(staff.get(f"/order/check/?cin={CIN}"))
    assert "20 more characters" in text_of(staff.get("/order/check/?cin=L"))
    assert "no known state" in text_of(staff.get("/order/check/?cin=L24295XX1987PLC143792"))
    a_stored_job(app, cin=CIN)
    assert "unfinished job exists" in text_of(staff.get(f"/order/check/?cin={CIN}"))


def upload(staff, data: bytes, name: str = "orders.csv"):
    return staff.post("/order/upload/", {"file": SimpleUploadedFile(name, data)})


def test_a_file_is_shown_with_its_errors_before_anything_is_ordered(staff, app):
    cins = [a_cin() for _ in range(3)]
    rows = ["\ufeffcin,companyName,priority", f"{cins[0]},A,1", "nonsense,B,1",
            f"{cins[0]},A again,1", f"{cins[1]},C,11",
            f"{cins[2]},<script>alert(1)</script>,"]  # fmt: skip
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
    assert "was ordered already" in text_of(staff.post(confirm, follow=True))
    assert len(ordered(app)) == 2


def test_an_upload_belongs_to_who_made_it(staff, app, django_user_model):
    text = text_of(upload(staff, f"cin,companyName\n{CIN},A\n".encode()))
    confirm = re.search(r'action="(/order/upload/[0-9a-f]{24}/)"', text).group(1)
    other = Client()
    other.force_login(django_user_model.objects.create_superuser("other"))
    assert "more than an hour old" in text_of(other.post(confirm, follow=True))
    assert ordered(app) == []


@pytest.mark.parametrize(
    ("data", "sentence"),
    [(f"cin,companyName\n{CIN},A\n".encode("utf-16"), "UTF-16"), (b"a,b\n1,2\n", "lacks cin and companyName"),
     (b"\x00\x01\x02", "not UTF-8|lacks|not CSV"), (b"cin,companyName\n" + b"x" * 5_000_001, "5.0 MB; a page takes"),
     (b"", "empty"), (b"cin,companyName\n\"unclosed", "0 would be ordered, 1 refused")],
)  # fmt: skip
def test_a_file_that_is_no_list_of_orders_is_refused_in_a_sentence(staff, app, data, sentence):
    answer = upload(staff, data)
    assert answer.status_code == 422
    assert re.search(sentence, text_of(answer))
    assert ordered(app) == []


def test_too_many_rows_are_refused_before_any_is_ordered(staff, app, monkeypatch):
    monkeypatch.setattr("jobs.views.ordering.MOST_ROWS", 1500)
    rows = "\n".join(f"U72900KA1990PTC{number:06d},Company" for number in range(1600))
    answer = upload(staff, f"cin,companyName\n{rows}".encode())
    assert answer.status_code == 422
    assert "more than 1,500 rows" in text_of(answer)
    assert ordered(app) == []


@pytest.mark.parametrize(
    "text",
    ["{0}, Example Ltd, 5\n{1}, Other, Sons & Co", "{0}\tExample Ltd\t5\r\n{1}\tOther, Sons & Co\t",
     "cin;companyName;priority\n{0};Example Ltd;5\n{1};Other, Sons & Co;"],
)  # fmt: skip
def test_a_pasted_list_is_read_however_it_is_separated(staff, app, text):
    cins = [a_cin(), a_cin()]
    page = text_of(staff.post("/order/list/", {"list": text.format(*cins)}))
    assert "2 would be ordered, 0 refused" in page
    staff.post(re.search(r'action="(/order/upload/[0-9a-f]{24}/)"', page).group(1))
    assert [(job.cin, job.company_name, job.priority) for job in ordered(app)] == [
        (cins[0], "Example Ltd", 5), (cins[1], "Other, Sons & Co", 0),
    ]  # fmt: skip
    assert staff.post("/order/list/", {"list": "  "}).status_code == 422


@pytest.mark.parametrize("count", [1, 3, 5, 10])
def test_simulated_jobs_are_as_many_as_asked_for(staff, app, count):
    page = staff.post("/order/simulated/", {"count": count}, follow=True)
    assert f"{count} simulated job" in text_of(page)
    assert len(ordered(app)) == count


def test_other_numbers_of_simulated_jobs_are_refused(staff, app):
    for count in ("", "2", "1000000", "x"):
        assert "Choose one" in text_of(staff.post("/order/simulated/", {"count": count}, follow=True))
    assert ordered(app) == []
