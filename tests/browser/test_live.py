"""Pages that keep up with the workers, and leave alone what a person does meanwhile."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.making import a_cin

A_JOB_SECONDS = 60_000
_HIDE = """hidden => {
  Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
_MARK = "window.loadedOnce = true"
_IS_MARKED = "window.loadedOnce === true"


@pytest.fixture
def job_id(site):
    return site.order(a_cin(), "Live Limited", "--priority", "9")


def test_a_job_is_followed_to_its_end_without_a_reload(asha, job_id):
    page = asha.page
    page.goto(f"/jobs/{job_id}/")
    page.evaluate(_MARK)
    state = page.locator("h1 .state")
    expect(state).to_have_text("processing", timeout=A_JOB_SECONDS)
    expect(page.locator("#documents-title + .scrolls .stored").first).to_be_visible(timeout=A_JOB_SECONDS)
    expect(state).to_have_text("completed", timeout=A_JOB_SECONDS)
    expect(page.locator("tr[id^=run-]")).to_have_count(3)
    stored = page.locator(".wide-progress .numbers").inner_text().split()
    assert stored[0] == stored[2]
    assert page.evaluate(_IS_MARKED)


def test_what_a_person_has_opened_chosen_and_focused_outlives_refreshes(asha, job_id):
    page = asha.page
    page.goto(f"/jobs/{job_id}/")
    expect(page.locator("h1 .state")).to_have_text("processing", timeout=A_JOB_SECONDS)
    page.get_by_text("Cancel…").click()
    priority = page.get_by_label("Priority")
    priority.select_option("3")
    priority.focus()
    _progress(page)
    expect(page.get_by_role("button", name="Yes, cancel the job")).to_be_visible()
    expect(priority).to_be_focused()
    expect(priority).to_have_value("3")


def _progress(page):
    """Wait until more documents are stored than before."""
    numbers = page.locator(".wide-progress .numbers")
    expect(numbers).not_to_have_text(numbers.inner_text(), timeout=A_JOB_SECONDS)


def test_ticked_jobs_stay_ticked_and_counted_while_the_list_moves(site, asha, job_id):
    page = asha.page
    page.goto("/jobs/")
    box = page.locator(f"input[value='{job_id}']")
    box.check()
    box.focus()
    page.get_by_text("Columns", exact=True).click()
    box.focus()
    new = site.order(a_cin(), "Newer Limited")
    expect(page.locator(f"#row-{new}")).to_be_visible(timeout=15_000)
    expect(box).to_be_checked()
    expect(box).to_be_focused()
    expect(page.locator("#selected")).to_have_text("1 selected")
    expect(page.get_by_role("group", name="Shown columns")).to_be_visible()


def test_a_page_stands_still_while_a_button_is_pressed_and_catches_up_after(site, asha):
    page = asha.page
    page.goto("/jobs/")
    page.get_by_role("heading", level=1).hover()
    page.mouse.down()
    new = page.locator(f"#row-{site.order(a_cin(), 'Held Limited')}")
    for _ in range(2):
        with page.expect_response("**/jobs/", timeout=15_000) as answer:
            pass
        answer.value.finished()
    page.wait_for_timeout(100)
    assert new.count() == 0
    page.evaluate("() => { for (let id = 1; id < 100; id++) clearInterval(id) }")  # no more is asked for by the clock
    page.mouse.up()
    expect(new).to_be_visible()


def test_the_dashboard_keeps_an_opened_table_and_counts_on(site, asha):
    page = asha.page
    page.goto("/")
    page.evaluate(_MARK)
    page.get_by_text("As a table").click()
    pending = page.locator(".tile.pending .tile-number, .tile.processing .tile-number")
    before = sum(int(text) for text in pending.all_inner_texts())
    for number in range(3):
        site.order(a_cin(), f"Counted {number} Limited")
    page.wait_for_function(
        "before => [...document.querySelectorAll('.tile.pending .tile-number, .tile.processing .tile-number')]"
        ".reduce((sum, each) => sum + Number(each.textContent), 0) > before",
        arg=before,
    )
    expect(page.locator("#chart-table")).to_have_attribute("open", "")
    assert page.evaluate(_IS_MARKED)


@pytest.mark.parametrize(("address", "asked"), [("/", "/live/"), ("/workers/", "/workers/")])
def test_a_hidden_page_asks_for_nothing_and_a_shown_one_at_once(asha, address, asked):
    page = asha.page
    page.goto(address)
    _wait_for_requests(asha, asked, 2)
    page.evaluate(_HIDE, True)
    page.wait_for_timeout(500)  # what was on its way
    before = asha.asked_for(asked)
    page.wait_for_timeout(7000)
    assert asha.asked_for(asked) == before
    page.evaluate(_HIDE, False)
    page.wait_for_timeout(500)
    assert asha.asked_for(asked) == before + 1


def _wait_for_requests(visitor, path, count):
    for _ in range(150):
        if visitor.asked_for(path) >= count:
            return
        visitor.page.wait_for_timeout(100)
    raise AssertionError(f"{path} was asked for {visitor.asked_for(path)} times")


def test_a_running_job_is_cancelled_by_its_worker(asha, job_id):
    page = asha.page
    page.goto(f"/jobs/{job_id}/")
    state = page.locator("h1 .state")
    asked = page.get_by_text("Its worker is asked to stop")
    for _ in range(5):  # a job that is between two runs has no worker to ask
        expect(state).to_have_text("processing", timeout=A_JOB_SECONDS)
        page.get_by_text("Cancel…").click()
        page.get_by_role("button", name="Yes, cancel the job").click()
        expect(asked.or_(page.get_by_text("The job is cancelled."))).to_be_visible()
        if asked.is_visible():
            break
        page.get_by_role("button", name="Retry").click()
    expect(asked).to_be_visible()
    expect(state).to_have_text("cancelled", timeout=A_JOB_SECONDS)
    expect(page.get_by_role("button", name="Retry")).to_be_visible()
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_text("The job is pending again")).to_be_visible()


def test_the_second_of_two_who_act_on_a_job_reads_why_not(site, arrives, asha, job_id):
    assert site.machine.manage("cancel_job", job_id).returncode == 0
    binod = arrives(site, "binod")
    for visitor in (asha, binod):
        visitor.page.goto(f"/jobs/{job_id}/")
        expect(visitor.page.locator("h1 .state")).to_have_text("cancelled", timeout=A_JOB_SECONDS)
        visitor.page.evaluate(_HIDE, True)  # neither sees what the other one does
    asha.page.get_by_role("button", name="Retry").click()
    expect(asha.page.get_by_text("The job is pending again")).to_be_visible()
    binod.page.get_by_role("button", name="Retry").click()
    expect(binod.page.locator(".message.error")).to_contain_text("only a failed or cancelled job can be retried")


def test_cancelling_twice_is_cancelling_once(site, arrives, asha, job_id):
    binod = arrives(site, "binod")
    for visitor in (asha, binod):
        visitor.page.goto(f"/jobs/{job_id}/")
        visitor.page.evaluate(_HIDE, True)
        visitor.page.get_by_text("Cancel…").click()
    for visitor in (asha, binod):
        visitor.page.get_by_role("button", name="Yes, cancel the job").click()
        expect(visitor.page.locator(".message.success")).to_contain_text("cancelled")
        expect(visitor.page.locator(".message.error")).to_have_count(0)
