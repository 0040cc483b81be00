"""Which account an identity of the provider has, and its role."""

from __future__ import annotations

import logging
import re
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import transaction

from filesure_site.oidc.failures import SignInFailed
from filesure_site.oidc.provider import Identity
from jobs.configuration.readers import ROLES
from jobs.models import ExternalIdentity

logger = logging.getLogger(__name__)

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


def sign_in(identity: Identity) -> User:
    """The identity's account with its current role; created at the first sign-in. Raises SignInFailed.

    Accounts are found by issuer and subject only. Names and e-mail addresses can be chosen or reused, so they never
    lead to an existing account.
    """
    role = role_of(identity)
    with transaction.atomic():
        user = _known(identity)
        if user is None and role:
            user = _created(identity)
        if user and not user.is_superuser:
            _set_role(user, role)
    if role is None:
        raise SignInFailed(_NO_ROLE)
    assert user  # noqa: S101  known or created
    if user.is_superuser:
        raise SignInFailed(_SUPERUSER)
    if not user.is_active:
        raise SignInFailed(_DEACTIVATED)
    return user


def connect(user: User, identity: Identity) -> None:
    """Let a local account sign in with the provider from now on. Raises SignInFailed."""
    role = role_of(identity)
    if role is None:
        raise SignInFailed(_NO_ROLE)
    if user.is_superuser:
        raise SignInFailed(_SUPERUSER)
    with transaction.atomic():
        known = _known(identity)
        if known and known != user:
            raise SignInFailed(_OTHERS, HTTPStatus.CONFLICT)
        if not known:
            if ExternalIdentity.objects.filter(user=user).exists():
                raise SignInFailed(_SECOND, HTTPStatus.CONFLICT)
            ExternalIdentity.objects.create(user=user, issuer=identity.issuer, subject=identity.subject)
        _set_role(user, role)
    logger.info("web.identity_connected", extra={"username": user.username, "subject": identity.subject})


def role_of(identity: Identity) -> str | None:
    """The highest role of the identity's groups."""
    found = {role for group, role in settings.SIGN_IN.oidc_roles if group in identity.groups}
    return max(found, key=ROLES.index, default=None)


def _known(identity: Identity) -> User | None:
    found = ExternalIdentity.objects.select_related("user").filter(issuer=identity.issuer, subject=identity.subject)
    first = found.first()
    return first.user if first else None


def _created(identity: Identity) -> User:
    name = re.sub(r"[^\w.@+-]", "-", User.normalize_username(identity.name))[:150]
    if User.objects.filter(username__iexact=name).exists():
        raise SignInFailed(_TAKEN.format(name=name), HTTPStatus.CONFLICT)
    first, _, last = identity.full_name.partition(" ")
    user = User.objects.create_user(name, first_name=first[:150], last_name=last[:150], email=identity.email[:254])
    ExternalIdentity.objects.create(user=user, issuer=identity.issuer, subject=identity.subject)
    logger.info("web.account_created", extra={"username": name, "subject": identity.subject})
    return user


def _set_role(user: User, role: str | None) -> None:
    """The provider decides alone: other groups are removed. An Admin can manage accounts."""
    before = sorted(user.groups.values_list("name", flat=True))
    after = [role] if role else []
    is_staff = role == ROLES[-1]
    if before == after and user.is_staff == is_staff:
        return
    user.groups.set(Group.objects.filter(name__in=after))
    user.is_staff = is_staff
    user.save(update_fields=["is_staff"])
    logger.info("web.role_changed", extra={"username": user.username, "before": before, "after": after})
