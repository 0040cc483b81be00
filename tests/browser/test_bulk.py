"""Acting on many jobs at once: asked first, with how many."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.companies import a_company_with_files
from tests.making import a_cin

SECONDS = 60_000


@pytest.fixture
def cins(folder_site):
    """Four companies whose jobs have failed, for they have no folder."""
    cins = [a_cin() for _ in range(4)]
    for number, cin in enumerate(cins):
        folder_site.order(cin, f"Absent {number} Limited")
    return cins


@pytest.fixture
def page(folder_site, arrives, cins):
    """The list of failed jobs, once these are in it."""
    page = arrives(folder_site).page
    for cin in cins:
        page.goto(f"/jobs/?q={cin}")
        expect(page.locator("tbody .state")).to_have_text("failed", timeout=SECONDS)
    page.goto("/jobs/?status=failed")
    return page


def test_selected_failed_jobs_are_retried_after_a_yes(page, filings, cins):
    for cin in cins[:2]:
        a_company_with_files(filings, cin)
        _row(page, cin).get_by_role("checkbox").check()
    expect(page.locator("#selected")).to_have_text("2 selected")
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Retry 2 jobs?")
    page.get_by_role("link", name="No, go back").click()
    expect(_row(page, cins[0])).to_contain_text("failed")
    for cin in cins[:2]:
        _row(page, cin).get_by_role("checkbox").check()
    page.get_by_role("button", name="Retry").click()
    page.get_by_role("button", name="Yes, retry").click()
    expect(page.get_by_text("2 jobs retried.")).to_be_visible()
    for cin, state in zip(cins, ["completed", "completed", "failed", "failed"], strict=True):
        page.goto(f"/jobs/?q={cin}")
        expect(page.locator("tbody .state")).to_have_text(state, timeout=SECONDS)


def test_all_shown_are_ticked_by_one_box(page):
    page.get_by_label("all shown").check()
    ticked = page.locator("input[name=job]:checked").count()
    assert ticked == page.locator("tbody tr").count()
    expect(page.locator("#selected")).to_have_text(f"{ticked} selected")
    page.locator("input[name=job]").first.uncheck()
    expect(page.locator("#selected")).to_have_text(f"{ticked - 1} selected")


def test_all_jobs_that_match_are_retried_after_a_yes(page, filings, cins):
    for cin in cins:
        a_company_with_files(filings, cin)
    page.goto("/jobs/?status=failed")
    count = page.locator("tbody tr").count()
    assert count >= 4
    page.locator("select[name=scope]").select_option("all")
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Retry {count} jobs?")
    expect(page.get_by_text("These are all jobs that match your filters.")).to_be_visible()
    page.get_by_role("button", name="Yes, retry").click()
    expect(page.get_by_text(f"{count} jobs retried.")).to_be_visible()
    for cin in cins:
        page.goto(f"/jobs/?q={cin}")
        expect(page.locator("tbody .state")).to_have_text("completed", timeout=SECONDS)


def test_without_a_selection_nothing_is_asked(page):
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_text("No job is selected")).to_be_visible()


def test_the_priority_of_a_finished_job_is_left_with_a_reason(page, cins):
    _row(page, cins[3]).get_by_role("checkbox").check()
    page.get_by_role("button", name="Change priority").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Give 1 job priority")
    page.get_by_role("button", name="Yes, change").click()
    expect(page.get_by_text("1 left as they were")).to_be_visible()


def _row(page, cin):
    return page.locator("tbody tr").filter(has_text=cin)
