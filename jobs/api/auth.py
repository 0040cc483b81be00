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
    """``Authorization: Bearer fsr_…``."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """The token, or None."""
        found = tokens.recognise(token)
        if found:
            request.user = found.user
        return found


class StaffAuth(SessionAuth):
    """A session of the site. Writes need the CSRF token, as its forms do."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """The account, or None."""
        del key
        return request.user if request.user.is_authenticated else None


class DemoAuth(StaffAuth):
    """Nobody in particular, where ALLOW_ANONYMOUS_DEMO says so."""

    def __init__(self) -> None:
        super().__init__(csrf=False)

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """Somebody without a name, or None."""
        del key
        anonymous = settings.ALLOW_ANONYMOUS_DEMO and not request.user.is_authenticated
        return AnonymousUser() if anonymous else None


AUTH = [TokenAuth(), StaffAuth(csrf=True)]


def allow(request: HttpRequest, permission: Permission) -> Actor:
    """Who acts, if they may. Raises Forbidden."""
    caller = request.auth  # type: ignore[attr-defined]  # ninja puts there what authenticate answered
    if isinstance(caller, ApiToken):
        if not tokens.may(caller, permission):
            raise Forbidden(f"The token lacks the scope '{permission.scope}', or its account has lost that right.")
        return Actor(name=caller.user.get_username(), address=client_address(request))
    if isinstance(caller, AnonymousUser):
        return Actor(name="demo", address=client_address(request))
    if not caller.has_perm(permission):
        raise Forbidden(what_is_missing(caller, permission))
    return Actor(name=caller.get_username(), address=client_address(request))


def caller_key(request: HttpRequest) -> str:
    """Whose requests are counted together, and whose Idempotency-Keys are apart from others'."""
    caller = getattr(request, "auth", None)
    if isinstance(caller, ApiToken):
        return f"token-{caller.pk}"
    if caller is not None and not isinstance(caller, AnonymousUser):
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
