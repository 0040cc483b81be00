"""The content of the pages for staff, over a real server."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from jobs.adapters.mongo import document_lists
from jobs.adapters.mongo.queue_numbers import MongoQueueNumbers
from jobs.bootstrap import Application
from jobs.domain.ending import ended_well
from jobs.domain.errors import DatabaseRefused, DatabaseSlow, DatabaseUnavailable, TooSlow
from jobs.domain.job import JobStatus, Progress, Run, RunOutcome
from jobs.domain.listing import Cursor
from jobs.web import snapshots
from tests.integration.conftest import a_stored_job, fail, text_of
from tests.making import some_filings

pytestmark = [pytest.mark.server, pytest.mark.django_db]

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


def test_hostile_names_are_text_on_every_page(staff, app):
    job = a_stored_job(app, JobStatus.FAILED, company_name=HOSTILE)
    for path in ("/", "/jobs/", f"/jobs/{job.id}/", "/failures/", "/workers/", "/documents/", f"/jobs/?q={HOSTILE}"):
        page = text_of(staff.get(path))
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
    assert "&lt;script&gt;" in text_of(staff.get("/jobs/"))


def test_list_is_filtered_and_paged(staff, app):
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
    [
        "status=nonsense",
        "priority=99",
        "since=yesterday",
        "order=sideways",
        "q=%00",
        "status[$ne]=x",
        "by[$gt]=",
        'q={"$ne":null}',
        "columns=x",
        "since=0001-01-01&until=9999-12-31",
        "ended_since=0001-01-01T00:00%2B14:00&ended_until=9999-12-31T23:59-12:00",
    ],
)
def test_invalid_filters_are_ignored(staff, app, query):
    a_stored_job(app)
    assert staff.get(f"/jobs/?{query}").status_code == 200
    assert staff.get(f"/documents/?{query}").status_code == 200
    assert staff.get(f"/jobs/export.csv?{query}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/jobs/?cursor=nonsense",
        "/documents/?cursor=e30",
        f"/jobs/?cursor={Cursor(id='65a1b2c3d4e5f60718293a4b', value=2**63)}",
    ],
)
def test_invalid_cursor_is_refused(staff, path):
    answer = staff.get(path)
    assert answer.status_code == 422
    assert "Start again at the first page" in text_of(answer)


UNKNOWN = "/jobs/65a1b2c3d4e5f60718293a4b/"


@pytest.mark.parametrize(
    "path",
    [
        "/jobs/zzz/",
        UNKNOWN,
        f"{UNKNOWN}documents/1/file",
        f"{UNKNOWN}documents/{10**20 - 1}/",
        f"{UNKNOWN}documents/{2**63}/file",
        f"{UNKNOWN}documents/{10**40}/text",
    ],
)
def test_missing_objects_return_404(staff, path):
    assert staff.get(path).status_code == 404


def test_unchanged_partial_returns_304(staff, app):
    job = a_stored_job(app)
    for path in ("/live/", "/live/?span=week", "/jobs/", "/workers/", f"/jobs/{job.id}/"):
        headers = {"HX-Request": "true"}
        first = staff.get(path, headers=headers)
        again = staff.get(path, headers={**headers, "If-None-Match": first["ETag"]})
        assert (first.status_code, again.status_code) == (200, 304), path
        assert "<html" not in text_of(first)
    app.jobs.prioritise(job.id, 9)
    changed = staff.get("/jobs/", headers={"HX-Request": "true", "If-None-Match": first["ETag"]})
    assert changed.status_code == 200


def test_job_page_is_bounded_for_thousands_of_documents(staff, app):
    sizes = []
    for number in (60, 3_000):
        job = a_stored_job(app)
        lease = app.jobs.claim(job.id, "w", 60).lease
        app.documents.add(lease, job, some_filings(number))
        app.jobs.save_progress(lease, app.documents.progress(job.id))
        page = staff.get(f"/jobs/{job.id}/", headers={"HX-Request": "true"})
        assert text_of(page).count('id="document-') == 50
        sizes.append(len(page.content))
    assert sizes[1] < 1.1 * sizes[0]
    listed = text_of(staff.get(f"/jobs/{job.id}/?documents=listed"))
    assert "Not downloaded yet" in listed
    assert "AOC-4_50.pdf" in listed
    assert "No document is in this group." in text_of(staff.get(f"/jobs/{job.id}/?documents=failed"))


def test_waiting_job_shows_place_and_expected_completion(staff, app):
    app.runs.start(Run(job_id="x", number=1, worker="w", fence=1, started_at=app.clock()))
    ended = {
        "outcome": RunOutcome.ADVANCED,
        "started_at": app.clock(),
        "finished_at": app.clock() + timedelta(minutes=4),
    }
    app.runs.finish(Run(job_id="x", number=1, worker="w", fence=1, **ended))
    last = [a_stored_job(app, due_at=app.clock()) for _ in range(6)][-1]
    page = text_of(staff.get(f"/jobs/{last.id}/"))
    assert re.search(r"About 2[78] minutes until completion, at \d\d:\d\d\. 5 jobs are ahead\.", page)
    found = staff.get(f"/api/v1/jobs/{last.id}").json()["expected"]
    assert (found["kind"], found["ahead"]) == ("expected", {"number": 5, "more": False})
    app.jobs.cancel(last.id)
    assert staff.get(f"/api/v1/jobs/{last.id}").json()["expected"] is None


def test_pages_do_without_an_estimate_that_takes_too_long(staff, app, monkeypatch):
    def refuse(*_: object) -> None:
        raise TooSlow

    list_id = "65a1b2c3d4e5f60718293a4b"
    job = a_stored_job(app, list_id=list_id)
    app.lists.place(list_id, "December", [], requested_by="staff")
    monkeypatch.setattr(MongoQueueNumbers, "first_due", refuse)
    page = staff.get(f"/jobs/{job.id}/")
    assert (page.status_code, "None" in text_of(page)) == (200, False)
    assert staff.get(f"/api/v1/jobs/{job.id}").json()["expected"] is None
    assert staff.get(f"/lists/{list_id}/").status_code == 200


def test_dashboard_viewers_share_one_read(staff, app, monkeypatch):
    reads = []
    original = type(app.catalogue).totals
    monkeypatch.setattr(type(app.catalogue), "totals", lambda self, limit: reads.append(1) or original(self, limit))
    for _ in range(5):
        assert staff.get("/live/").status_code == 200
    assert len(reads) == 1


def test_dashboard_draws_partial_jobs_apart(staff, app):
    job = a_stored_job(app)
    progress = Progress(total=3, downloaded=2, failed=1)
    app.jobs.end(app.jobs.claim(job.id, "w", 60).lease, ended_well(job, progress, app.clock()))
    page = text_of(staff.get("/live/"))
    (series,) = re.findall(r'data-series="([^"]*)"', page)
    _, completed, partial, failed, _ = json.loads(html.unescape(series))
    assert (sum(completed), sum(partial), sum(failed)) == (0, 1, 0)
    assert "Of these partial" in page


def test_dashboard_names_failed_and_then_partial_jobs(staff, app, monkeypatch):
    monkeypatch.setattr("jobs.web.snapshots.SHOWN_TROUBLED", 2)
    for name in ("Broken", "Older", "Partial"):
        job = a_stored_job(app, company_name=f"{name} Limited")
        if name == "Broken":
            fail(app, job)
        else:
            progress = Progress(total=3, downloaded=2, failed=1)
            app.jobs.end(app.jobs.claim(job.id, "w", 60).lease, ended_well(job, progress, app.clock()))
    page = text_of(staff.get("/live/"))
    assert page.index("Broken Limited") < page.index("Partial Limited")
    assert "Older Limited" not in page


def test_dashboard_links_each_interval_to_its_jobs(staff, app):
    """In the account's zone, here UTC+5:30; the list shows only the jobs that ended then."""
    failed, other = a_stored_job(app, JobStatus.FAILED), a_stored_job(app)
    ended = app.jobs.get(failed.id).completed_at
    page = text_of(staff.get("/"))
    link = re.search(r'<a href="(/jobs/\?ended_since=[^"]+)"\s+data-begins="(\d+)"', page)
    assert int(link[2]) == int(ended.timestamp()) // 60 * 60
    assert "%2B05%3A30" in link[1]
    listed = text_of(staff.get(link[1].replace("&amp;", "&")))
    assert failed.id in listed
    assert other.id not in listed
    assert f"Ended from: {ended.astimezone(ZoneInfo('Asia/Kolkata')):%-d %b %Y, %H:%M}" in listed
    later = (ended + timedelta(minutes=2)).astimezone(ZoneInfo("Asia/Kolkata"))
    assert failed.id not in text_of(staff.get(f"/jobs/?ended_since={later:%Y-%m-%dT%H:%M}"))
    assert "ignored: ended_since" in text_of(staff.get("/jobs/?ended_since=tomorrow"))


