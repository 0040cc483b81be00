"""Every page is accessible, fits the screen, reports no error and runs no foreign script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from playwright.sync_api import Locator, Page, expect
from pypdfium2 import PdfDocument

from tests.browser.axe import violations
from tests.browser.history import BULK, HOSTILE, Shown, with_history
from tests.browser.site import Visitor
from tests.making import a_cin

PHONE = {"width": 360, "height": 740}
SECONDS = 60_000
LISTS = ("/jobs/", "/documents/", "/companies/")

# Buttons, fields and links beside each other; not links within a text, a table or a list.
_TOO_SMALL = """
() => [...document.querySelectorAll(
    "button, .button, main summary, select, input:not([type=hidden]), header a, nav a, .strip a")]
  .map(each => each.matches("[type=checkbox], [type=radio]") ? each.closest("label") || each : each)
  .filter(each => each.checkVisibility() && !each.closest(".hidden, .skip, .crumbs"))
  .map(each => [each.getBoundingClientRect(), each.outerHTML.slice(0, 120)])
  .filter(([box]) => box.height && Math.min(box.height, box.width) < 24)
"""


@pytest.fixture(scope="module")
def shown(folder_site, filings) -> Shown:
    return with_history(folder_site, filings)


def _address(path: str) -> Callable[[Page, Shown], None]:
    def go(page: Page, shown: Shown) -> None:
        page.goto(path.format(good=shown.good, failed=shown.failed, cin=shown.cin))

    return go


def _preview(page: Page, _shown: Shown) -> None:
    page.goto("/order/?by=list")
    page.get_by_label("One company per line").fill(f"{a_cin()}; {HOSTILE[1]}\nnonsense; {HOSTILE[1]}")
    page.get_by_role("button", name="Check the list").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 refused")


def _bulk_confirmation(page: Page, _shown: Shown) -> None:
    page.goto("/jobs/")
    page.get_by_label("Select all shown").check()
    page.get_by_label("that match").check()
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Retry")


def _opened_job(page: Page, shown: Shown) -> None:
    page.goto(f"/jobs/{shown.failed}/")
    page.get_by_text("Delete…").click()
    for run in page.locator("details[id^=error-] summary").all():
        run.click()


def _order_refused(page: Page, _shown: Shown) -> None:
    page.goto("/order/")
    page.get_by_label("CIN, LLPIN or FCRN", exact=True).fill("nonsense")
    page.get_by_label("Company", exact=True).fill(HOSTILE[0])
    page.get_by_role("button", name="Order", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()


def _changed_view(page: Page, _shown: Shown) -> None:
    """The menu and the form to save another one are open."""
    page.goto("/jobs/")
    page.locator(".views summary").first.click()
    page.get_by_role("link", name="Failed, the oldest first").click()
    page.locator(".tabs").get_by_text("Completed").click()
    page.get_by_text("Save as…").click()
    page.locator(".views summary").first.evaluate("summary => summary.parentElement.open = true")
    expect(page.get_by_label("Saved views").locator("[aria-current]")).to_contain_text("Failed, the oldest first")


def _view(page: Page, _shown: Shown) -> None:
    page.goto("/views/")
    page.get_by_role("link", name="Change Failed").click()
    page.get_by_text("Delete…").click()


def _account(page: Page, _shown: Shown) -> None:
    page.goto("/accounts/")
    page.locator("main").get_by_role("link", name="viewer").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("viewer")
    page.get_by_text("Deactivate…").click()


def _export(page: Page, shown: Shown) -> None:
    page.goto(f"/companies/{shown.cin}/")
    page.get_by_role("button", name="Download everything").click()
    expect(page.get_by_role("button", name="Create link")).to_be_visible()


def _style(page: Page, shown: Shown) -> None:
    text = shown.site.page_of_styles
    page.route("**/style/", lambda route: route.fulfill(body=text, content_type="text/html"))
    page.goto("/style/")


def _webhook(page: Page, _shown: Shown) -> None:
    page.goto("/webhooks/")
    page.locator("main table").get_by_role("link").click()
    page.get_by_text("Remove…").click()


# Page → user, how the user gets there, and the expected status.
PAGES: dict[str, tuple[str | None, Callable[[Page, Shown], None], int]] = {
    "login": (None, _address("/login/"), 200),
    "dashboard": ("asha", _address("/"), 200),
    "dashboard of a week": ("asha", _address("/?span=week"), 200),
    "jobs": ("asha", _address("/jobs/"), 200),
    "jobs, none": ("asha", _address("/jobs/?q=nobody"), 200),
    "jobs, changed view": ("asha", _changed_view, 200),
    "saved views": ("asha", _address("/views/"), 200),
    "saved view": ("asha", _view, 200),
    "job": ("asha", _address("/jobs/{good}/"), 200),
    "job that failed": ("asha", _opened_job, 200),
    "order": ("asha", _address("/order/"), 200),
    "order, list": ("asha", _address("/order/?by=list"), 200),
    "order, file": ("asha", _address("/order/?by=file"), 200),
    "order, refused": ("asha", _order_refused, 422),
    "order preview": ("asha", _preview, 200),
    "bulk confirmation": ("asha", _bulk_confirmation, 200),
    "bulk actions": ("asha", _address("/bulk/"), 200),
    "bulk action": ("asha", _address(f"/bulk/{BULK}/"), 200),
    "documents": ("asha", _address("/documents/"), 200),
    "document": ("asha", _address("/jobs/{good}/documents/1/"), 200),
    "document text": ("asha", _address("/jobs/{good}/documents/1/text"), 200),
    "companies": ("asha", _address("/companies/"), 200),
    "company": ("asha", _address("/companies/{cin}/"), 200),
    "company filings": ("asha", _address("/companies/{cin}/filings/"), 200),
    "usage": ("asha", _address("/usage/"), 200),
    "watches": ("asha", _address("/watches/"), 200),
    "export": ("asha", _export, 200),
    "no such link": (None, _address("/shared/fsl_unknown/"), 404),
    "no such company": ("asha", _address("/companies/nobody/"), 404),
    "search": ("asha", _address("/search/"), 200),
    "search, hits": ("asha", _address("/search/?q=limited"), 200),
    "search, refused": ("asha", _address("/search/?q=-limited"), 422),
    "failures": ("asha", _address("/failures/"), 200),
    "workers": ("asha", _address("/workers/"), 200),
    "audit": ("asha", _address("/audit/"), 200),
    "account": ("asha", _address("/account/"), 200),
    "accounts": ("asha", _address("/accounts/"), 200),
    "account of a viewer": ("asha", _account, 200),
    "invitation": ("asha", _address("/accounts/invite/"), 200),
    "invitation, used": (None, _address("/welcome/MQ/a-b/"), 200),
    "find": ("asha", _address("/find/?q=a"), 200),
    "tokens": ("asha", _address("/tokens/"), 200),
    "webhooks": ("asha", _address("/webhooks/"), 200),
    "webhook": ("asha", _webhook, 200),
    "deliveries": ("asha", _address("/webhooks/deliveries/"), 200),
    "API": ("asha", _address("/api/docs"), 200),
    "style": ("asha", _style, 200),
    "no such page": ("asha", _address("/nowhere/"), 404),
    "no such job": ("asha", _address("/jobs/65a1b2c3d4e5f60718293a4b/"), 404),
    "not allowed": ("viewer", _address("/order/"), 403),
}


@pytest.fixture(params=PAGES)
def come(request, shown, arrives):
    """``come(**context)`` opens the page in a browser of this kind."""
    name, go, status = PAGES[request.param]

    def comes(**context: object) -> Visitor:
        visitor = arrives(shown.site, name, **context)
        if status != 200:
            visitor.expects(status)
        go(visitor.page, shown)
        return visitor

    return comes


def test_page_is_accessible(come):
    assert violations(come(reduced_motion="reduce").page) == []


def test_job_is_printed_without_the_frame(shown, arrives):
    """Also for an account with the dark theme, since paper is white."""
    page = arrives(shown.site, viewport={"width": 794, "height": 1123}).page  # A4
    page.goto(f"/jobs/{shown.good}/")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.emulate_media(media="print")
    for part in ("header.top", "#side", "main .actions", "main .pages", "main .toolbar", ".skip"):
        for each in page.locator(part).all():
            expect(each).to_be_hidden()
    for part in ("h1", "[aria-labelledby=documents-title] table", ".stages"):
        expect(page.locator(part).first).to_be_visible()
    background, text = _colours(page)
    assert (background > 200, text < 60) == (True, True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 794
    assert page.evaluate("document.querySelector('main').getBoundingClientRect().left") <= 30


def test_long_table_begins_on_the_first_sheet(shown, arrives):
    page = arrives(shown.site).page
    page.goto(f"/jobs/{shown.good}/")
    table = page.locator("[aria-labelledby=documents-title] tbody")
    row = table.locator("td.main").first.inner_text().split()[0]
    table.evaluate("body => { while (body.rows.length < 100) body.append(body.rows[0].cloneNode(true)) }")
    with PdfDocument(page.pdf(format="A4")) as printed:
        assert row in printed[0].get_textpage().get_text_range()
        assert len(printed) < 12


def test_page_fits_a_phone(come):
    page = come(viewport=PHONE).page
    width = page.evaluate("document.documentElement.scrollWidth")
    wide = page.evaluate(
        "() => [...document.querySelectorAll('main *, header *')]"
        ".filter(each => !each.closest('.scrolls, .tabs, .hidden, thead, details:not([open])')"
        " && each.getBoundingClientRect().right > innerWidth + 1).map(each => each.outerHTML.slice(0, 120))"
    )
    assert (width, wide) == (360, [])
    assert page.evaluate(_TOO_SMALL) == []


@pytest.mark.parametrize(("width", "top"), [(1280, 200), (360, 250)])
@pytest.mark.parametrize("path", LISTS)
def test_data_begins_near_the_top(shown, arrives, path, width, top):
    page = arrives(shown.site, viewport={"width": width, "height": 800}).page
    page.goto(path)
    assert page.locator("tbody tr").first.bounding_box()["y"] <= top


@pytest.mark.parametrize("path", ["/jobs/", "/companies/"])
def test_rows_on_a_phone_have_two_lines(shown, arrives, path):
    page = arrives(shown.site, viewport=PHONE).page
    page.goto(path)
    rows = page.locator("#list tbody tr").filter(has_not=page.locator(".reason")).all()  # reasons have their own line
    assert rows
    for row in rows:
        cells = row.locator("td:visible:not(.tick):not(.main)").all()
        middles = [box["y"] + box["height"] / 2 for box in (cell.bounding_box() for cell in cells)]
        assert max(middles) - min(middles) <= 4, row.inner_text()


@pytest.mark.parametrize("path", LISTS)
def test_heading_and_its_controls_are_on_one_line(shown, arrives, path):
    page = arrives(shown.site, viewport={"width": 1280, "height": 800}).page
    page.goto(path)
    parts = page.locator("main > .heading").locator("h1, summary, .toolbar > :is(.button, [type=search])").all()
    middles = [box["y"] + box["height"] / 2 for box in (part.bounding_box() for part in parts)]
    assert len(middles) >= 3
    assert max(middles) - min(middles) <= 1


@pytest.mark.parametrize(("path", "width"), [("/jobs/", 768), *((path, 1280) for path in LISTS)])
def test_no_column_is_cut_off(shown, arrives, path, width):
    """A list with a sticky header cannot be scrolled sideways."""
    page = arrives(shown.site, viewport={"width": width, "height": 800}).page
    page.goto(path)
    last, whole = (page.locator(each).last.bounding_box() for each in ("#list thead th:visible", "#list"))
    assert last["x"] + last["width"] <= whole["x"] + whole["width"]


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", ["/jobs/", "/companies/"])
def test_long_name_takes_two_lines_of_a_list(shown, arrives, path, width):
    page = arrives(shown.site, viewport={"width": width, "height": 800}).page
    page.goto(path)
    for name in ("W" * 200, "The Many Subsidiaries Of " * 8):
        assert _height(page.locator("#list td.main > a").first, name) <= 2 * _LINE


def test_long_name_takes_one_line_of_the_way_to_a_page(shown, arrives):
    page = arrives(shown.site, viewport=PHONE).page
    page.goto(f"/jobs/{shown.good}/")
    assert _height(page.locator(".crumbs [aria-current]"), "W" * 200) <= _LINE


@pytest.mark.parametrize("width", [768, 1280])
def test_reason_of_a_failed_job_can_be_read_in_the_list(shown, arrives, width):
    page = arrives(shown.site, viewport={"width": width, "height": 800}).page
    page.goto("/jobs/?status=failed")
    assert page.locator("#list .reason").first.bounding_box()["width"] >= 130


@pytest.mark.parametrize(("path", "width"), [("/jobs/{good}/", 768), ("/documents/", 1280)])
def test_names_of_files_are_not_divided(shown, arrives, path, width):
    page = arrives(shown.site, viewport={"width": width, "height": 800}).page
    page.goto(path.format(good=shown.good))
    for name in page.locator("main td.main > a:first-child").all():
        assert _height(name, "MGT-14_2014_R54999814.pdf") <= _LINE


def test_trend_of_a_figure_takes_one_line(shown, arrives):
    page = arrives(shown.site, viewport={"width": 768, "height": 800}).page
    page.goto("/")
    assert _height(page.locator(".metric-trend:has(.spark) > span").first, "▼ 99.9 points") <= _LINE


def test_chosen_tab_is_visible_on_a_phone(shown, arrives):
    page = arrives(shown.site, viewport=PHONE).page
    for status in ("failed", "cancelled", "pending"):
        page.goto(f"/jobs/?status={status}")
        expect(page.locator(".tabs [aria-current]")).to_be_in_viewport(ratio=1)


def test_time_in_a_sentence_of_a_table_leaves_no_gap(shown, arrives):
    """A time that fills its cell has a fixed width, so that the column keeps its own."""
    page = arrives(shown.site).page
    page.goto("/jobs/")
    add = "(row, text) => { row.insertCell().innerHTML = text; return row.lastChild.querySelector('time').offsetWidth }"
    row = page.locator("#list tbody tr").first
    assert row.evaluate(add, "<time data-ago>now</time>") >= 70
    assert row.evaluate(add, "<small><a>retried <time data-ago>now</time> by asha</a></small>") < 40


def test_preview_has_whole_rows_on_a_laptop(shown, arrives):
    page = arrives(shown.site, viewport={"width": 1280, "height": 800}).page
    _preview(page, shown)
    for row in page.locator("main code").all():
        assert _height(row, "L24295GJ1987PLC143792, Vindhya Chemicals Limited") <= _LINE


#: The height of a line of text in a table, at most.
_LINE = 22


def _height(element: Locator, text: str) -> float:
    """An element's height while it has this text, which the next refresh replaces."""
    heights = "(each, text) => { each.textContent = text; return each.getBoundingClientRect().height }"
    return float(element.evaluate(heights, text))


