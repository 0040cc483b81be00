"""Accounts: their list, invitations, roles, and the end of their access. Every change is audited.

An account is deactivated, never deleted, so that its orders and its entries in the audit log keep their name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from jobs.domain.audit import Action, Actor
from jobs.domain.wrong_use import WrongState
from jobs.models import ApiToken, Session
from jobs.web import second_step, sessions, tokens
from jobs.web.auditing import recorded
from jobs.web.permissions import GROUPS, Permission

#: The rights of each role, in a sentence.
ROLES = {
    "Viewer": "Sees jobs, documents and companies.",
    "Operator": "Also orders and changes jobs, pauses the queue, watches companies and packs ZIP files.",
    "Admin": "Also deletes jobs, sees the audit log and full PANs, shares ZIP files, manages accounts and webhooks.",
}
_ADMIN = "Admin"
_INVITED = Q(password__startswith=UNUSABLE_PASSWORD_PREFIX, last_login=None)


class AccountState(StrEnum):
    """``INVITED``: active, but it has neither a password nor ever been used."""

    ACTIVE = "active"
    INVITED = "invited"
    DEACTIVATED = "deactivated"


STATES = {
    AccountState.ACTIVE: Q(is_active=True) & ~_INVITED,
    AccountState.INVITED: Q(is_active=True) & _INVITED,
    AccountState.DEACTIVATED: Q(is_active=False),
}


@dataclass(frozen=True, kw_only=True)
class Change:
    """An account to change, and the user who changes it. ``actor`` is the same user, for the audit log."""

    by: User
    actor: Actor
    account: User


def listed(text: str = "", state: AccountState | None = None) -> QuerySet[User]:
    """Accounts by name, each with ``session_count`` and ``token_count``. ``text`` is a part of a name or an address."""
    found = User.objects.filter(STATES[state]) if state else User.objects.all()
    if text:
        found = found.filter(Q(username__icontains=text) | Q(email__icontains=text))
    own_sessions = sessions.living(OuterRef("pk"))
    own_tokens = tokens.living().filter(user_id=OuterRef("pk")).order_by()
    return (
        found.annotate(session_count=_number(own_sessions, "account_id"), token_count=_number(own_tokens, "user_id"))
        .prefetch_related("groups")
        .order_by("username")
    )


def _number(rows: QuerySet[Session] | QuerySet[ApiToken], owner: str) -> Coalesce:
    return Coalesce(Subquery(rows.values(owner).annotate(number=Count("pk")).values("number")), 0)


def state_of(account: User) -> AccountState:
    if not account.is_active:
        return AccountState.DEACTIVATED
    if account.last_login is None and not account.has_usable_password():
        return AccountState.INVITED
    return AccountState.ACTIVE


def role_of(account: User) -> str:
    """The role with the most rights. "Superuser" has them all; empty: no role."""
    if account.is_superuser:
        return "Superuser"
    mine = {group.name for group in account.groups.all()}
    return next((role for role in reversed(GROUPS) if role in mine), "")


def invite(by: User, actor: Actor, *, name: str, email: str, role: str) -> User:
    """Create an account without a password. Raises IntegrityError if the name exists."""
    with recorded(Action.INVITE, actor, f"{name}, {role}"), transaction.atomic():
        _check_right(by)
        account = User.objects.create_user(name, email=email)
        _assign(account, role)
    return account


def set_role(change: Change, role: str) -> None:
    """Replace the account's roles by this one. Raises WrongState."""
    details = f"{change.account.get_username()}: {role_of(change.account) or 'no role'} to {role}"
    with _changing(change, Action.CHANGE_ROLE, details) as account:
        if account.is_superuser:
            raise WrongState("A superuser has all rights. Change that in Django's admin first.")
        _assign(account, role)


def deactivate(change: Change) -> None:
    """End the account's access: its sessions, links and, until it is reactivated, its API tokens. Raises WrongState."""
    with _changing(change, Action.DEACTIVATE) as account:
        account.is_active = False
        _end_links(account)
        account.save(update_fields=["is_active", "password"])
        Session.objects.filter(account_id=account.pk).delete()