def test_documents_are_grouped_by_company(staff, app):
    """Two jobs list their documents in turns; a page has each company once, and paging keeps the filter."""
    jobs = [a_stored_job(app, company_name=f"Company <{name}>") for name in "ab"]
    leases = [app.jobs.claim(job.id, "w", 60).lease for job in jobs]
    for number in range(30):
        for job, lease in zip(jobs, leases, strict=True):
            filing = replace(some_filings(1)[0], number=number + 1, file_name=f"{number}.pdf", srn=f"S{number}")
            app.documents.add(lease, job, [filing])
    page = text_of(staff.get("/documents/?form=AOC-4"))
    heads = re.findall(r'<tr class="group">.*?</tr>', page, re.DOTALL)
    assert len(heads) == 2
    for job in jobs:
        (head,) = [each for each in heads if job.cin in each]
        assert f'href="/companies/{job.cin}/"' in head
        assert job.company_name.replace("<", "&lt;").replace(">", "&gt;") in head
        assert f'href="?form=AOC-4&amp;q={job.cin}"' in head
        assert page.count(f'href="/jobs/{job.id}/"') == 25
    following = re.search(r'rel="next" href="(\?[^"]+)"', page).group(1).replace("&amp;", "&")
    assert "form=AOC-4" in following
    assert text_of(staff.get(f"/documents/{following}")).count('data-label="File"') == 10
    only = text_of(staff.get(f"/documents/?q={jobs[0].cin}"))
    assert only.count('class="group"') == 1
    assert "Only this company" not in only


