"""One company, a list or a file: each is ordered once."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.making import a_cin

HOSTILE = ('"><script>alert(1)</script>', "<img src=x onerror=alert(1)>")


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


def test_only_the_valid_rows_are_ordered(asha):
    page = asha.page
    cins = [a_cin() for _ in range(3)]
    lines = [
        "\ufeffcin,companyName,priority",
        f"{cins[0]},Good Limited,1",
        "nonsense,Bad Limited,1",
        f"{cins[0]},Good Limited again,1",
        f"{cins[1]},Too Urgent Limited,11",
        f'{cins[2]},"Comma, Limited",',
    ]
    _upload(page, "\r\n".join(lines).encode())
    expect(page.get_by_role("heading", level=1)).to_have_text("2 would be ordered, 3 refused")
    refused = page.get_by_role("region", name="Refused rows").locator("tbody tr")
    expect(refused).to_have_count(3)
    expect(refused.first).to_contain_text("3")
    page.goto(f"/jobs/?q={cins[0]}")
    expect(page.get_by_text("No job matches these filters.")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Order 2 jobs").click()
    expect(page.get_by_text("2 jobs ordered.")).to_be_visible()
    expect(page.get_by_text("3 rows refused.")).to_be_visible()
    page.get_by_role("link", name="All jobs of this list").click()
    expect(page.get_by_role("link", name="Comma, Limited")).to_have_count(1)
    expect(page.get_by_role("link", name="Good Limited")).to_have_count(1)


def test_utf_16_file_is_refused_with_advice(asha):
    asha.expects(422)
    _upload(asha.page, f"cin,companyName\n{a_cin()},Excel Limited".encode("utf-16"))
    expect(asha.page.get_by_role("alert")).to_contain_text("It looks like UTF-16. Save it as CSV UTF-8.")


def test_file_without_valid_rows_cannot_be_ordered(asha):
    asha.expects(422)
    _upload(asha.page, b"cin,companyName\nnonsense,Bad Limited\n")
    expect(asha.page.get_by_role("alert")).to_contain_text("No row can be ordered")
    expect(asha.page.get_by_role("button", name="Order")).to_have_count(0)


def _upload(page, data):
    page.goto("/order/?by=file")
    page.set_input_files("#file", {"name": "orders.csv", "mimeType": "text/csv", "buffer": data})
    page.get_by_role("button", name="Check the file").click()


def test_dropped_file_is_chosen(asha):
    page = asha.page
    page.goto("/order/")
    page.get_by_role("link", name="A file").click()
    dropped = page.evaluate_handle(
        """text => {
          const data = new DataTransfer();
          data.items.add(new File([text], "dropped.csv", { type: "text/csv" }));
          return data;
        }""",
        f"{a_cin()};Dropped Limited\n",
    )
    zone = page.locator(".drop-file")
    zone.dispatch_event("dragover", {"dataTransfer": dropped})
    expect(zone).to_have_class("drop-file over")
    zone.dispatch_event("drop", {"dataTransfer": dropped})
    expect(zone).to_have_class("drop-file")
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 would be ordered, 0 refused")
    expect(page.get_by_role("navigation", name="Breadcrumb")).to_contain_text("dropped.csv")


def test_viewers_cannot_place_orders(site, arrives):
    viewer = arrives(site, "viewer")
    viewer.expects(403)
    viewer.page.goto("/jobs/")
    expect(viewer.page.get_by_role("link", name="Order filings", exact=True)).to_have_count(0)
    viewer.page.goto("/order/")
    expect(viewer.page.get_by_role("heading", name="Not allowed")).to_be_visible()
    expect(viewer.page.get_by_role("alert")).to_contain_text("Ask an administrator for the group Operator")


_OPERATOR = """
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
user = get_user_model().objects.create_user("meena", password={password!r})
user.groups.set(Group.objects.filter(name="Operator"))
"""


def test_list_above_the_monthly_limit_is_shortened(site, arrives):
    site.shell(_OPERATOR.format(password=site.password))
    visitor = arrives(site, "meena", viewport={"width": 360, "height": 740})
    visitor.expects(422)
    page, cins = visitor.page, [a_cin() for _ in range(3)]
    page.goto("/order/?by=list")
    expect(page.get_by_text("0 of 2 ordered this month, 2 left")).to_be_visible()
    field, check = page.locator("#list"), page.get_by_role("button", name="Check the list")
    field.fill("\n".join(f"{cin}, Limited Limited" for cin in cins))
    check.click()
    expect(page.get_by_role("alert")).to_contain_text("0 of 2 this month; this list has 3. Shorten it to 2")
    page.get_by_role("link", name="Go back").click()
    field.fill("\n".join(f"{cin}, Limited Limited" for cin in cins[:2]))
    check.click()
    page.get_by_role("button", name="Order 2 jobs").click()
    expect(page.get_by_text("2 jobs ordered.")).to_be_visible()
    page.goto("/usage/")
    expect(page.get_by_text("2 of 2 ordered this month, 0 left")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
