"""From a company to a ZIP, a link that needs no account, and its end."""

from __future__ import annotations

import io
import zipfile

from playwright.sync_api import expect

from tests.browser.companies import a_company_with_files
from tests.making import a_cin


def test_company_is_packed_and_shared_by_link(folder_site, filings, arrives):
    cin = a_cin()
    a_company_with_files(filings, cin)
    folder_site.order(cin, "Nilgiri Tea Limited")
    folder_site.wait_until_idle()
    asha = arrives(folder_site)
    page = asha.page
    page.goto(f"/companies/{cin}/")
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