def test_heads_of_columns_sort_a_list(shown, arrives):
    """By keyboard, too; a second time in the other direction."""
    page = arrives(shown.site).page
    page.goto("/documents/")
    for direction in ("descending", "ascending"):
        page.get_by_role("columnheader", name="Filed").get_by_role("link").press("Enter")
        expect(page.get_by_role("columnheader", name="Filed")).to_have_attribute("aria-sort", direction)
        texts = [text for text in page.locator("td[data-label=Filed]").all_inner_texts() if text != "–"]
        days = [datetime.strptime(f"{text} +0000", "%d %b %Y %z") for text in texts]
        assert days == sorted(days, reverse=direction == "descending")
        assert len(set(days)) > 1
    page.goto("/companies/")
    for head in ("Ordered", "Company"):
        page.get_by_role("columnheader", name=head).get_by_role("link").click()
        expect(page.locator("th[aria-sort]")).to_contain_text(head)
        expect(page.locator("th[aria-sort]")).to_have_count(1)


@pytest.mark.parametrize("width", [1024, 1920, 2560])
def test_header_and_page_end_at_the_same_line(shown, arrives, width):
    page = arrives(shown.site, viewport={"width": width, "height": 800}).page
    page.goto("/jobs/")
    right = "selector => { const box = document.querySelector(selector).getBoundingClientRect(); return box.right }"
    assert abs(page.evaluate(right, "#live-state") - page.evaluate(right, "#list")) <= 1


