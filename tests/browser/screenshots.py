"""Pictures of every page of a Filesure at work, for the documentation: ``make screenshots``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.browser.site import Site, Visitor, a_site
from tests.processes import wait_until
from tests.servers.chromium import chromium

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
SETTINGS = {
    "SIMULATED_SECONDS_PER_DOCUMENT": "0.3", "SIMULATED_FAULT_RATE": "0.05", "MAX_ATTEMPTS": "2",
    "BACKOFF_SECONDS": "1", "MAX_WORKERS": "3",
}  # fmt: skip
IN_EVERY_SIZE = ("dashboard", "jobs", "job")
PASTED = """L24295GJ1987PLC143792, Vindhya Chemicals Limited, 7
U72900KA2008PTC123456\t"Nilgiri Software, Private Limited"
L24295GJ1987PLC14379X, One Letter Off Limited
"""


def main(folder: Path = IMAGES) -> None:
    """Write ``<page>.png``, and some in the dark and on a phone, into this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data_dir, a_site(Path(data_dir), **SETTINGS) as site, chromium() as browser:
        _Photographer(site, browser, folder).shoot_all()


class _Photographer:
    def __init__(self, site: Site, browser: Browser, folder: Path) -> None:
        self._site = site
        self._browser = browser
        self._folder = folder

    def shoot_all(self) -> None:
        page = self._visitor().page
        completed, failed = self._history(page)
        places = {
            "dashboard": "/", "jobs": "/jobs/", "job": completed, "job-failed": failed, "documents": "/documents/",
            "document-text": f"{completed}documents/1/text", "failures": "/failures/", "workers": "/workers/",
            "api": "/api/docs", "not-found": "/nowhere/",
        }  # fmt: skip
        for name in places.keys() - set(IN_EVERY_SIZE):
            self._shoot(page, name, places[name])
        self._shoot_orders(page)
        self._shoot_token(page)
        self._shoot(self._visitor(None).page, "login", "/login/")
        self._shoot(self._visitor("viewer").page, "not-allowed", "/order/")
        dark = self._visitor(color_scheme="dark").page
        phone = self._visitor(viewport={"width": 390, "height": 844}).page
        for name in IN_EVERY_SIZE:
            self._shoot(page, name, places[name])
            self._shoot(dark, f"{name}-dark", places[name])
            self._shoot(phone, f"{name}-phone", places[name])

    def _visitor(self, name: str | None = "asha", **context: Any) -> Visitor:
        return Visitor(self._site, self._browser, name, **{"viewport": {"width": 1280, "height": 860}} | context)

    def _history(self, page: Page) -> tuple[str, str]:
        """The paths of a completed and of a failed job, while others wait and run."""
        done = self._site.machine.manage("create_jobs", "--count", "30")
        assert done.returncode == 0, done.stderr
        return self._first(page, "completed"), self._first(page, "failed")

    def _first(self, page: Page, status: str) -> str:
        def found() -> bool:
            page.goto(f"/jobs/?status={status}")
            return page.locator("tbody tr").count() > 0

        wait_until(found, 120)
        path = page.locator("tbody tr a").first.get_attribute("href")
        assert path is not None
        return path

    def _shoot(self, page: Page, name: str, path: str | None = None) -> None:
        """The page that is shown, or the one at this path: as much as one sees at first."""
        if path is not None:
            page.goto(path)
        page.wait_for_timeout(800)
        page.screenshot(path=self._folder / f"{name}.png")

    def _shoot_orders(self, page: Page) -> None:
        page.goto("/order/")
        page.get_by_label("CIN", exact=True).press_sequentially("L24295GJ1987PLC143792")
        page.get_by_label("Company", exact=True).fill("Vindhya Chemicals Limited")
        self._shoot(page, "order")
        page.get_by_label("One company a line").fill(PASTED)
        page.get_by_role("button", name="Check the list").click()
        self._shoot(page, "order-preview")
        page.goto("/jobs/?status=pending")
        page.locator("select[name=scope]").select_option("all")
        page.get_by_role("button", name="Change priority").click()
        self._shoot(page, "confirmation")

    def _shoot_token(self, page: Page) -> None:
        page.goto("/tokens/")
        page.get_by_label("What will use it?").fill("Nightly report")
        self._shoot(page, "tokens")


if __name__ == "__main__":
    main()
