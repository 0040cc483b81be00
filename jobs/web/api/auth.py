"""Authentication of API calls: by token, or by the site's session, which needs the CSRF token for writes."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from ninja.security import HttpBearer, SessionAuth
from ninja.throttling import SimpleRateThrottle

from jobs.models import ApiToken
from jobs.web import tokens
from jobs.web.access import what_is_missing
from jobs.web.permissions import Permission
from jobs.web.request_context import DEMO, client_address

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Forbidden(Exception):
    """The caller is authenticated but lacks the right."""


class TokenAuth(HttpBearer):
    """``Authorization: Bearer fsr_…``, with a token that has the scope. Raises Forbidden."""

    def __init__(self, permission: Permission) -> None:
        super().__init__()
        self._permission = permission

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Returns None if the token is unknown, revoked or expired."""
        found = tokens.recognise(token)
        if found is None:
            return None
        if not tokens.may(found, self._permission):
            scope = self._permission.scope
            raise Forbidden(f"The token lacks the scope '{scope}', or its account has lost that right.")
        request.user = found.user
        return found


class StaffAuth(SessionAuth):
    """A session of the site. Writes need the CSRF token, as with its forms. Raises Forbidden."""

    def __init__(self, permission: Permission) -> None:
        super().__init__(csrf=True)
        self._permission = permission

    def __call__(self, request: HttpRequest) -> Any:
        # ninja checks the CSRF token first, and would answer 403 where 401 explains how to log in.
        return super().__call__(request) if request.user.is_authenticated else None

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        del key
        if not request.user.is_authenticated:
            return None
        if not request.user.has_perm(self._permission):
            raise Forbidden(what_is_missing(request.user, self._permission))
        return request.user


class DemoAuth(SessionAuth):
    """Admits everyone if ALLOW_ANONYMOUS_DEMO is set. Precedes StaffAuth, which refuses writes without CSRF token."""

    def __init__(self) -> None:
        super().__init__(csrf=False)

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        del key
        named = request.user.is_authenticated or "Authorization" in request.headers
        anonymous = settings.ALLOW_ANONYMOUS_DEMO and not named
        return Demo() if anonymous else None


class Demo(AnonymousUser):
    """An anonymous visitor. It is truthy, because ninja treats a falsy result as failed authentication."""

    username = DEMO  # type: ignore[assignment]


def needing(permission: Permission) -> list[TokenAuth | StaffAuth]:
    """Authentication for an operation that requires ``permission``; checked before the body is read."""
    return [TokenAuth(permission), StaffAuth(permission)]


def may(request: HttpRequest, permission: Permission) -> bool:
    """Whether the caller has the right: by the token's scope or, without a token, by the account."""
    caller = getattr(request, "auth", None)
    if isinstance(caller, ApiToken):
        return tokens.may(caller, permission)
    return bool(request.user.has_perm(permission))


def sees_pans(request: HttpRequest) -> bool:
    """Whether the caller gets complete PANs."""
    return may(request, Permission.PAN)


def account_key(request: HttpRequest) -> str:
    """Identifies the caller for rate limits, which all tokens of an account share."""
    caller = getattr(request, "auth", None)
    return f"user-{caller.user_id}" if isinstance(caller, ApiToken) else caller_key(request)


def token_of(request: HttpRequest) -> int | None:
    """The number of the caller's token; None: a session."""
    caller = getattr(request, "auth", None)
    return caller.pk if isinstance(caller, ApiToken) else None


def caller_key(request: HttpRequest) -> str:
    """Identifies the caller for Idempotency-Keys."""
    caller = getattr(request, "auth", None)
    if isinstance(caller, ApiToken):
        return f"token-{caller.pk}"
    if caller is not None and not isinstance(caller, Demo):
        return f"user-{caller.pk}"
    return f"address-{client_address(request)}"


class _Limit(SimpleRateThrottle):
    """Limits requests per minute and account, in this process."""

    reads: bool

    def __init__(self) -> None:
        per_minute = settings.API_READS_PER_MINUTE if self.reads else settings.API_WRITES_PER_MINUTE
        super().__init__(rate=f"{per_minute}/m")

    def get_cache_key(self, request: HttpRequest) -> str | None:
        """Returns None if this limit does not apply."""
        if (request.method in _READS) is not self.reads:
            return None
        return f"api-{self.reads}-{hashlib.sha256(account_key(request).encode()).hexdigest()}"


class ReadLimit(_Limit):
    """Limits reads to API_READS_PER_MINUTE."""

    reads = True


class WriteLimit(_Limit):
    """Limits writes to API_WRITES_PER_MINUTE."""

    reads = False