@pytest.mark.parametrize("width", [1024, 1280])
def test_nothing_overflows_its_card(come, width):
    page = come(viewport={"width": width, "height": 800}).page
    full = page.evaluate(
        "() => [...document.querySelectorAll('.card')]"
        ".filter(each => each.scrollWidth > each.clientWidth + 1).map(each => each.outerHTML.slice(0, 120))"
    )
    assert full == []


@pytest.mark.parametrize("width", [900, 1024, 1200])
@pytest.mark.parametrize("path", ["/companies/{cin}/", "/jobs/{good}/documents/1/", "/tokens/"])
def test_parts_beside_each_other_are_wide_enough_for_a_table(shown, arrives, path, width):
    page = arrives(shown.site, viewport={"width": width, "height": 800}).page
    page.goto(path.format(good=shown.good, cin=shown.cin))
    parts = page.locator(":is(.columns, .side-by-side) > *").all()
    assert len(parts) >= 2
    assert min(part.bounding_box()["width"] for part in parts) >= 420


@pytest.mark.parametrize("width", [768, 1023, 1024, 1100, 1250])
@pytest.mark.parametrize("path", ["/jobs/", "/documents/", "/documents/?status=failed", "/companies/", "/accounts/"])
def test_list_does_not_scroll_sideways(shown, arrives, path, width):
    page = arrives(shown.site, viewport={"width": width, "height": 800}).page
    page.goto(path)
    assert page.locator("#list").evaluate("list => list.scrollWidth - list.clientWidth") <= 1


