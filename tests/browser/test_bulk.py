"""Actions on many jobs, after a confirmation that shows their number."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.companies import a_company_with_files, a_company_with_one_missing_file, lacks_its_file
from tests.making import a_cin

SECONDS = 60_000


@pytest.fixture(scope="module")
def latest() -> list[str]:
    """The companies of the previous test."""
    return []


@pytest.fixture
def cins(folder_site, filings, latest):
    """Four companies whose jobs fail because no document can be retrieved; new ones if a test has added documents."""
    if not latest or not all(lacks_its_file(filings, cin) for cin in latest):
        latest[:] = [a_cin() for _ in range(4)]
        for cin in latest:
            a_company_with_one_missing_file(filings, cin)
        folder_site.order_all({cin: f"Broken {number} Limited" for number, cin in enumerate(latest)})
    return list(latest)


@pytest.fixture
def page(folder_site, arrives, cins):
    """The list of failed jobs, once it shows these."""
    page = arrives(folder_site).page
    for cin in cins:
        page.goto(f"/jobs/?q={cin}")
        expect(page.locator("tbody .state")).to_have_text("failed", timeout=SECONDS)
    page.goto("/jobs/?status=failed")
    return page


def test_selected_jobs_are_retried_after_confirmation(page, filings, cins):
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


def test_bar_counts_the_jobs_that_each_action_changes(page, cins):
    _row(page, cins[0]).get_by_role("checkbox").check()
    bar = page.locator("#bulk-bar")
    expect(bar.get_by_role("button", name="Retry")).to_have_text("Retry 1")
    expect(bar.get_by_role("button", name="Cancel")).to_be_disabled()  # a failed job has nothing to cancel
    bar.get_by_label("that match").check()
    expect(bar.get_by_role("button", name="Cancel")).to_be_enabled()
    expect(bar.get_by_role("button", name="Retry")).to_have_text("Retry")


def test_one_box_selects_every_shown_job(page):
    page.get_by_label("all shown").check()
    ticked = page.locator("input[name=job]:checked").count()
    assert ticked == page.locator("tbody tr").count()
    expect(page.locator("#selected")).to_have_text(f"{ticked} selected")
    page.locator("input[name=job]").first.uncheck()
    expect(page.locator("#selected")).to_have_text(f"{ticked - 1} selected")


def test_all_matching_jobs_are_retried_after_confirmation(page, filings, cins):
    for cin in cins:
        a_company_with_files(filings, cin)
    page.goto("/jobs/?status=failed")
    count = page.locator("tbody tr").count()
    assert count >= 4
    page.get_by_label("Select all shown").check()
    page.get_by_label("that match").check()
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Retry {count} jobs?")
    expect(page.get_by_text("These are all jobs that match your filters.")).to_be_visible()
    page.get_by_role("button", name="Yes, retry").click()
    expect(page.get_by_text(f"{count} jobs retried.")).to_be_visible()
    for cin in cins:
        page.goto(f"/jobs/?q={cin}")
        expect(page.locator("tbody .state")).to_have_text("completed", timeout=SECONDS)


def test_actions_appear_only_on_selection(page):
    bar = page.get_by_role("group", name="Act on several jobs")
    expect(bar).to_be_hidden()
    boxes = page.locator("input[name=job]")
    boxes.nth(0).check()
    expect(bar).to_be_visible()
    boxes.nth(3).click(modifiers=["Shift"])
    expect(page.locator("#selected")).to_have_text("4 selected")
    page.get_by_role("button", name="Clear").click()
    expect(bar).to_be_hidden()


def test_confirmation_names_the_jobs_that_do_not_change(page):
    page.get_by_label("Select all shown").check()
    page.get_by_label("that match").check()
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.locator("form.confirm")).to_contain_text("0 will be cancelled")
    expect(page.locator("form.confirm")).to_contain_text("already ended")
    expect(page.get_by_role("button", name="Yes, cancel the jobs")).to_have_count(0)


def test_addresses_hold_only_chosen_filters(page):
    page.goto("/jobs/")
    page.get_by_label("Company, CIN or job id").fill("Broken")
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs/?q=Broken")
    page.get_by_role("link", name="Search: Broken").click()
    page.wait_for_url("**/jobs/?")


def test_click_on_a_row_opens_the_job(page, cins):
    _row(page, cins[0]).locator("td").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Broken 0 Limited")


def test_a_finished_job_keeps_its_priority(page, cins):
    _row(page, cins[3]).get_by_role("checkbox").check()
    expect(page.get_by_role("button", name="Change priority")).to_be_disabled()
    page.goto(f"/jobs/?q={cins[3]}")
    page.get_by_label("Select all shown").check()
    page.get_by_label("that match").check()
    page.get_by_role("button", name="Change priority").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Change the priority of 1 job to 0?")
    expect(page.locator("form.confirm")).to_contain_text("Unchanged: 1, already ended")


_MANY = """
from datetime import timedelta
from jobs.bootstrap import application
from jobs.services import Order
app = application()
orders = [Order(cin=cin, company_name="Many", not_before=app.clock() + timedelta(days=1)) for cin in {cins}]
app.service.order(orders, requested_by="many")
"""


def test_large_action_shows_its_progress_and_report(folder_site, arrives):
    folder_site.shell(_MANY.format(cins=[a_cin() for _ in range(30)]))
    page = arrives(folder_site).page
    page.goto("/jobs/?by=many")
    page.get_by_label("Select all shown").check()
    page.get_by_label("that match").check()
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.locator("form.confirm")).to_contain_text("This runs in the background")
    page.get_by_role("button", name="Yes, cancel the jobs").click()
    page.wait_for_url("**/bulk/*/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Cancel 30 jobs")
    expect(page.locator("#live .state")).to_have_text("done", timeout=SECONDS)
    expect(page.locator("#live")).to_contain_text("30 of 30 jobs")
    page.get_by_role("link", name="Back to the jobs").click()
    page.wait_for_url("**/jobs/?by=many")
    expect(page.locator("tbody .state").first).to_have_text("cancelled")
    page.goto("/lists/")
    page.get_by_role("link", name="Bulk actions").click()
    expect(page.locator("tbody")).to_contain_text("Cancel 30 jobs")


def _row(page, cin):
    return page.locator("tbody tr").filter(has_text=cin)


def test_enter_confirms_nothing(page, cins):
    _row(page, cins[0]).get_by_role("checkbox").check()
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Retry 1 job?")


def test_keyboard_alone_retries_a_found_job(page, cins):
    page.keyboard.press("/")
    page.keyboard.insert_text(cins[0])  # at once: results of an unfinished text would be replaced after the next keys
    expect(page.locator("#found a", has_text="Broken 0 Limited")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("h1 .state")).to_have_text("failed")
    page.wait_for_load_state()
    retry = page.get_by_role("button", name="Retry", exact=True)
    for _ in range(60):
        page.keyboard.press("Tab")
        if retry.evaluate("button => button === document.activeElement"):
            break
    expect(retry).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The job is pending again")).to_be_visible()


def test_keyboard_alone_retries_selected_jobs(page, cins):
    for key in ("j", "x", "j", "x", "a"):
        page.keyboard.press(key)
    expect(page.locator("#selected")).to_have_text("2 selected")
    expect(page.get_by_role("button", name="Retry")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Retry 2 jobs?")


def test_head_of_the_list_stays_visible(page, cins):
    page.set_viewport_size({"width": 1280, "height": 300})
    page.locator("tbody tr").last.scroll_into_view_if_needed()
    head, bar = page.locator("#list thead th").nth(1).bounding_box(), page.locator("header.top").bounding_box()
    assert page.evaluate("scrollY") > 100
    assert abs(head["y"] - bar["height"]) <= 1


def test_going_back_shows_the_filters_of_the_list(page):
    page.goto("/jobs/")
    page.get_by_text("Filter +").click()
    page.get_by_role("combobox", name="Ordered by").fill("nobody")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**by=nobody**")
    page.go_back()
    expect(page.locator("#by")).to_have_value("")


def test_going_back_keeps_columns_and_ticks_consistent(page, cins):
    """The boxes are those of the shown list, and the bar knows the rows that the browser ticked again."""
    page.goto("/jobs/?status=failed")
    page.get_by_text("Filter +").click()
    page.get_by_label("Runs").uncheck()
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**columns=**")
    page.go_back()
    page.get_by_text("Filter +").click()
    expect(page.get_by_label("Runs")).to_be_checked()
    page.keyboard.press("Escape")
    page.locator("input[name=job]").first.check()
    page.locator("td.main a").first.click()
    expect(page.locator(".stages")).to_be_visible()
    page.go_back()
    expect(page.locator("input[name=job]").first).to_be_visible()
    ticked = page.locator("input[name=job]:checked").count()
    expect(page.get_by_role("group", name="Act on several jobs")).to_be_visible(visible=ticked > 0)


@pytest.mark.parametrize("leave", ["Escape", "click"])
def test_popovers_close_by_escape_and_a_click_elsewhere(page, cins, leave):
    """The filters, the exports of a company and the sheet of shortcuts."""

    def close() -> None:
        if leave == "Escape":
            page.keyboard.press("Escape")
        else:
            page.mouse.click(700, 700)

    page.get_by_text("Filter +").click()
    panel = page.locator("form.filters .drop .panel")
    expect(panel).to_be_visible()
    close()
    expect(panel).to_be_hidden()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog")
    expect(sheet).to_be_visible()
    sheet.click(position={"x": 3, "y": 3})
    expect(sheet).to_be_visible()
    close()
    expect(sheet).to_be_hidden()
    page.goto(f"/companies/{cins[0]}/")
    page.get_by_text("Export", exact=True).click()
    expect(page.get_by_role("link", name="Excel workbook")).to_be_visible()
    close()
    expect(page.get_by_role("link", name="Excel workbook")).to_be_hidden()


def test_small_form_closes_by_escape_and_a_click_elsewhere(page, cins):
    _row(page, cins[0]).get_by_role("link").click()
    form = page.locator(".confirm-inline form")
    page.get_by_text("Delete…").click()
    expect(form).to_be_visible()
    page.keyboard.press("Escape")
    expect(form).to_be_hidden()
    expect(page.get_by_text("Delete…")).to_be_focused()
    page.get_by_text("Delete…").click()
    form.click()
    expect(form).to_be_visible()
    page.get_by_role("heading", level=1).click()
    expect(form).to_be_hidden()


@pytest.mark.parametrize("path", ["/jobs/", "/jobs/{job}/"])
def test_endless_name_pushes_nothing_off_the_screen(folder_site, arrives, path):
    job = folder_site.order(a_cin(), "X" * 200)
    page = arrives(folder_site, viewport={"width": 1280, "height": 800}).page
    page.goto(path.format(job=job))
    expect(page.locator("main")).to_contain_text("X" * 150)
    wide = page.evaluate(
        "() => [...document.querySelectorAll('.scrolls, main')].map(e => e.scrollWidth - e.clientWidth)"
    )
    assert max(wide) <= 1
