"""What pages state about jobs and workers is true in each situation."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from jobs.domain.audit import Actor
from jobs.domain.ending import ended_well
from jobs.domain.job import JobStatus, Progress, Run
from jobs.services import Order
from jobs.web.pause_banner import watch
from tests.integration.conftest import a_stored_job, complete, fail, text_of
from tests.making import a_cin, some_filings

pytestmark = [pytest.mark.server, pytest.mark.django_db]


def plain(answer) -> str:
    """The text of a page with single spaces and without tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", text_of(answer)).split())


def test_workers_page_is_true_while_jobs_wait(staff, app):
    assert "No worker is running, and no job is due." in plain(staff.get("/workers/"))
    first, _ = a_stored_job(app), a_stored_job(app)
    assert "No worker is running yet, although a job became due" in plain(staff.get("/workers/"))
    app.pausing.pause(minutes=5, reason="maintenance", actor=Actor(name="staff"))
    watch().forget()
    assert "Jobs are due, but the queue or their source is paused" in plain(staff.get("/workers/"))
    app.pausing.resume(None, Actor(name="staff"))
    app.jobs.claim(first.id, "w-1", 60)
    page = plain(staff.get("/workers/"))
    assert "1 worker at work. More jobs wait" in page
    assert "w-1" in page


def test_run_is_shown_with_the_expected_number(staff, app, monkeypatch):
    monkeypatch.setattr("jobs.web.snapshots.FRESH_SECONDS", -1.0)
    job = a_stored_job(app)
    lease = app.jobs.claim(job.id, "w-1", 60).lease
    app.jobs.save_progress(lease, Progress(total=40, downloaded=13))
    for path in ("/", "/workers/"):
        assert "1 of 3" in plain(staff.get(path)), path


def test_dashboard_shows_how_long_the_oldest_job_waits(staff, app, monkeypatch):
    monkeypatch.setattr("jobs.web.snapshots.FRESH_SECONDS", -1.0)
    a_stored_job(app)
    (waited,) = re.findall(r"<time data-ago=age [^>]*>([^<]*)<", text_of(staff.get("/")))
    assert re.fullmatch(r"now|\d+ (sec|min)", waited)  # the page's script keeps it up to date


@pytest.mark.parametrize(
    ("waits", "shown"),
    [
        pytest.param({90: 240, 5: 720}, '<span class="worse">▲ 8 min</span> longer than the hour before', id="longer"),
        pytest.param(
            {90: 720, 5: 240}, '<span class="better">▼ 8 min</span> shorter than the hour before', id="shorter"
        ),
        pytest.param({90: 240, 5: 250}, "longest 4 min, as in the hour before", id="equal"),
        pytest.param({90: None, 5: 45}, "longest 45 s, no earlier data", id="runs of an earlier version"),
        pytest.param({90: 240, 5: None}, "no waits recorded in the last hour", id="a run of an earlier version"),
        pytest.param({}, "no waits recorded in the last hour", id="no runs"),
    ],
)
def test_dashboard_compares_the_longest_wait(staff, app, monkeypatch, waits, shown):
    """``waits``: how many minutes ago a run began → the seconds that its job waited."""
    monkeypatch.setattr("jobs.web.snapshots.COUNTING_SECONDS", 600.0)
    for number, (minutes, waited) in enumerate(waits.items()):
        at = app.clock() - timedelta(minutes=minutes)
        app.runs.start(Run(job_id="0" * 24, number=number, worker="w", fence=1, started_at=at, waited=waited))
    assert shown in " ".join(text_of(staff.get("/")).split())


def test_each_chosen_state_is_marked(staff, app):
    """Nothing else shows that the list is filtered by states."""
    a_stored_job(app)
    marked = re.compile(r'aria-current="(\w+)">\s*([A-Z][a-z ]+?)\s*<span class="numbers">')
    for query, expected in {
        "": [("page", "All")],
        "status=failed": [("page", "Failed")],
        "status=pending&status=failed": [("true", "Pending"), ("true", "Failed")],
    }.items():
        assert marked.findall(text_of(staff.get(f"/jobs/?{query}"))) == expected


