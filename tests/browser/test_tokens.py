"""API tokens: copied once, revoked after a confirmation."""

from __future__ import annotations

from playwright.sync_api import expect


def test_new_token_is_copied_and_revoked(asha):
    page = asha.page
    asha.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/tokens/")
    page.get_by_label("What will use it?").fill("Copied report")
    page.get_by_label("order").check()
    page.get_by_role("button", name="Create token").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#secret").inner_text()
    page.locator("summary", has_text="Revoke…").first.click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Revoke the token")).to_be_hidden()
    page.locator("summary", has_text="Revoke…").first.click()
    page.get_by_role("button", name="Revoke the token").click()
    expect(page.get_by_text("The token Copied report is revoked.")).to_be_visible()
    expect(page.get_by_role("cell", name="Copied report")).to_be_hidden()
    page.get_by_text("Revoked or expired tokens").click()
    expect(page.get_by_role("cell", name="Copied report").first).to_be_visible()


def test_token_is_selected_where_copying_is_forbidden(asha):
    page = asha.page
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.goto("/tokens/")
    page.get_by_label("What will use it?").fill("Selected report")
    page.get_by_role("button", name="Create token").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Selected")).to_be_visible()
    assert page.evaluate("String(getSelection())") == page.locator("#secret").inner_text()
