"""``make screenshots``: takes the documentation's pictures from a running Filesure."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.browser.site import Site, Visitor, a_site
from tests.processes import wait_until
from tests.servers.chromium import chromium
from tests.servers.oidc import Provider, oidc_provider

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
SETTINGS = {
    "SIMULATED_SECONDS_PER_DOCUMENT": "0.3",
    "SIMULATED_FAULT_RATE": "0.08",
    "MAX_ATTEMPTS": "2",
    "BACKOFF_SECONDS": "1",
    "MAX_WORKERS": "3",
}
_STAFF = "from django.contrib.auth.models import User; User.objects.filter(username='asha').update(is_staff=True)"
LOW = {"width": 1280, "height": 480}  # for pages with a small card
# What the dashboard shows of the last hours. Inserted before it is first viewed, as each process counts a bar once.
_EARLIER = """
import random
from datetime import timedelta
from jobs.adapters.mongo.records import new_job_record
from jobs.bootstrap import application
from jobs.domain.job import Job, Progress, Run
from jobs.simulated_companies.companies import simulated_companies
app, source = application(), random.Random(16)
ends = ["completed"] * 40 + ["partial"] * 3 + ["failed", "cancelled"]
for number, (cin, name) in enumerate(simulated_companies(420, source)):
    ended = app.clock() - timedelta(minutes=source.triangular(3, 180, 20))
    waited, status, documents = source.uniform(5, 200), source.choice(ends), source.randint(30, 50)
    ordered = ended - timedelta(seconds=60 + waited)
    shown = {"partial": {"downloaded": documents - 1, "failed": 1}, "failed": {}, "cancelled": {"downloaded": 14}}
    job = Job(
        id=f"{int(ordered.timestamp()):08x}{number:016x}", cin=cin, company_name=name, requested_by="asha",
        run_after=ordered, max_attempts=2, created_at=ordered, updated_at=ended,
        progress=Progress(total=documents, **shown.get(status, {"downloaded": documents})),
    )
    record = new_job_record(job, unique=False) | {"jobStatus": status, "completedAt": ended}
    record.pop("runAfter")
    if status == "failed":
        record["lastError"] = {"kind": "source_unavailable", "message": "The source is unavailable.", "at": ended}
    app.database["jobs"].insert_one(record)
    begun = ended - timedelta(seconds=60)
    run = Run(job_id=job.id, number=1, worker="vm-1", fence=1, started_at=begun, waited=waited)
    app.runs.start(run)
"""
# When the last picture is taken, some jobs must have ended while others are still waiting.
JOBS, ENDED = 40, 12
PASTED = """L24295GJ1987PLC143792, Vindhya Chemicals Limited, 7
U72900KA2008PTC123456, Nilgiri Software Private Limited
L24295GJ1987PLC14379X, One Letter Off Limited
"""


def main(folder: Path = IMAGES) -> None:
    """Write the pictures of docs/site.md to this folder, including one in dark mode and one on a phone."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data_dir, a_site(Path(data_dir), **SETTINGS) as site, chromium() as browser:
        photographer = _Photographer(site, browser, folder)
        photographer.shoot_all()
        with oidc_provider(Path(data_dir), site.url("/login/provider/done/")) as provider:
            provider.knows("asha-1", preferred_username="asha@contoso.example", name="Asha Rao", groups=["fs-admins"])
            site.restart(**provider.settings())
            photographer.shoot_sign_in(provider)
        site.restart(DEBUG="true")
        photographer.shoot_style()