def heads_of(page):
    """The heads of a table that sort it, by text: the address, and the direction of the current one."""
    heads = re.findall(r'<th scope="col"(?: aria-sort="(\w+)")?><a href="([^"]*)">([^<]+)</a>', page)
    return {name: (html.unescape(address), direction) for direction, address, name in heads}


def test_documents_are_sorted_by_their_heads(staff, app):
    """Addresses contain no default; those of filters and pages keep the order."""
    job = a_stored_job(app, company_name="Sorted Limited")
    filings = [replace(each, filed_on=date(2025, 1, each.number % 5 + 1)) for each in some_filings(60)]
    app.documents.add(app.jobs.claim(job.id, "w", 60).lease, job, filings)
    page = text_of(staff.get("/documents/?form=AOC-4"))
    assert heads_of(page) == {
        "Company, file": ("?form=AOC-4&order=company", ""),
        "Form": ("?form=AOC-4&order=form", ""),
        "Filed": ("?form=AOC-4&order=filed", ""),
        "Size": ("?form=AOC-4&order=largest", ""),
        "Listed ↓": ("?form=AOC-4&order=oldest", "descending"),
    }
    page = text_of(staff.get("/documents/?order=filed"))
    heads = heads_of(page)
    assert (heads["Filed ↓"], heads["Listed"]) == (("?order=filed_first", "descending"), ("?", ""))
    assert '<input type="hidden" name="order" value="filed">' in page
    assert 'class="group"' not in page
    days = re.findall(r'data-label="Filed"[^>]*>(\d+) Jan', page)
    assert days == sorted(days, reverse=True)
    assert page.count(">Sorted Limited</a>") == len(days) == 50
    following = html.unescape(re.search(r'rel="next" href="(\?[^"]+)"', page)[1])
    following = text_of(staff.get(f"/documents/{following}"))
    assert re.findall(r'data-label="Filed"[^>]*>(\d+) Jan', following) == ["1"] * 10
    assert "order=filed" in re.search(r'rel="prev" href="(\?[^"]+)"', following)[1]
    grouped = text_of(staff.get("/documents/?order=company"))
    assert heads_of(grouped)["Company, file ↑"] == ("?order=company", "ascending")
    assert grouped.count('class="group"') == 1
    assert "ignored: order" in text_of(staff.get("/documents/?order=colour"))


