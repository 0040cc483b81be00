"""Adding passkeys, and logging in with them."""

from __future__ import annotations

from django.test import Client

from tests.authenticator import Authenticator
from tests.integration.conftest import PASSWORD, is_in, text_of

FALSE = "The passkey’s answer is not valid."
UNKNOWN = "This passkey cannot be used here."


def options(session: Client, name: str = "Laptop", password: str = PASSWORD):
    return session.post("/account/passkeys/options/", {"name": name, "password": password})


def added(session: Client, key: Authenticator, name: str = "Laptop"):
    return session.post("/account/passkeys/", {"credential": key.create(options(session, name).json())}, follow=True)


def answer(browser: Client, key: Authenticator, **how) -> str:
    return key.get(browser.post("/login/passkey/options/").json(), **how)


def logged_in(browser: Client, given: str):
    return browser.post("/login/passkey/", {"credential": given, "next": "/workers/"})


def refused(browser: Client, given: str, sentence: str) -> None:
    page = logged_in(browser, given)
    assert page.status_code == 422
    assert sentence in text_of(page)
    assert not is_in(browser)


def password_given() -> Client:
    browser = Client()
    browser.post("/login/", {"username": "asha", "password": PASSWORD, "next": "/workers/"})
    return browser