def test_company_is_printed_in_one_column(shown, arrives):
    page = arrives(shown.site, viewport={"width": 794, "height": 1123}).page  # A4
    page.goto(f"/companies/{shown.cin}/")
    page.emulate_media(media="print")
    assert all(part.bounding_box()["width"] > 700 for part in page.locator(".columns.company > *").all())


def test_page_follows_the_dark_preference(come):
    page = come(color_scheme="light").page
    light = _colours(page)
    page.emulate_media(color_scheme="dark")
    dark = _colours(page)
    assert (light[0] > 200, light[1] < 60) == (True, True), light
    assert (dark[0] < 60, dark[1] > 200) == (True, True), dark


def _colours(page):
    """Brightness of page and text, 0 to 255."""
    colours = page.evaluate(
        "(() => { const s = getComputedStyle(document.body); return [s.backgroundColor, s.color] })()"
    )
    return [sum(int(each) for each in colour.strip("rgb()").split(",")) / 3 for colour in colours]


def test_hostile_name_is_shown_as_text(come):
    page = come().page
    expect(page.locator("main img, main script")).to_have_count(0)
    text = page.locator("main").inner_text()
    assert "&lt;" not in text
    assert "&amp;" not in text


@pytest.mark.parametrize("path", ["/jobs/", "/jobs/{good}/", "/failures/", "/documents/", "/"])
def test_hostile_names_are_shown_unchanged(shown, arrives, path):
    page = arrives(shown.site).page
    page.goto(path.format(good=shown.good))
    texts = {"/jobs/": HOSTILE, "/jobs/{good}/": HOSTILE[:1], "/documents/": HOSTILE[:1], "/": HOSTILE[1:]}
    for text in texts.get(path, ()):
        expect(page.locator("main")).to_contain_text(text)
