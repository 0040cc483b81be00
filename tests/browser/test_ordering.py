"""One company is ordered once, however it is entered."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.making import a_cin


def test_cin_is_checked_while_typed(asha):
    page = asha.page
    cin = a_cin()
    page.goto("/order/")
    hint = page.locator("#cin-about")
    page.get_by_label("CIN, LLPIN or FCRN", exact=True).press_sequentially(cin[:15])
    expect(hint).to_have_text("6 more characters.")
    page.get_by_label("CIN, LLPIN or FCRN", exact=True).press_sequentially("XX0000")
    expect(hint).to_contain_text("is not a valid CIN")
    page.get_by_label("CIN, LLPIN or FCRN", exact=True).fill(cin.lower())
    expect(hint).to_contain_text("Karnataka, since 2008")
    page.get_by_label("Company", exact=True).fill("Typed Limited")
    page.get_by_label("Priority", exact=True).select_option("9")
    page.get_by_role("button", name="Order", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Ordered: Typed Limited.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Typed Limited")


def test_name_is_completed_by_the_keyboard(asha):
    page = asha.page
    page.goto("/order/")
    field, options = page.get_by_label("Company", exact=True), page.get_by_role("listbox").get_by_role("option")
    field.press_sequentially("vindya chem")
    expect(options.first).to_contain_text("Vindhya Chemicals")
    expect(field).to_have_attribute("aria-expanded", "true")
    field.press("ArrowDown")
    field.press("ArrowDown")
    chosen = page.locator("[role=option][aria-selected=true]")
    expect(chosen).to_have_count(1)
    expect(field).to_have_attribute("aria-activedescendant", chosen.get_attribute("id"))
    name, cin = chosen.get_attribute("data-name"), chosen.get_attribute("data-id")
    field.press("Enter")
    expect(field).to_have_value(name)
    expect(page.get_by_label("CIN, LLPIN or FCRN", exact=True)).to_have_value(cin)
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(page.locator("#cin-about")).to_contain_text(re.compile("Valid|register"))
    page.get_by_role("button", name="Order", exact=True).click()
    expect(page.get_by_role("status").filter(has_text=f"Ordered: {name}.")).to_be_visible()


def test_suggestions_close_and_follow_the_mouse(asha):
    page = asha.page
    page.goto("/order/")
    field, suggested = page.get_by_label("Company", exact=True), page.get_by_role("listbox")
    page.get_by_label("CIN, LLPIN or FCRN", exact=True).fill("U2411")  # unfinished, so a choice replaces it
    field.press_sequentially("kaveri")
    expect(suggested).to_be_visible()
    field.press("Escape")
    expect(suggested).to_be_hidden()
    expect(field).to_have_value("kaveri")
    field.press("ArrowDown")
    expect(suggested).to_be_visible()
    option = page.get_by_role("listbox").get_by_role("option").nth(2)
    cin = option.get_attribute("data-id")
    option.click()
    expect(page.get_by_label("CIN, LLPIN or FCRN", exact=True)).to_have_value(cin)
    expect(suggested).to_be_hidden()


def test_name_after_a_typed_cin_gets_no_suggestions(asha):
    page = asha.page
    page.goto("/order/")
    page.get_by_label("CIN, LLPIN or FCRN", exact=True).fill(a_cin())
    page.get_by_label("Company", exact=True).press_sequentially("Kaveri", delay=200)  # longer than the field waits
    page.get_by_role("button", name="Order", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Ordered: Kaveri.")).to_be_visible()
    assert asha.asked_for("/order/suggest/") == 0


@pytest.mark.parametrize("keys", [["Escape"], ["ArrowDown", "Enter"]])
def test_closed_suggestions_stay_closed_when_more_arrive(asha, keys):
    page, waiting = asha.page, []
    page.goto("/order/")
    field, suggested = page.get_by_label("Company", exact=True), page.get_by_role("listbox")
    field.press_sequentially("kave")
    expect(suggested).to_be_visible()
    page.route("**/order/suggest/*", lambda route: waiting.append(route))  # noqa: PLW0108  Playwright inspects it
    with page.expect_request("**/order/suggest/*"):
        field.press_sequentially("r")
    for key in keys:
        field.press(key)
    expect(suggested).to_be_hidden()
    with page.expect_response("**/order/suggest/*") as response:
        waiting.pop().continue_()
    response.value.finished()
    page.wait_for_timeout(100)
    expect(suggested).to_be_hidden()


def test_cin_hints_never_move_the_button(site, arrives):
    visitor = arrives(site, viewport={"width": 360, "height": 740})
    visitor.expects(422)
    page = visitor.page
    waiting = []

    def wait(route):
        waiting.append(route)

    page.route("**/order/check/*", wait)
    page.goto("/order/")
    with page.expect_request("**/order/check/*"):
        page.get_by_label("CIN, LLPIN or FCRN", exact=True).fill(f"{a_cin()}X")
    page.get_by_label("Company", exact=True).fill("Clicked Limited")
    button = page.get_by_role("button", name="Order", exact=True)
    button.hover()
    before = button.bounding_box()
    page.mouse.down()
    with page.expect_response("**/order/check/*") as response:
        waiting.pop().continue_()
    response.value.finished()
    page.wait_for_timeout(100)
    assert button.bounding_box() == before
    page.mouse.up()
    expect(page.get_by_role("alert")).to_contain_text("22 characters")


def test_double_click_places_one_order(asha):
    page = asha.page
    cin = a_cin()
    page.goto("/order/")
    page.get_by_label("CIN, LLPIN or FCRN", exact=True).fill(cin)
    page.get_by_label("Company", exact=True).fill("Twice Limited")
    _click_twice(page.get_by_role("button", name="Order", exact=True))
    expect(page.get_by_text("Ordered: Twice Limited.")).to_be_visible()
    page.goto(f"/jobs/?q={cin}")
    expect(page.locator("tbody tr")).to_have_count(1)


def _click_twice(button):
    """Click again before the first response arrives."""
    button.evaluate("button => { button.click(); setTimeout(() => button.click(), 25) }")


def test_double_click_creates_simulated_jobs_once(asha):
    page = asha.page
    page.goto("/order/")
    _click_twice(page.get_by_role("button", name="1 job", exact=True))
    expect(page.get_by_text("1 simulated job ordered.")).to_have_count(1)
    assert asha.asked_for("/order/simulated/") == 1


def test_form_works_again_after_going_back(asha):
    page = asha.page
    for _ in range(2):
        page.goto("/order/")
        page.get_by_role("button", name="1 job", exact=True).click()
        expect(page.get_by_text("1 simulated job ordered.")).to_be_visible()
        page.go_back()
        page.get_by_role("button", name="1 job", exact=True).click()
        expect(page.get_by_text("1 simulated job ordered.")).to_be_visible()


def test_keyboard_alone_can_place_an_order(asha):
    page = asha.page
    cin = a_cin()
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    assert_focus_is_seen(page)
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.goto("/")
    _tab_to(page, "Order filings")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Order filings")).to_be_visible()
    _tab_to(page, "cin")
    page.keyboard.type(cin)
    page.keyboard.press("Tab")
    page.keyboard.type("Keyboard Limited")
    page.keyboard.press("Tab")
    page.keyboard.press("5")
    assert_focus_is_seen(page)
    _tab_to(page, "Order")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Ordered: Keyboard Limited.")).to_be_visible()
    expect(page.locator("main .pairs")).to_contain_text(re.compile(r"Priority\s*5"))


def _tab_to(page, name):
    focused = "document.activeElement.id || document.activeElement.textContent.trim()"
    for _ in range(60):
        page.keyboard.press("Tab")
        assert_focus_is_seen(page)
        if page.evaluate(focused) == name:
            return
    raise AssertionError(f"{name} is not reached with the Tab key")


def assert_focus_is_seen(page):
    style = page.evaluate(
        "(() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth] })()"
    )
    assert style[0] != "none", page.evaluate("document.activeElement.outerHTML")
    assert style[1] != "0px"


def test_viewers_cannot_place_orders(site, arrives):
    viewer = arrives(site, "viewer")
    viewer.expects(403)
    viewer.page.goto("/jobs/")
    expect(viewer.page.get_by_role("link", name="Order filings", exact=True)).to_have_count(0)
    viewer.page.goto("/order/")
    expect(viewer.page.get_by_role("heading", name="Not allowed")).to_be_visible()
    expect(viewer.page.get_by_role("alert")).to_contain_text("Ask an administrator for the group Operator")
