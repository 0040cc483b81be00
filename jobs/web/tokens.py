"""API tokens. The secret is shown once and never stored."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser, PermissionsMixin, User
from django.db.models import Q, QuerySet
from django.utils import timezone

from jobs.models import ApiToken, Job
from jobs.web.permissions import Permission
from jobs.web.secret import digest_of, new_secret

PREFIX = "fsr_"
_SEEN_EVERY = timedelta(minutes=1)


def scopes_of(user: PermissionsMixin | AnonymousUser) -> list[Permission]:
    """The rights that a token of this account can have. Accounts are managed in the browser only."""
    return [right for right in Permission if right is not Permission.ACCOUNTS and user.has_perm(right)]


def explained(rights: Collection[Permission]) -> list[tuple[str, str]]:
    """The scopes of these rights, each with what it allows."""
    texts = dict(Job._meta.permissions)  # noqa: SLF001  documented by Django
    return [(right.scope, str(texts[right.removeprefix("jobs.")]).removeprefix("Can ")) for right in rights]


def living() -> QuerySet[ApiToken]:
    """The tokens that are neither revoked nor expired."""
    return ApiToken.objects.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)


def active(username: str) -> QuerySet[ApiToken]:
    """An account's living tokens."""
    return living().filter(user__username=username)


def issue(user: User, name: str, scopes: Collection[Permission], expires_at: datetime | None) -> tuple[ApiToken, str]:
    """Create a token. Returns it with its secret, which cannot be shown again."""
    secret = new_secret(PREFIX)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        prefix=secret.shown,
        digest=secret.digest,
        expires_at=expires_at,
        scopes=sorted(right.scope for right in scopes),
    )
    return token, secret.text


def recognise(secret: str) -> ApiToken | None:
    """The active token with this secret; None if it is unknown, revoked, expired or its account is deactivated."""
    now = timezone.now()
    token = living().select_related("user").filter(digest=digest_of(secret), user__is_active=True).first()
    if token and (token.last_used_at is None or now - token.last_used_at > _SEEN_EVERY):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def revoke(token: ApiToken) -> None:
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


def revoke_all(user: User) -> int:
    """Revoke an account's active tokens. Returns their number."""
    return active(user.get_username()).update(revoked_at=timezone.now())


def may(token: ApiToken, permission: Permission) -> bool:
    """Whether the token has the scope and its account still has the right."""
    return permission.scope in token.scopes and bool(token.user.has_perm(permission))
