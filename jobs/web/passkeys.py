"""Passkeys of accounts: registration, use, names. A use is one transaction of SQLite, which runs one at a time."""

from __future__ import annotations

import logging
import time
from secrets import token_bytes
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.http import urlsafe_base64_encode

from jobs.domain.errors import WrongUse
from jobs.models import Passkey
from jobs.web import webauthn
from jobs.web.sessions import SessionStore
from jobs.web.webauthn import SECONDS, Answer, Asked, Known, PasskeyRefused

logger = logging.getLogger(__name__)

MOST = 20
LONGEST_NAME = 80
#: The field of a form that has the authenticator's answer.
ANSWER = "credential"
_HANDLE = "handle"

_NO_ANSWER = "The browser sent no passkey. Passkeys need JavaScript and a browser that supports them."
_LATE = "The passkey took too long or was used before. Try again."
_UNKNOWN = "This passkey cannot be used here. It may have been removed, or the account is deactivated."
_COPIED = (
    "This passkey counts fewer uses than before, so somebody may have copied it. Log in another way, then remove it and"
    " add it again."
)


def check_on() -> None:
    """Raises Http404 where passkeys cannot work at all."""
    if webauthn.site().problem:
        raise Http404(webauthn.site().problem)


def problem_at(request: HttpRequest) -> str:
    """Why this page cannot use passkeys; empty if it can."""
    site = webauthn.site()
    if site.problem:
        return site.problem
    host = request.get_host().partition(":")[0].lower()
    return "" if host == site.host else f"Passkeys work only at {site.origin}."


def may_have(user: User) -> bool:
    """Accounts with a password may have passkeys; with OIDC_ONLY, only superusers. Others sign in with the provider."""
    return user.has_usable_password() and (user.is_superuser or not settings.SIGN_IN.oidc_only)


def of(user: User) -> QuerySet[Passkey]:
    return Passkey.objects.filter(user=user)


def keep(request: HttpRequest, purpose: str, state: dict[str, Any]) -> None:
    """Keep the state of a registration or use in the session."""
    request.session[purpose] = {**state, "until": time.time() + SECONDS}


@transaction.atomic
def take(request: HttpRequest, purpose: str) -> dict[str, Any]:
    """The state that ``keep`` stored, only once, even if two requests ask at the same time. Raises PasskeyRefused."""
    if not request.POST.get(ANSWER):
        raise PasskeyRefused(_NO_ANSWER)
    request.session.pop(purpose, None)
    stored = SessionStore(request.session.session_key)
    kept: dict[str, Any] | None = stored.pop(purpose, None)
    if kept is None:
        raise PasskeyRefused(_LATE)
    stored.save()
    if kept["until"] < time.time():
        raise PasskeyRefused(_LATE)
    return kept


def ask_to_create(user: User) -> Asked:
    """All passkeys of an account have the same random handle, by which authenticators recognise the account."""
    own = list(of(user))
    handle = own[0].user_handle if own else urlsafe_base64_encode(token_bytes(64))
    name = user.get_username()
    asked = webauthn.ask_to_create(
        {"id": handle, "name": name, "displayName": user.get_full_name() or name}, _known(own)
    )
    return Asked(asked.options, {**asked.state, _HANDLE: handle})


def checked_name(user: User, given: str, but: int | None = None) -> str:
    """The name without needless spaces. Raises WrongUse. ``but``: the passkey that is renamed."""
    name = " ".join(given.replace("\x00", "").split())
    if not name or len(name) > LONGEST_NAME:
        raise WrongUse(f"Give the passkey a name of at most {LONGEST_NAME} characters, such as “Work laptop”.")
    others = of(user) if but is None else of(user).exclude(pk=but)
    if others.filter(name__iexact=name).exists():
        raise WrongUse(f"You already have a passkey named “{name}”.")
    if but is None and others.count() >= MOST:
        raise WrongUse(f"An account has at most {MOST} passkeys. Remove one first.")
    return name


def add(user: User, state: dict[str, Any], name: str, given: str) -> Passkey:
    """Store the passkey that the browser created. Raises WrongUse."""
    made = webauthn.created(state, given)
    try:
        with transaction.atomic():
            return Passkey.objects.create(
                user=user,
                name=checked_name(user, name),
                credential_id=made.credential_id,
                credential=made.credential,
                user_handle=state[_HANDLE],
                transports=made.transports,
                counter=made.counter,
            )
    except IntegrityError as error:
        raise WrongUse("This passkey or its name exists already.") from error


@transaction.atomic
def rename(passkey: Passkey, given: str) -> None:
    """Raises WrongUse."""
    name = checked_name(passkey.user, given, but=passkey.pk)
    of(passkey.user).filter(pk=passkey.pk).update(name=name)


def ask_to_use(user: User | None) -> Asked:
    """With an account, any of its passkeys; with None, a passkey that replaces name and password as well."""
    return webauthn.ask_to_use(None if user is None else _known(list(of(user))))


@transaction.atomic
def use(state: dict[str, Any], given: str, owner: User | None) -> Passkey:
    """The passkey with which the browser answered; that of ``owner``, unless it is None. Raises PasskeyRefused."""
    answer = webauthn.answered(given)
    passkey = _found(answer, owner)
    name = passkey.user.get_username()
    counter = webauthn.check(answer, state, bytes(passkey.credential), name)
    if (counter or passkey.counter) and counter <= passkey.counter:
        logger.warning("web.passkey_counter", extra={"username": name, "counter": counter, "stored": passkey.counter})
        raise PasskeyRefused(_COPIED, name)
    passkey.counter, passkey.last_used_at = counter, timezone.now()
    passkey.save(update_fields=["counter", "last_used_at"])
    return passkey


def _found(answer: Answer, owner: User | None) -> Passkey:
    """Where no password was given before, the authenticator has to name the user."""
    passkey = Passkey.objects.select_related("user").filter(credential_id=answer.credential_id).first()
    if passkey is None or not passkey.user.is_active or not may_have(passkey.user):
        raise PasskeyRefused(_UNKNOWN)
    if owner is not None and passkey.user_id != owner.pk:
        raise PasskeyRefused(_UNKNOWN)
    if answer.user_handle != passkey.user_handle and (owner is None or answer.user_handle is not None):
        raise PasskeyRefused(_UNKNOWN)
    return passkey


def _known(passkeys: list[Passkey]) -> list[Known]:
    return [Known(each.credential_id, each.transports) for each in passkeys]