def test_page_says_that_only_some_matches_are_sorted(staff, app, call, monkeypatch):
    monkeypatch.setattr(document_lists, "AMONG", 3)
    job = a_stored_job(app)
    app.documents.add(app.jobs.claim(job.id, "w", 60).lease, job, some_filings(4))
    page = text_of(staff.get("/documents/?status=listed&order=company"))
    assert "Only the newest 3 are sorted here." in page
    assert page.count('data-label="File"') == 3
    assert 'href="?status=listed">show all' in page
    for query in ("order=company", "status=listed", "status=failed&order=company"):
        assert "are sorted here" not in text_of(staff.get(f"/documents/?{query}"))
    answer = call("GET", "/api/v1/documents?status=listed&order=form").json()
    assert (answer["among"], len(answer["items"])) == (3, 3)
    assert call("GET", "/api/v1/documents?order=form").json()["among"] is None
    assert call("GET", "/api/v1/documents?order=colour").status_code == 422


def test_chosen_form_stays_chosen_without_documents(staff, app):
    """Else the page would show *any* beside a filtered list. On DocumentDB, the forms are those of newest documents."""
    a_stored_job(app)
    page = text_of(staff.get("/documents/?form=PAS-3"))
    assert "<option selected>PAS-3</option>" in page


def test_dashboard_names_what_is_still_counted(staff, app, monkeypatch):
    """The figures of a period come once all of it is counted, a view or a few later."""
    a_stored_job(app)
    monkeypatch.setattr(snapshots, "COUNTING_SECONDS", -1.0)
    monkeypatch.setattr(snapshots, "FRESH_SECONDS", -1.0)
    first = text_of(staff.get("/?span=week"))
    assert re.search(r"Jobs that ended before .* are being counted\.", first, re.DOTALL)
    assert first.count("being counted") == 5
    monkeypatch.setattr(snapshots, "COUNTING_SECONDS", 600.0)
    assert "being counted" not in text_of(staff.get("/live/?span=week"))


def test_pages_report_a_mongodb_outage_and_recover(staff, app, monkeypatch):
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
    monkeypatch.setattr("jobs.web.snapshots.FRESH_SECONDS", -1.0)
    assert staff.get("/live/").status_code == 200


def test_export_holds_every_job_without_formulas(staff, app):
    a_stored_job(app, company_name='=HYPERLINK("http://evil")')
    for _ in range(3):
        a_stored_job(app)
    answer = staff.get("/jobs/export.csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert len(rows) == 4
    assert {row["companyName"] for row in rows} == {"Test Company", '\'=HYPERLINK("http://evil")'}
    assert b"".join(staff.get("/jobs/export.csv?q=nobody").streaming_content).startswith("\ufeff".encode())


@pytest.mark.parametrize(
    ("error", "heading"),
    [
        (DatabaseUnavailable, "MongoDB is not reachable"),
        (DatabaseSlow, "MongoDB did not answer in time"),
        (DatabaseRefused, "MongoDB refused the request"),
    ],
)
def test_page_names_the_fault_of_mongodb(staff, monkeypatch, error, heading):
    def fails(_self):
        raise error("secret-host")

    monkeypatch.setattr(Application, "catalogue", property(fails))
    answer = staff.get("/jobs/")
    assert answer.status_code == 503
    assert f"<h1>{heading}</h1>" in text_of(answer)
    assert b"secret" not in answer.content
