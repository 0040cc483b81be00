"""From a company's name to a workbook and a ZIP, a link that needs no account, and its end."""

from __future__ import annotations

import io
import zipfile

import openpyxl
from playwright.sync_api import expect

from tests.browser.companies import a_company_with_files
from tests.making import a_cin


def test_name_leads_to_a_workbook_and_a_link(folder_site, filings, arrives, tmp_path):
    cin = a_cin()
    a_company_with_files(filings, cin)
    listed = tmp_path / "companies.csv"
    listed.write_text(f"CIN,CompanyName,CompanyStatus\n{cin},Nilgiri Tea Limited,Active\n")
    assert folder_site.machine.manage("load_companies", str(listed)).returncode == 0
    page = arrives(folder_site).page

    page.goto("/order/")
    page.get_by_label("Company", exact=True).press_sequentially("nilgri tea")
    page.get_by_role("listbox").get_by_role("option").first.click()
    page.get_by_role("button", name="Order", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Ordered: Nilgiri Tea Limited.")).to_be_visible()
    folder_site.wait_until_idle()
    page.get_by_role("link", name=cin).click()
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Excel workbook").click()
    book = openpyxl.load_workbook(io.BytesIO(saved.value.path().read_bytes()))
    assert {"Profile", "Directors", "Charges", "Financials", "Filings"} <= set(book.sheetnames)
    assert book["Filings"].max_row == 3

    page.get_by_role("button", name="Download everything").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("All filings of Nilgiri Tea Limited")
    expect(page.get_by_role("link", name="Download the ZIP")).to_be_visible(timeout=60_000)
    page.get_by_label("Who receives it?").fill("Auditor")
    page.get_by_role("button", name="Create link").click()
    address = page.locator("#address").inner_text()

    guest = arrives(folder_site, None)
    guest.expects(410)
    guest.page.goto(address)
    expect(guest.page.get_by_role("heading", level=1)).to_contain_text("Nilgiri Tea Limited")
    with guest.page.expect_download() as download:
        guest.page.get_by_role("link", name="Download the ZIP").click()
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
        assert archive.testzip() is None
        assert "Nilgiri Tea Limited/2024/AOC-4 2024-09-30 AOC-4_2024-09-30.pdf" in archive.namelist()

    page.goto(page.url.removesuffix("links/"))  # reloading would send the form again
    page.get_by_role("button", name="Revoke the link").click()
    expect(page.get_by_text("The link is revoked.")).to_be_visible()
    assert guest.page.goto(address).status == 410
    expect(guest.page.get_by_text("This link was revoked. Ask the sender for a new one.")).to_be_visible()