def test_list_of_companies_has_clickable_rows(staff, app):
    job = a_stored_job(app)
    assert f'<tr data-href="/companies/{job.cin}/">' in text_of(staff.get("/companies/"))


def test_partial_job_is_not_shown_as_complete(staff, app):
    (job,) = app.service.order([Order(cin=a_cin(), company_name="Acme")], requested_by="x")
    page = staff.get(f"/jobs/{job.id}/")
    assert stages(page) == {
        "Ordered": "done",
        "Started": "now",
        "Filings listed": "later",
        "Documents stored": "later",
        "Completed": "later",
    }
    fail(app, job)
    assert list(stages(staff.get(f"/jobs/{job.id}/")).items())[-1] == ("Failed", "stopped")
    app.service.retry(job.id, Actor(name="staff"))
    complete(app, job, Progress(total=2, downloaded=1, failed=1))
    page = staff.get(f"/jobs/{job.id}/")
    assert list(stages(page).values()) == ["done", "done", "done", "partly", "partly"]
    assert len(re.findall(r"<time", text_of(page).split('class="stages"')[1].split("</ol>")[0])) == 3


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.PARTIAL])
def test_job_without_a_recorded_reason_has_a_page(staff, app, status):
    job = a_stored_job(app)
    app.database["jobs"].update_one({"companyName": job.company_name}, {"$set": {"jobStatus": str(status)}})
    assert "The reason was not recorded." in plain(staff.get(f"/jobs/{job.id}/"))


def test_stages_show_when_the_filings_were_listed(staff, app):
    job = a_stored_job(app)
    app.documents.add(app.jobs.claim(job.id, "w", 60).lease, job, some_filings(3))
    times = re.findall(r"<time", text_of(staff.get(f"/jobs/{job.id}/")).split('class="stages"')[1].split("</ol>")[0])
    assert len(times) == 3


def test_job_between_two_runs_is_in_progress(staff, app):
    job = a_stored_job(app)
    lease = app.jobs.claim(job.id, "w-1", 60).lease
    app.jobs.end(lease, ended_well(job, Progress(total=40, downloaded=14), app.clock()))
    page = plain(staff.get("/"))
    assert "No job is in progress" not in page
    assert "run 1 of 3 has ended, the next one follows" in page


def stages(answer) -> dict[str, str]:
    """The stages of a job's page with how far each is."""
    shown = text_of(answer).split('class="stages"')[1].split("</ol>")[0]
    return {name: how for how, name in re.findall(r'<li class="(\w+)"[^>]*>\s*([A-Za-z ]+?)\s*<', shown)}


def test_documents_are_counted_by_state(staff, app):
    job = a_stored_job(app)
    app.documents.add(app.jobs.claim(job.id, "w", 60).lease, job, some_filings(3))
    tabs = plain(staff.get("/documents/"))
    assert "All 3" in tabs
    assert "Stored 0" in tabs
    assert "Not downloaded yet 3" in tabs
    assert "All 3" not in plain(staff.get("/documents/?form=MGT-7"))  # the numbers would be those of all forms


@pytest.mark.parametrize(
    ("path", "chip"),
    [
        ("/search/?q=charge&least=1+crore", "Amount from: 1 crore"),
        ("/audit/?action=retry", "Action: retry"),
        ("/companies/{cin}/filings/?year=2025", "Financial year: 2024-25"),
        ("/companies/{cin}/filings/?category=Accounts&from=100", "Category: Accounts"),
    ],
)
def test_hidden_filters_are_named_and_can_be_removed(staff, app, path, chip):
    job = a_stored_job(app)
    page = text_of(staff.get(path.format(cin=job.cin)))
    found = re.search(r'class="chip" href="([^"]*)">\s*' + re.escape(chip), page)
    assert found
    assert not re.search("year|category|least|action|from", found[1])
