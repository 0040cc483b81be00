"""The search box and the keyboard's shortcuts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.making import a_cin

_STOPS = 8


@pytest.fixture
def company(site):
    cin = a_cin()
    return cin, site.order(cin, "Sought Limited")


def _typed(asha, text: str):
    """Her page, after she has typed into the search box that "/" reached."""
    page = asha.page
    page.goto("/workers/")
    page.keyboard.press("/")
    page.keyboard.type(text)
    return page


def test_box_opens_a_job_by_the_keyboard(asha, company):
    cin, job_id = company
    page = _typed(asha, cin)
    expect(page.locator("#found a", has_text="Sought Limited")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/jobs/{job_id}/")


def test_enter_opens_the_first_result_of_what_was_typed(asha, company):
    cin, _ = company
    page = _typed(asha, cin)
    first = page.locator("#found a").first
    expect(first).to_contain_text("Sought Limited")
    plain = page.locator("#found a").last.evaluate("each => getComputedStyle(each).backgroundColor")
    assert first.evaluate("each => getComputedStyle(each).backgroundColor") != plain
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/companies/{cin}/")


def test_enter_before_the_results_arrive_shows_all(asha, company):
    cin, _ = company
    page = _typed(asha, "audit")
    expect(page.locator("#found a").first).to_have_text("Audit")
    page.get_by_label("Search everywhere").fill(cin)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/find/?q={cin}")
    expect(page.locator("main .found a", has_text="Sought Limited").first).to_be_visible()


def test_escape_closes_the_results(asha):
    page = asha.page
    page.goto("/jobs/")
    page.keyboard.press("Control+k")
    found, box = page.locator("#found"), page.get_by_label("Search everywhere")
    page.keyboard.type("audit")
    expect(found.locator("a")).to_have_text(["Audit", "Search documents"])  # "auditor" is one of its words
    page.keyboard.press("Escape")
    expect(found).to_be_hidden()
    expect(box).to_have_value("audit")
    page.keyboard.press("Escape")
    expect(box).to_have_value("")
    expect(found.locator("a", has_text="Dashboard")).to_have_count(1)  # what an empty box finds has arrived
    expect(found).to_be_hidden()
    page.keyboard.type("audit")
    expect(found).to_be_visible()


def test_tab_leaves_the_box_past_its_results(asha, company):
    """The arrows reach the results, however many there are."""
    page = _typed(asha, "audit")
    expect(page.locator("#found a").first).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('form.find') === null")
    expect(page.locator("#found")).to_be_hidden()


def test_question_mark_lists_the_shortcuts(asha):
    page = asha.page
    page.goto("/jobs/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Next and previous row")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


@pytest.mark.parametrize("width", [360, 1280])
def test_sheet_of_shortcuts_keeps_away_from_edges(site, arrives, width):
    page = arrives(site, viewport={"width": width, "height": 740}).page
    page.goto("/jobs/")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog").bounding_box()
    title = page.get_by_role("heading", name="Keyboard shortcuts").bounding_box()
    assert min(sheet["x"], width - sheet["x"] - sheet["width"]) >= 8
    assert min(title["x"] - sheet["x"], title["y"] - sheet["y"]) >= 16


def test_few_tab_stops_lead_to_the_first_row(asha, company):
    page = asha.page
    page.goto("/jobs/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    for _ in range(_STOPS - 1):
        page.keyboard.press("Tab")
        if page.evaluate("Boolean(document.activeElement.closest('tbody tr'))"):
            return
    raise AssertionError(f"more than {_STOPS} stops")


def test_phone_keeps_a_low_header(site, arrives):
    page = arrives(site, viewport={"width": 360, "height": 740}).page
    page.goto("/jobs/")
    assert page.locator("header.top").bounding_box()["height"] <= 56
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Workers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Workers")
