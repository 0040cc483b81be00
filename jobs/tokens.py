"""Bearer tokens: made, recognised, revoked. The secret itself is shown once and kept nowhere."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser, PermissionsMixin, User
from django.db.models import Q
from django.utils import timezone

from jobs.models import ApiToken
from jobs.permissions import Permission

PREFIX = "fsr_"
SHOWN = 10
_SEEN_EVERY = timedelta(minutes=1)


def scopes_of(user: PermissionsMixin | AnonymousUser) -> list[Permission]:
    """What a token of this account may do at most: what the account may do itself."""
    return [right for right in Permission if user.has_perm(right)]


def issue(user: User, name: str, scopes: Collection[Permission], expires_at: datetime | None) -> tuple[ApiToken, str]:
    """A new token and its secret, which cannot be had again."""
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user, name=name, prefix=secret[:SHOWN], digest=_digest(secret), expires_at=expires_at,
        scopes=sorted(right.scope for right in scopes),
    )  # fmt: skip
    return token, secret


def recognise(secret: str) -> ApiToken | None:
    """The living token with this secret; None for one that is unknown, revoked, expired or of a closed account."""
    now = timezone.now()
    living = ApiToken.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None, user__is_active=True)
    token = living.select_related("user").filter(digest=_digest(secret)).first()
    if token and (token.last_used_at is None or now - token.last_used_at > _SEEN_EVERY):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def revoke(token: ApiToken) -> None:
    """End a token. Idempotent."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


def may(token: ApiToken, permission: Permission) -> bool:
    """Whether the token has the scope, and its account still the right."""
    return permission.scope in token.scopes and bool(token.user.has_perm(permission))


def _digest(secret: str) -> str:
    """Plain SHA-256: the secret has 256 random bits, there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()
