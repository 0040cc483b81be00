"""The portal's pages, for a logged-in user: the session and its renewal, and conditional requests."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeVar

from selectolax.lexbor import LexborHTMLParser, LexborNode

from jobs.domain.errors import SourceChanged, SourceUnavailable
from worker.sources.portal.client import Answer, PortalClient
from worker.sources.portal.mapping import Login

logger = logging.getLogger(__name__)

T = TypeVar("T")

PAGE_BYTES = 10_000_000
_KEPT_PAGES = 50
_LOGGED_OUT = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class LoggedOut(Exception):
    """The portal shows its login page, or refuses the request, instead of what was asked for."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """A parsed page. ``path`` names it in messages; ``unchanged`` if the portal answered that it has not changed."""

    path: str
    tree: LexborHTMLParser
    validators: Mapping[str, str]
    unchanged: bool = False

    def all(self, selector: str) -> list[LexborNode]:
        return self.tree.css(selector)

    def first(self, selector: str) -> LexborNode | None:
        return self.tree.css_first(selector)

    def needed(self, selector: str, entry: str) -> LexborNode:
        """Raises SourceChanged, which names the page, the selector and its entry in the mapping."""
        found = self.first(selector)
        if found is None:
            raise changed(self.path, selector, entry)
        return found


def changed(path: str, selector: str, entry: str) -> SourceChanged:
    return SourceChanged(
        f"The portal's page {path} has changed: {entry}, {selector!r}, finds nothing on it. Correct PORTAL_MAPPING."
    )


@dataclass(kw_only=True)
class Pages:
    """Reads pages, and logs in when it is needed. Thread-safe."""

    client: PortalClient
    user: str | None = None
    password: str | None = None
    _logins: int = 0
    _kept: dict[str, Page] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, link: str) -> Page | None:
        """A page of the portal; None if the portal does not have it (404, 410)."""
        address = self.client.address(link)
        if address is None:
            raise SourceChanged(f"The portal links to a page of another host, {link}, which is never read.")
        return self.logged_in(lambda: self._get(address))

    def logged_in(self, request: Callable[[], T]) -> T:
        """The request's result. If it raises LoggedOut, log in and repeat it once."""
        logins = self._logins
        if self._login and not logins:
            logins = self._log_in_once(logins)
        try:
            return request()
        except LoggedOut:
            if not self._login:
                raise SourceUnavailable("The portal requires a login. Is PORTAL_COOKIE still valid?") from None
        self._log_in_once(logins)
        try:
            return request()
        except LoggedOut:
            raise SourceUnavailable("The portal ended the session right after the login.") from None

    @property
    def _login(self) -> Login | None:
        return self.client.mapping.login

    def _log_in_once(self, logins: int) -> int:
        """Log in, unless another thread did so since. Returns the number of logins."""
        with self._lock:
            if self._logins == logins and self._login:
                self.client.forget_session()
                self._log_in(self._login)
                self._logins += 1
            return self._logins

    def _log_in(self, login: Login) -> None:
        page = self._read(self.client.address(login.page) or "")
        form = page.needed(login.form, "[login] form")
        fields = {**_hidden(form), login.user_field: self.user or "", login.password_field: self.password or ""}
        action = self.client.address(form.attributes.get("action") or login.page, page.path)
        if action is None:
            raise SourceChanged(f"The login form of {page.path} leads to another host. The password was not sent.")
        welcome = self._read(action, form=fields)
        if welcome.first(login.success) is None:
            if welcome.first(login.form) is not None:
                raise SourceUnavailable("The portal rejects PORTAL_USER or PORTAL_PASSWORD.")
            raise changed(welcome.path, login.success, "[login] success")
        logger.info("portal.logged_in")

    def _read(self, address: str, form: Mapping[str, str] | None = None) -> Page:
        with self.client.answer(address, form=form) as answer:
            if answer.status != HTTPStatus.OK:
                raise SourceUnavailable(f"The login page {answer.page} answered with {answer.status}.")
            return _parsed(answer)

    def _get(self, address: str) -> Page | None:
        kept = self._kept.get(address)
        with self.client.answer(address, headers=kept.validators if kept else {}) as answer:
            if kept and answer.status == HTTPStatus.NOT_MODIFIED:
                return Page(path=kept.path, tree=kept.tree, validators=kept.validators, unchanged=True)
            if answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
                return None
            self.check(answer)
            if answer.status != HTTPStatus.OK:
                raise SourceUnavailable(f"{answer.page} answered with {answer.status}.")
            page = _parsed(answer)
        if self._login and page.first(self._login.form) is not None:
            raise LoggedOut
        self._keep(address, page)
        return page

    def check(self, answer: Answer) -> None:
        """Raises LoggedOut if the portal refuses the request or leads to its login page."""
        if answer.status in _LOGGED_OUT or (self._login and answer.page == self._login.page):
            raise LoggedOut

    def is_login_page(self, data: bytes) -> bool:
        """Whether these bytes are the portal's login page."""
        return self._login is not None and LexborHTMLParser(data).css_first(self._login.form) is not None

    def _keep(self, address: str, page: Page) -> None:
        with self._lock:
            if page.validators:
                self._kept[address] = page
            while len(self._kept) > _KEPT_PAGES:
                del self._kept[next(iter(self._kept))]


def _hidden(form: LexborNode) -> dict[str, str]:
    inputs = [field.attributes for field in form.css("input[type=hidden]")]
    return {each["name"] or "": each.get("value") or "" for each in inputs if "name" in each}


def _parsed(answer: Answer) -> Page:
    body = b"".join(answer.chunks(PAGE_BYTES))
    kind = answer.response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("text/html", "application/xhtml+xml"):
        raise SourceChanged(f"The portal's page {answer.page} is {kind or 'of no type'}, not HTML.")
    headers = answer.response.headers
    validators = {"If-None-Match": headers.get("etag"), "If-Modified-Since": headers.get("last-modified")}
    return Page(
        path=answer.page,
        tree=LexborHTMLParser(body.decode(answer.response.encoding or "utf-8", "replace")),
        validators={name: value for name, value in validators.items() if value},
    )