def reactivate(change: Change) -> None:
    with _changing(change, Action.REACTIVATE) as account:
        account.is_active = True
        account.save(update_fields=["is_active"])


def end_sessions(change: Change) -> int:
    """Returns the number of sessions that ended."""
    with _changing(change, Action.END_SESSIONS, ends_access=False) as account:
        return Session.objects.filter(account_id=account.pk).delete()[0]


def revoke_tokens(change: Change, token_id: int | None = None) -> int:
    """Revoke one of the account's tokens, or all. Returns their number."""
    with _changing(change, Action.REVOKE_TOKENS, ends_access=False) as account:
        if token_id is None:
            return tokens.revoke_all(account)
        chosen = tokens.active(account.get_username()).filter(pk=token_id)
        return chosen.update(revoked_at=timezone.now())


def turn_off_codes(change: Change) -> None:
    """Let the account log in with its password alone, for a user who lost app, backup codes and passkeys.

    Raises WrongState.
    """
    with _changing(change, Action.TURN_OFF_CODES, ends_access=False) as account:
        second_step.turn_off(account)


def renew_link(change: Change) -> None:
    """Prepare a new link to set the password. Earlier links of an invited account stop working. Raises WrongState."""
    with _changing(change, Action.CREATE_LINK, ends_access=False) as account:
        if not account.is_active:
            raise WrongState(f"{account.get_username()} is deactivated. Reactivate the account first.")
        _end_links(account)
        account.save(update_fields=["password"])


@contextmanager
def _changing(
    change: Change, action: Action, details: str | None = None, *, ends_access: bool = True
) -> Iterator[User]:
    """One audited transaction on an account as it is stored now.

    SQLite runs one writing transaction at a time, so two Admins cannot remove each other's role at once.
    ``ends_access``: refused for the actor's account and for the last Admin.
    """
    name = change.account.get_username()
    with recorded(action, change.actor, details or name), transaction.atomic():
        _check_right(change.by)
        account = User.objects.get(pk=change.account.pk)
        if account.is_superuser and not change.by.is_superuser:
            raise WrongState(f"{name} is a superuser. Only a superuser can change this account.")
        if ends_access and account.pk == change.by.pk:
            raise WrongState("You cannot change your own role or deactivate yourself. Ask another Admin.")
        counted = _admins().filter(pk=account.pk).exists()
        yield account
        if ends_access and counted and not _admins().exists():
            raise WrongState(f"{name} is the last Admin. Make somebody else an Admin first.")


def _check_right(by: User) -> None:
    """The account as it is stored now, which another Admin may have changed since the request began."""
    now = User.objects.get(pk=by.pk)
    if not (now.is_active and now.has_perm(Permission.ACCOUNTS)):
        raise WrongState("Your account can no longer manage accounts.")


def _end_links(account: User) -> None:
    """Links to set the password depend on the stored one. Where there is none, another placeholder ends them."""
    if not account.has_usable_password():
        account.set_unusable_password()


def _assign(account: User, role: str) -> None:
    """Set the role; groups that are not roles stay. Admins can also open Django's admin."""
    group = Group.objects.filter(name=role).first()
    if group is None:
        raise WrongState(f"The group {role} no longer exists. Create it again in Django's admin.")
    account.groups.remove(*Group.objects.filter(name__in=GROUPS).exclude(name=role))
    account.groups.add(group)
    account.is_staff = role == _ADMIN
    account.save(update_fields=["is_staff"])


def _admins() -> QuerySet[User]:
    """The Admins who can log in: with a password where it is accepted, or by the provider, which superusers cannot."""
    has_password = ~Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    if settings.SIGN_IN.oidc_only:
        has_password &= Q(is_superuser=True)
    can_log_in = has_password
    if settings.SIGN_IN.oidc_issuer:
        can_log_in |= Q(identity__isnull=False, is_superuser=False)
    return User.objects.filter(Q(is_superuser=True) | Q(groups__name=_ADMIN), can_log_in, is_active=True)
