"""MongoDB becomes unreachable and returns."""

from __future__ import annotations

from contextlib import ExitStack

from playwright.sync_api import expect

from tests.browser.site import a_site
from tests.making import a_cin
from tests.servers.mongodb import embedded_mongodb


def test_pages_report_a_mongodb_outage_and_recover(arrives, tmp_path):
    with ExitStack() as mongodb:
        uri = mongodb.enter_context(embedded_mongodb(tmp_path))
        with a_site(tmp_path, MONGODB_URI=uri, MONGODB_TIMEOUT_SECONDS="1", LEASE_SECONDS="5") as site:
            job_id = site.order(a_cin(), "Patient Limited")
            watcher, visitor = arrives(site), arrives(site, "binod")
            watcher.page.goto("/")
            for each in (watcher, visitor):
                each.expects(503)

            mongodb.close()
            visitor.page.goto("/jobs/")
            expect(visitor.page.get_by_role("heading", name="MongoDB is not reachable")).to_be_visible()
            expect(watcher.page.locator("#live-state")).to_contain_text("Not up to date", timeout=20_000)
            expect(watcher.page.get_by_role("region", name="Jobs by state")).to_be_visible()

            mongodb.enter_context(embedded_mongodb(tmp_path))
            expect(watcher.page.locator("#live-state")).to_have_text("Live", timeout=20_000)
            visitor.page.goto(f"/jobs/{job_id}/")
            expect(visitor.page.locator("h1 .state")).to_have_text("completed", timeout=90_000)
            for each in (watcher, visitor):
                each.context.close()  # before the site stops
