"""Who calls: a token's bearer, or somebody logged in on the site, whose writes need the CSRF token."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from ninja.security import HttpBearer, SessionAuth
from ninja.throttling import SimpleRateThrottle

from jobs import tokens
from jobs.access import client_address, what_is_missing
from jobs.domain.audit import Actor
from jobs.models import ApiToken
from jobs.permissions import Permission

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Forbidden(Exception):
    """The caller is known, and may not do this."""


class TokenAuth(HttpBearer):
    """``Authorization: Bearer fsr_…`` of a token that has the scope. Raises Forbidden."""

    def __init__(self, permission: Permission) -> None:
        super().__init__()
        self._permission = permission

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """The token; None for one that is none."""
        found = tokens.recognise(token)
        if found is None:
            return None
        if not tokens.may(found, self._permission):
            scope = self._permission.scope
            raise Forbidden(f"The token lacks the scope '{scope}', or its account has lost that right.")
        request.user = found.user
        return found


class StaffAuth(SessionAuth):
    """A session of the site. Writes need the CSRF token, as its forms do. Raises Forbidden."""

    def __init__(self, permission: Permission) -> None:
        super().__init__(csrf=True)
        self._permission = permission

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """The account; None if nobody is logged in."""
        del key
        if not request.user.is_authenticated:
            return None
        if not request.user.has_perm(self._permission):
            raise Forbidden(what_is_missing(request.user, self._permission))
        return request.user


class DemoAuth(SessionAuth):
    """Nobody in particular, where ALLOW_ANONYMOUS_DEMO says so. Asked first: others refuse who brings no CSRF token."""

    def __init__(self) -> None:
        super().__init__(csrf=False)

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """Somebody without a name, or None."""
        del key
        named = request.user.is_authenticated or "Authorization" in request.headers
        anonymous = settings.ALLOW_ANONYMOUS_DEMO and not named
        return Demo() if anonymous else None


class Demo(AnonymousUser):
    """Anybody, as a true value: ninja takes a false one for a failure."""

    username = "demo"  # type: ignore[assignment]


def needing(permission: Permission) -> list[TokenAuth | StaffAuth]:
    """The proofs of who calls that an operation takes, of callers with this right. Asked before the body is read."""
    return [TokenAuth(permission), StaffAuth(permission)]


def actor(request: HttpRequest) -> Actor:
    """Who acts."""
    return Actor(name=request.user.get_username() or Demo.username, address=client_address(request))


def caller_key(request: HttpRequest) -> str:
    """Whose requests are counted together, and whose Idempotency-Keys are apart from others'."""
    caller = getattr(request, "auth", None)
    if isinstance(caller, ApiToken):
        return f"token-{caller.pk}"
    if caller is not None and not isinstance(caller, Demo):
        return f"user-{caller.pk}"
    return f"address-{client_address(request)}"


class _Limit(SimpleRateThrottle):
    """So many requests a minute of one caller, in this process."""

    reads: bool

    def __init__(self) -> None:
        per_minute = settings.API_READS_PER_MINUTE if self.reads else settings.API_WRITES_PER_MINUTE
        super().__init__(rate=f"{per_minute}/m")

    def get_cache_key(self, request: HttpRequest) -> str | None:
        """None where this limit does not count."""
        if (request.method in _READS) is not self.reads:
            return None
        return f"api-{self.reads}-{hashlib.sha256(caller_key(request).encode()).hexdigest()}"


class ReadLimit(_Limit):
    """Of reads."""

    reads = True


class WriteLimit(_Limit):
    """Of writes."""

    reads = False
