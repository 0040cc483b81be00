"""Live pages show the workers' progress without disturbing the user."""

from __future__ import annotations

import re
from contextlib import closing

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


def test_job_page_updates_without_a_reload(asha, job_id):
    page = asha.page
    page.goto(f"/jobs/{job_id}/")
    page.evaluate(_MARK)
    state = page.locator("h1 .state")
    expect(state).to_have_text("processing", timeout=A_JOB_SECONDS)
    expect(page.locator("[aria-labelledby=documents-title] .state.stored").first).to_be_visible(timeout=A_JOB_SECONDS)
    expect(state).to_have_text("completed", timeout=A_JOB_SECONDS)
    expect(page.locator("tr[id^=run-]")).to_have_count(3)
    expect(page.locator(".message.success")).to_have_text(re.compile(r"\s*All \d+ documents are stored\.\s*"))
    expect(page.locator(".so-far progress")).to_have_count(0)  # the message states it already
    assert page.evaluate(_IS_MARKED)


def test_refreshes_keep_open_selected_and_focused_elements(asha, job_id):
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
    """Wait until more documents are stored."""
    numbers = page.locator(".so-far .numbers")
    expect(numbers).not_to_have_text(numbers.inner_text(), timeout=A_JOB_SECONDS)


def test_selection_survives_a_changing_list(site, asha, job_id):
    page = asha.page
    page.goto("/jobs/")
    box = page.locator(f"input[value='{job_id}']")
    box.check()
    box.focus()
    page.get_by_text("Filter +").click()
    box.focus()
    new = site.order(a_cin(), "Newer Limited")
    expect(page.locator(f"#row-{new}")).to_be_visible(timeout=15_000)
    expect(box).to_be_checked()
    expect(box).to_be_focused()
    expect(page.locator("#selected")).to_have_text("1 selected")
    expect(page.get_by_role("group", name="Shown columns")).to_be_visible()


def test_refreshes_wait_while_a_button_is_pressed(site, asha):
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
    page.evaluate("() => { for (let id = 1; id < 100; id++) clearInterval(id) }")  # the timer sends no further requests
    page.mouse.up()
    expect(new).to_be_visible()


def test_dashboard_updates_around_an_open_table(site, asha):
    page = asha.page
    page.goto("/")
    page.evaluate(_MARK)
    page.get_by_text("As a table").click()
    pending = page.locator(".pending-total b, .processing-total b")
    before = sum(int(text) for text in pending.all_inner_texts())
    for number in range(3):
        site.order(a_cin(), f"Counted {number} Limited")
    page.wait_for_function(
        "before => [...document.querySelectorAll('.pending-total b, .processing-total b')]"
        ".reduce((sum, each) => sum + Number(each.textContent), 0) > before",
        arg=before,
    )
    expect(page.locator("#chart-table")).to_have_attribute("open", "")
    assert page.evaluate(_IS_MARKED)


@pytest.mark.parametrize(("address", "asked"), [("/", "/live/"), ("/workers/", "/workers/")])
def test_only_visible_pages_refresh(asha, address, asked):
    page = asha.page
    page.goto(address)
    _wait_for_requests(asha, asked, 2)
    page.evaluate(_HIDE, True)
    page.wait_for_timeout(500)  # a request that was already sent
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


def test_worker_cancels_a_running_job(asha, job_id):
    page = asha.page
    page.goto(f"/jobs/{job_id}/")
    state = page.locator("h1 .state")
    asked = page.get_by_text("The worker was asked to stop")
    for _ in range(5):  # between two runs a job has no worker to ask
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


def test_conflicting_action_shows_the_reason(site, arrives, asha, job_id):
    assert site.machine.manage("cancel_job", job_id).returncode == 0
    binod = arrives(site, "binod")
    for visitor in (asha, binod):
        visitor.page.goto(f"/jobs/{job_id}/")
        expect(visitor.page.locator("h1 .state")).to_have_text("cancelled", timeout=A_JOB_SECONDS)
        visitor.page.evaluate(_HIDE, True)  # neither page shows the other's action
    asha.page.get_by_role("button", name="Retry").click()
    expect(asha.page.get_by_text("The job is pending again")).to_be_visible()
    binod.page.get_by_role("button", name="Retry").click()
    expect(binod.page.locator(".message.error")).to_contain_text("can be retried")


def test_cancelling_twice_equals_cancelling_once(site, arrives, asha, job_id):
    binod = arrives(site, "binod")
    for visitor in (asha, binod):
        visitor.page.goto(f"/jobs/{job_id}/")
        visitor.page.evaluate(_HIDE, True)
        visitor.page.get_by_text("Cancel…").click()
    for visitor in (asha, binod):
        visitor.page.get_by_role("button", name="Yes, cancel the job").click()
        expect(visitor.page.locator(".message.success")).to_contain_text("cancelled")
        expect(visitor.page.locator(".message.error")).to_have_count(0)


@pytest.fixture
def unwatched(browser, site):
    """asha's page in a browser whose console is ignored, as htmx reports each failure there."""
    with closing(browser.new_context(base_url=site.machine.address)) as context:
        site.log_in(context, "asha")
        page = context.new_page()
        page.goto("/workers/")
        expect(page.locator("#live-state")).to_have_text("Live")
        yield page


def test_page_without_network_is_not_called_live(unwatched):
    state = unwatched.locator("#live-state")
    unwatched.context.set_offline(True)
    expect(state).to_have_text("Not reachable – trying again")
    unwatched.context.set_offline(False)
    expect(state).to_have_text("Live")


def test_page_that_gets_no_answer_is_not_called_live(unwatched):
    """For example after a laptop has slept, when connections are neither closed nor refused."""
    assert 5_000 <= unwatched.evaluate("htmx.config.timeout") <= 20_000
    unwatched.evaluate("htmx.config.timeout = 300")
    unwatched.route("**/workers/", lambda _route: None)
    expect(unwatched.locator("#live-state")).to_have_text("Not reachable – trying again")
    unwatched.unroute("**/workers/")
    unwatched.evaluate("htmx.config.timeout = 15000")
    expect(unwatched.locator("#live-state")).to_have_text("Live")
