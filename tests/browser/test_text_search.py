"""Searching the text of documents, from the first results to the last, without JavaScript too."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.making import a_cin
from worker.sources.simulated_pdf import text_pdf


@pytest.fixture
def word(folder_site, filings) -> str:
    """A word on 60 pages of a filing that was ordered and read."""
    cin = a_cin()
    (filings / cin).mkdir()
    word = f"zoology{cin[-6:]}"
    pages = [[f"Resolution {number} about {word}"] for number in range(1, 61)]
    (filings / cin / "MGT-14_2024-09-30.pdf").write_bytes(text_pdf(pages, title="MGT-14"))
    folder_site.order(cin, "Sought Limited")
    folder_site.wait_until_idle()
    return word


@pytest.mark.parametrize("script", [True, False])
def test_more_results_lead_to_the_last_and_back(folder_site, arrives, word, script):
    page = arrives(folder_site, java_script_enabled=script).page
    page.goto("/search/")
    page.get_by_label('Words, "phrases", -excluded').fill(word)
    page.get_by_role("button", name="Search", exact=True).click()
    hits = page.locator(".hits li")
    expect(hits).to_have_count(50)
    expect(page.get_by_text("1 to 50 of 60 pages.")).to_be_visible()
    page.get_by_role("link", name="More results").click()
    page.wait_for_url("**cursor=50**")
    expect(page.get_by_text("51 to 60 of 60 pages.")).to_be_visible()
    expect(hits).to_have_count(10)
    expect(page.get_by_role("link", name="More results")).to_have_count(0)
    page.go_back()
    expect(hits).to_have_count(50)
    page.go_forward()
    page.get_by_role("link", name="Previous results").click()
    expect(page.get_by_text("1 to 50 of 60 pages.")).to_be_visible()
