"""Logging in and out."""

from __future__ import annotations

from playwright.sync_api import expect


def test_login_returns_to_the_requested_page(site, arrives):
    visitor = arrives(site, None)
    page = visitor.page
    page.goto("/failures/")
    expect(page).to_have_url(site.url("/login/?next=/failures/"))
    page.get_by_label("Name").fill("asha")
    page.get_by_label("Password").fill(site.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Failures")).to_be_visible()


def test_wrong_password_keeps_the_typed_name(site, arrives):
    page = arrives(site, None).page
    page.goto("/login/")
    page.get_by_label("Name").fill("asha")
    page.get_by_label("Password").fill("not it")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("Wrong name or password")
    expect(page.get_by_label("Name")).to_have_value("asha")
    expect(page.get_by_label("Password")).to_have_value("")


def test_polling_without_a_session_leads_to_login(site, arrives):
    visitor = arrives(site, None)
    visitor.expects(401)
    page = visitor.page
    _log_in(page, site)
    page.goto("/workers/")
    session = next(each["value"] for each in visitor.context.cookies() if each["name"] == "filesure_session")
    site.shell(f"from jobs.models import Session; Session.objects.get(pk={session!r}).delete()")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("Your session expired")
    page.get_by_label("Name").fill("asha")
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(site.url("/workers/"))


def test_logging_out_ends_the_session(site, arrives):
    page = arrives(site, None).page
    _log_in(page, site)
    page.get_by_role("button", name="Log out").click()
    page.goto("/jobs/")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def _log_in(page, site):
    page.goto("/login/")
    page.get_by_label("Name").fill("asha")
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