class _Photographer:
    def __init__(self, site: Site, browser: Browser, folder: Path) -> None:
        self._site = site
        self._browser = browser
        self._folder = folder

    def shoot_all(self) -> None:
        page = self._visitor().page
        completed, partial = self._history(page)
        places = {
            "dashboard": "/",
            "workers": "/workers/",
            "job": completed,
            "job-partial": partial,
            "documents": "/documents/?status=stored",
            "document-text": f"{completed}documents/1/text",
            "failures": "/failures/",
            "api": "/api/docs",
        }
        self._shoot(page, "jobs", "/jobs/?order=oldest")
        self._site.shell(_EARLIER)
        page.goto("/")
        expect(page.locator("#live")).not_to_contain_text("being counted")
        self._shoot(self._visitor(color_scheme="dark").page, "dashboard-dark", "/")
        for name, path in places.items():
            self._shoot(page, name, path)
        self._shoot(self._visitor(viewport={"width": 390, "height": 844}).page, "job-phone", completed)
        self._shoot_document(page)
        self._shoot_orders(page)
        self._shoot_company(page, completed)
        self._shoot_token(page)
        self._shoot_view(page)
        self._shoot_export(page, completed)
        self._shoot_accounts(page)
        self._shoot(page, "account", "/account/")
        self._shoot_webhooks(page)
        self._shoot(self._visitor("viewer").page, "not-allowed", "/order/")
        self._shoot(page, "login-codes", "/account/codes/")

    def shoot_sign_in(self, provider: Provider) -> None:
        """The login page with a provider, and the question whether to connect an account to it."""
        self._shoot(self._visitor(None, viewport=LOW).page, "login", "/login/")
        page = self._visitor(viewport=LOW).page
        page.goto("/account/")
        page.get_by_role("link", name="Connect").click()
        provider.log_in_with(page, "asha-1")
        self._shoot(page, "connect")

    def shoot_style(self) -> None:
        """The page of styles as a whole, in both schemes, with the hover and focus that its parts are marked with."""
        self._site.shell(_STAFF)
        for scheme in ("light", "dark"):
            page = self._visitor(color_scheme=scheme).page
            page.goto("/style/")
            session = page.context.new_cdp_session(page)
            session.send("DOM.enable")
            session.send("CSS.enable")
            root = session.send("DOM.getDocument")["root"]["nodeId"]
            for state in ("hover", "focus-visible"):
                found = session.send("DOM.querySelectorAll", {"nodeId": root, "selector": f"[data-forced={state}]"})
                for node in found["nodeIds"]:
                    session.send("CSS.forcePseudoState", {"nodeId": node, "forcedPseudoClasses": [state]})
            page.wait_for_timeout(800)
            page.screenshot(path=self._folder / f"style-{scheme}.png", full_page=True)

    def _visitor(self, name: str | None = "asha", **context: Any) -> Visitor:
        return Visitor(self._site, self._browser, name, **{"viewport": {"width": 1280, "height": 860}} | context)

    def _history(self, page: Page) -> tuple[str, str]:
        """The paths of a completed and a partial job; other jobs wait and run."""
        done = self._site.machine.manage("create_jobs", "--count", str(JOBS))
        assert done.returncode == 0, done.stderr
        return self._first(page, "completed", ENDED), self._first(page, "partial", 1)

    def _first(self, page: Page, status: str, least: int) -> str:
        def found() -> bool:
            page.goto(f"/jobs/?status={status}")
            return page.locator("tbody tr").count() >= least

        wait_until(found, 600)
        path = page.locator("tbody tr a").first.get_attribute("href")
        assert path is not None
        return path

    def _shoot(self, page: Page, name: str, path: str | None = None) -> None:
        """Take a picture of the current page, or of the one at this path, without scrolling."""
        if path is not None:
            page.goto(path)
        page.wait_for_timeout(800)
        page.screenshot(path=self._folder / f"{name}.png")

    def _shoot_document(self, page: Page) -> None:
        """The newest stored MGT-7, beside its record."""
        page.goto("/documents/?form=MGT-7&status=stored")
        path = page.locator("tbody tr td[data-label=File] a").first.get_attribute("href")
        self._shoot(page, "document", path)

    def _shoot_orders(self, page: Page) -> None:
        page.goto("/order/")
        page.get_by_label("CIN, LLPIN or FCRN", exact=True).press_sequentially("L24295GJ1987PLC143792")
        page.get_by_label("Company", exact=True).fill("Vindhya Chemicals Limited")
        self._shoot(page, "order")
        page.goto("/order/?by=list")
        page.get_by_label("One company per line").fill(PASTED)
        page.get_by_role("button", name="Check the list").click()
        self._shoot(page, "order-preview")
        page.goto("/jobs/?status=pending")
        page.get_by_label("Select all shown").check()
        page.get_by_label("that match").check()
        page.get_by_role("button", name="Change priority").click()
        self._shoot(page, "confirmation")

    def _shoot_view(self, page: Page) -> None:
        """The menu of views, after one has been saved and opened."""
        page.goto("/jobs/?status=partial&order=oldest")
        page.get_by_text("Save view…").click()
        page.get_by_label("Name of the view").fill("Partial, oldest first")
        page.get_by_label("Share with everybody").check()
        page.get_by_role("button", name="Save", exact=True).click()
        page.locator(".views summary").first.click()
        self._shoot(page, "saved-view")

    def _shoot_accounts(self, page: Page) -> None:
        """The list with an invited account, whose link is on the page before."""
        page.goto("/accounts/invite/")
        page.get_by_label("Name to log in with").fill("meera")
        page.get_by_label("Email").fill("meera@example.com")
        page.get_by_label("Operator").check()
        page.get_by_role("button", name="Create the account").click()
        self._shoot(page, "accounts", "/accounts/")

    def _shoot_export(self, page: Page, completed: str) -> None:
        page.goto(completed)
        page.get_by_role("button", name="Download everything").click()
        page.get_by_role("button", name="Run now").click()
        page.get_by_label("Who receives it?").fill("Auditor")
        page.get_by_role("button", name="Create link").click()
        shared = page.locator("#address").inner_text()
        self._shoot(page, "export", page.url.removesuffix("links/"))
        self._shoot(self._visitor(None, viewport=LOW).page, "shared", shared)

    def _shoot_company(self, page: Page, completed: str) -> None:
        """The company of a completed job, found again by a word of its filings, and watched."""
        page.goto(completed)
        page.locator('main a[href^="/companies/"]').first.click()
        self._shoot(page, "company")
        page.locator("summary", has_text="Watch").click()
        page.get_by_role("button", name="Watch", exact=True).click()
        for name, path in {
            "companies": "/companies/",
            "search": "/search/?q=auditor",
            "watches": "/watches/",
            "usage": "/usage/",
            "audit": "/audit/",
        }.items():
            self._shoot(page, name, path)

    def _shoot_webhooks(self, page: Page) -> None:
        page.goto("/webhooks/")
        page.get_by_label("What receives the events?").fill("Accounting")
        page.get_by_label("Address").fill("https://accounting.example.com/filesure")
        for event in ("order.completed", "order.partial", "order.failed", "filings.new"):
            page.get_by_label(event).check()
        self._shoot(page, "webhooks")

    def _shoot_token(self, page: Page) -> None:
        page.goto("/tokens/")
        page.get_by_label("What will use it?").fill("Nightly report")
        self._shoot(page, "tokens")


if __name__ == "__main__":
    main()
