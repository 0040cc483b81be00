"""The accounts of the provider's identities, and their roles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import transaction

from filesure_site.oidc.failures import SignInFailed
from filesure_site.oidc.provider import Identity
from jobs.configuration.readers import ROLES
from jobs.domain.audit import Action, Actor
from jobs.models import ExternalIdentity
from jobs.web.auditing import recorded

_NO_ROLE = (
    "You have no role here: none of your groups at the sign-in service has access to Filesure. Ask an administrator"
    " to add you to one."
)
_TAKEN = (
    "An account named “{name}” exists here already and is not connected to this sign-in. If it is yours, log in with"
    " its password and connect it on the page “Your account”. Otherwise ask an administrator."
)
_SUPERUSER = "This is an account for emergencies; it logs in with a password only."
_DEACTIVATED = "Your account is deactivated. Ask an administrator."
_OTHERS = "This sign-in is connected to another account."
_SECOND = "Your account is connected to another sign-in. An administrator can remove that one."


def sign_in(identity: Identity, address: str | None) -> User:
    """The identity's account with its current role; created at the first sign-in. ``address`` is the client's.

    Accounts are found by issuer and subject only. Names and email addresses can be chosen or reused, so they never
    lead to an existing account. Raises SignInFailed.
    """
    role, known = role_of(identity), _known(identity)
    if known and known.is_superuser:
        raise SignInFailed(_SUPERUSER)
    if known and not known.is_active:
        raise SignInFailed(_DEACTIVATED)
    if known is None and role is None:
        raise SignInFailed(_NO_ROLE)
    name = known.username if known else _name(identity)
    with _recorded(name, known, role, address), transaction.atomic():
        user = _known(identity) or _created(identity)  # another request may have created it
        _set_role(user, role)
    if role is None:
        raise SignInFailed(_NO_ROLE)
    if not user.is_active:  # deactivated in the meantime
        raise SignInFailed(_DEACTIVATED)
    return user


def connect(user: User, identity: Identity, address: str | None) -> None:
    """Let a local account sign in with the provider from now on. Raises SignInFailed."""
    role = role_of(identity)
    if role is None:
        raise SignInFailed(_NO_ROLE)
    if user.is_superuser:
        raise SignInFailed(_SUPERUSER)
    details = f"{user.username}: {identity.name} of {settings.SIGN_IN.oidc_name}"
    with recorded(Action.CONNECT, Actor(name=user.username, address=address), details), transaction.atomic():
        known = _known(identity)
        if known and known != user:
            raise SignInFailed(_OTHERS, HTTPStatus.CONFLICT)
        if not known:
            if ExternalIdentity.objects.filter(user=user).exists():
                raise SignInFailed(_SECOND, HTTPStatus.CONFLICT)
            ExternalIdentity.objects.create(user=user, issuer=identity.issuer, subject=identity.subject)
    with _recorded(user.username, user, role, address), transaction.atomic():
        _set_role(user, role)


def role_of(identity: Identity) -> str | None:
    """The highest role of the identity's groups."""
    found = {role for group, role in settings.SIGN_IN.oidc_roles if group in identity.groups}
    return max(found, key=ROLES.index, default=None)


def _known(identity: Identity) -> User | None:
    found = ExternalIdentity.objects.select_related("user").filter(issuer=identity.issuer, subject=identity.subject)
    first = found.first()
    return first.user if first else None


def _name(identity: Identity) -> str:
    return re.sub(r"[^\w.@+-]", "-", User.normalize_username(identity.name))[:150]


def _created(identity: Identity) -> User:
    name = _name(identity)
    if User.objects.filter(username__iexact=name).exists():
        raise SignInFailed(_TAKEN.format(name=name), HTTPStatus.CONFLICT)
    first, _, last = identity.full_name.partition(" ")
    user = User.objects.create_user(name, first_name=first[:150], last_name=last[:150], email=identity.email[:254])
    ExternalIdentity.objects.create(user=user, issuer=identity.issuer, subject=identity.subject)
    return user


def _set_role(user: User, role: str | None) -> None:
    """The provider decides alone: other groups are removed. An Admin can manage accounts."""
    is_staff = role == ROLES[-1]
    user.groups.set(Group.objects.filter(name=role))
    if user.is_staff != is_staff:
        user.is_staff = is_staff
        user.save(update_fields=["is_staff"])


@contextmanager
def _recorded(name: str, known: User | None, role: str | None, address: str | None) -> Iterator[None]:
    """Audit a change of the role; a sign-in without one needs no MongoDB."""
    before = sorted(known.groups.values_list("name", flat=True)) if known else []
    if known and before == ([role] if role else []):
        yield
        return
    details = f"{name}: {', '.join(before) or 'no role'} to {role or 'no role'}, by {settings.SIGN_IN.oidc_name}"
    with recorded(Action.CHANGE_ROLE, Actor(name=name, address=address), details):
        yield
