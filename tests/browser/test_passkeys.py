"""Passkeys, with the virtual authenticator of Chromium. Browsers accept them at localhost, not at 127.0.0.1."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.site import Site, Visitor

_ACCOUNT = """
from django.contrib.auth.models import Group, User
from jobs.web import second_step
user, _ = User.objects.get_or_create(username="meera")
user.set_password({password!r})
user.save()
user.groups.set(Group.objects.filter(name="Viewer"))
second_step.turn_off(user)
"""
_NO_SUGGESTIONS = "delete PublicKeyCredential.isConditionalMediationAvailable"


class Authenticator:
    """A device with a fingerprint reader. Its user agrees to each request, also to those that only suggest passkeys,
    unless the page was opened while the user was away.
    """

    def __init__(self, page: Page) -> None:
        self._devtools: CDPSession = page.context.new_cdp_session(page)
        self._devtools.send("WebAuthn.enable")
        options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
        options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
        added = self._devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self._id = {"authenticatorId": added["authenticatorId"]}

    def user_is_here(self, here: bool) -> None:
        self._devtools.send("WebAuthn.setAutomaticPresenceSimulation", {**self._id, "enabled": here})

    def cancel(self) -> None:
        """From now on, the user is not recognised, as after a cancellation."""
        self._devtools.send("WebAuthn.setUserVerified", {**self._id, "isUserVerified": False})


@pytest.fixture
def meera(site: Site, arrives) -> Visitor:
    """A user without passkeys, not yet logged in."""
    site.shell(_ACCOUNT.format(password=site.password))
    return arrives(site, None)


def _log_in(page: Page, site: Site) -> None:
    page.goto(f"http://localhost:{site.machine.port}/login/?next=/account/")
    page.get_by_label("Name").fill("meera")
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Log in").click()


def _log_out(page: Page, device: Authenticator) -> None:
    """The login page opens while the user is away, so that its suggestion of passkeys waits."""
    device.user_is_here(False)
    with page.expect_response("**/login/passkey/options/"):
        page.get_by_role("button", name="Log out meera").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def _add(page: Page, site: Site) -> None:
    page.get_by_text("Add a passkey").click()
    card = page.get_by_role("region", name="Passkeys")
    card.get_by_label("Name").fill("Work laptop")
    card.get_by_label("Current password").fill(site.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The passkey is added")).to_be_visible()
    page.get_by_role("link", name="Done").click()


def _check_accessibility(page: Page) -> None:
    found = []
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found += [(width, scheme, each["id"]) for each in Axe().run(page).response["violations"]]
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def _with_passkey(site, meera) -> Authenticator:
    """Her device, after she has added a passkey and logged out."""
    device = Authenticator(meera.page)
    _log_in(meera.page, site)
    _add(meera.page, site)
    _log_out(meera.page, device)
    return device


def test_passkey_logs_in_alone_and_after_the_password(site, meera):
    page = meera.page
    device = Authenticator(page)
    _log_in(page, site)
    _add(page, site)
    row = page.get_by_role("row", name="Work laptop")
    expect(row).to_contain_text("never")
    _check_accessibility(page)
    _log_out(page, device)
    device.user_is_here(True)
    page.get_by_role("button", name="Sign in with a passkey").press("Enter")
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    _log_out(page, device)
    _log_in(page, site)
    expect(page.get_by_role("heading", name="Use a passkey or a code")).to_be_visible()
    _check_accessibility(page)
    device.user_is_here(True)
    page.get_by_role("button", name="Use a passkey").click()
    expect(row).to_be_visible()
    expect(row).not_to_contain_text("never")
    page.get_by_label("Remove Work laptop…").click()
    row.get_by_label("Current password").fill(site.password)
    page.get_by_role("button", name="Remove the passkey").click()
    expect(page.get_by_role("status").first).to_contain_text("is removed")
    _log_out(page, device)
    page.add_init_script(_NO_SUGGESTIONS)  # otherwise, the user would agree to that of the next page at once
    device.user_is_here(True)
    meera.expects(422)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("This passkey cannot be used here.")


def test_name_field_suggests_passkeys(site, meera):
    page, device = meera.page, _with_passkey(site, meera)
    expect(page.get_by_label("Name")).to_have_attribute("autocomplete", "username webauthn")
    device.user_is_here(True)
    page.reload()
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    _log_out(page, device)
    device.user_is_here(True)
    asked = meera.asked_for("/login/passkey/options/")
    page.add_init_script(_NO_SUGGESTIONS)
    page.reload()
    page.get_by_label("Name").press("a")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    assert meera.asked_for("/login/passkey/options/") == asked + 1


def test_cancelled_passkey_is_explained(site, meera):
    page, device = meera.page, _with_passkey(site, meera)
    device.user_is_here(True)
    device.cancel()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("No passkey was used: the request was cancelled")
    page.evaluate("delete window.PublicKeyCredential")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("This browser does not support passkeys")


def test_passkeys_are_explained_without_javascript(site, arrives):
    visitor = arrives(site, None, java_script_enabled=False)
    visitor.expects(422)
    page = visitor.page
    page.goto("/login/")
    expect(page.get_by_text(f"Passkeys work only at http://localhost:{site.machine.port}.")).to_be_visible()
    page.goto(f"http://localhost:{site.machine.port}/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("The browser sent no passkey.")
