"""The scenes about companies and the team: pages that staff use every day."""

from __future__ import annotations

from contextlib import suppress

from playwright.sync_api import Error, Page, expect

from tests.demo.stage import Stage, type_into

CIN, COMPANY = "L24295GJ1987PLC143792", "Vindhya Chemicals Limited"
_EVENTS = ("order.completed", "order.failed", "filings.new")


def add_webhook(stage: Stage) -> None:
    """Not filmed: an Admin adds the receiver, before anything is ordered."""
    browser = stage.page.context.browser
    assert browser is not None
    with browser.new_context(base_url=stage.site.machine.address) as context:
        stage.site.log_in(context, "binod")
        page = context.new_page()
        page.goto("/webhooks/")
        page.get_by_label("What receives the events?").fill("Accounting")
        page.get_by_label("Address").fill(stage.receiver)
        for event in _EVENTS:
            page.get_by_label(event).check()
        page.get_by_role("button", name="Add endpoint").click()
        expect(page.get_by_role("link", name="Accounting", exact=True)).to_be_visible()


def company(stage: Stage) -> None:
    page = stage.page
    page.goto(stage.site.url(f"/companies/{CIN}/"))
    with stage.camera.scene("A company", page) as scene:
        scene.say("A company's page combines all its filings. Each value links to the filing that states it.")
        scene.wait(1.5)
        scene.glide(330, 5)
        _open(page, "Text search")
        scene.say("Search finds words and phrases in the text of all documents.")
        type_into(page, 'Words, "phrases", -excluded', '"financial statements"')
        page.get_by_text("Filter +").click()
        page.get_by_label("Form", exact=True).select_option("AOC-4")
        page.get_by_role("button", name="Search", exact=True).click()
        scene.wait(2.5)
        page.locator("main h2 a, main h3 a").first.click()
        scene.say("A hit opens the document at its page.")
        scene.wait(5)


def watch(stage: Stage) -> None:
    page = stage.page
    page.goto(stage.site.url(f"/companies/{CIN}/"))
    with stage.camera.scene("New filings", page) as scene:
        scene.say("Watch a company, and it is checked again every week. New filings are reported by mail or webhook.")
        scene.wait(1)
        page.locator("summary", has_text="Watch").click()
        scene.wait(1.5)
        page.get_by_role("button", name="Watch", exact=True).click()
        scene.let_read()
        _open(page, "Webhooks")
        page.get_by_role("link", name="Delivery log").click()
        scene.say("The accounting system received a signed webhook when the order was completed.")
        scene.wait(1)


def export(stage: Stage) -> None:
    page = stage.page
    page.goto(stage.site.url(f"/companies/{CIN}/"))
    with stage.camera.scene("A ZIP", page) as scene:
        scene.say("One click packs everything that a company has filed. A worker does it in the background.")
        scene.wait(1)
        page.get_by_role("button", name="Download everything").click()
        scene.wait(1.5)
        run_now = page.get_by_role("button", name="Run now")
        if run_now.count():
            with suppress(Error):  # a worker may start at this moment, which removes the button
                run_now.click(timeout=2_000)
        scene.until(lambda: page.get_by_label("Who receives it?").count())
        scene.let_read()
        scene.say("A link gives it to a person without an account. It expires, and each download is recorded.")
        scene.bring(page.get_by_label("Who receives it?"))
        type_into(page, "Who receives it?", "Auditor")
        page.get_by_role("button", name="Create link").click()


def team(stage: Stage) -> None:
    page = stage.page
    page.goto(stage.site.url("/jobs/?status=failed&order=oldest"))
    with stage.camera.scene("A team", page) as scene:
        scene.say("Save filters as a view, for yourself or for everybody.")
        page.get_by_text("Save view…").click()
        type_into(page, "Name of the view", "Failed, oldest first")
        page.get_by_label("Share with everybody").check()
        page.get_by_role("button", name="Save", exact=True).click()
        scene.wait(0.5)
        page.locator(".views summary").first.click()
        scene.let_read()
        _open(page, "Accounts")
        page.get_by_role("link", name="Invite…").click()
        scene.say("Admins invite users with a link that works once, and choose their role.")
        type_into(page, "Name to log in with", "meera")
        page.get_by_label("Operator").check()
        page.get_by_role("button", name="Create the account").click()
        scene.let_read()
        _open(page, "Usage")
        scene.say("Usage shows orders, documents and pages per person and month.")


def _open(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name=name, exact=True).click()
