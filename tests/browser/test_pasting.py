"""Ordering a pasted list."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.history import HOSTILE
from tests.making import a_cin


def test_pasted_list_is_previewed_and_ordered(asha):
    page = asha.page
    page.goto("/order/?by=list")
    page.get_by_label("One company per line").fill(
        f"{a_cin()}, Pasted, Commas and All Limited, 4\n{a_cin()}, Plain Ltd"
    )
    page.get_by_role("button", name="Check the list").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 would be ordered, 0 refused")
    page.get_by_role("button", name="Order 2 jobs").click()
    expect(page.get_by_text("2 jobs ordered.")).to_be_visible()
    page.get_by_role("link", name="All jobs of this list").click()
    expect(page.get_by_role("link", name="Pasted, Commas and All Limited")).to_have_count(1)


def _as_a_spreadsheet_copies(names):
    return "\n".join('{}\t"{}"'.format(a_cin(), name.replace('"', '""')) for name in names)


def test_hostile_names_in_a_list_stay_text(asha):
    page = asha.page
    page.goto("/order/?by=list")
    page.get_by_label("One company per line").fill(_as_a_spreadsheet_copies(HOSTILE))
    page.get_by_role("button", name="Check the list").click()
    for name in HOSTILE:
        expect(page.get_by_role("cell", name=name)).to_be_visible()
    page.get_by_role("button", name="Order 2 jobs").click()
    page.get_by_role("link", name="All jobs of this list").click()
    for name in HOSTILE:
        expect(page.get_by_role("link", name=name)).to_be_visible()
    expect(page.locator("img[src=x]")).to_have_count(0)
