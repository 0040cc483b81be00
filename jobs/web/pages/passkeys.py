"""Users add, rename and remove the passkeys of their account."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from jobs.domain.audit import Action
from jobs.domain.errors import WrongUse
from jobs.models import Passkey
from jobs.web import own_password, passkeys, second_step
from jobs.web.access import needs
from jobs.web.auditing import recorded
from jobs.web.permissions import Permission
from jobs.web.private import private_page
from jobs.web.request_context import actor

_PURPOSE = "passkey_creation"


@needs(Permission.VIEW)
@require_POST
@sensitive_post_parameters("password")
def options(request: HttpRequest) -> HttpResponse:
    """As JSON, what the browser passes to the authenticator; ``{"problem": …}`` if name or password are wrong."""
    user = _user(request)
    passkeys.check_on()
    try:
        name = passkeys.checked_name(user, request.POST.get("name", ""))
        own_password.check(request, user)
    except WrongUse as refused:
        return JsonResponse({"problem": str(refused)}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    asked = passkeys.ask_to_create(user)
    passkeys.keep(request, _PURPOSE, {**asked.state, "name": name})
    return JsonResponse(asked.options)


@needs(Permission.VIEW)
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Store the passkey that the browser created. The first one comes with backup codes, which are shown once."""
    user = _user(request)
    try:
        kept = passkeys.take(request, _PURPOSE)
        details = f"{user.get_username()}: {kept['name']}"
        with recorded(Action.ADD_PASSKEY, actor(request), details), transaction.atomic():
            passkeys.add(user, kept, kept["name"], request.POST[passkeys.ANSWER])
            codes = second_step.backup_for_passkeys(user)
    except WrongUse as refused:
        messages.error(request, str(refused))
        return _to_account()
    if codes:
        return private_page(request, "login_codes_on.html", {"codes": codes, "title": "The passkey is added"})
    messages.success(request, f"The passkey “{kept['name']}” is added.")
    return _to_account()


@needs(Permission.VIEW)
@require_POST
@sensitive_post_parameters("password")
def change(request: HttpRequest, passkey_id: int, action: str) -> HttpResponse:
    """Rename or remove one of the user's passkeys."""
    user = _user(request)
    passkey = get_object_or_404(passkeys.of(user), pk=passkey_id)
    try:
        done = _rename(request, passkey) if action == "rename" else _remove(request, user, passkey)
    except WrongUse as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done)
    return _to_account()


def _rename(request: HttpRequest, passkey: Passkey) -> str:
    old = passkey.name
    new = passkeys.checked_name(passkey.user, request.POST.get("name", ""), but=passkey.pk)
    with recorded(Action.RENAME_PASSKEY, actor(request), f"{passkey.user.get_username()}: {old} to {new}"):
        passkeys.rename(passkey, new)
    return f"The passkey “{old}” is now named “{new}”."


def _remove(request: HttpRequest, user: User, passkey: Passkey) -> str:
    name = passkey.name
    with recorded(Action.REMOVE_PASSKEY, actor(request), f"{user.get_username()}: {name}"):
        own_password.check(request, user)
        second_step.remove(passkey)
    return f"The passkey “{name}” is removed. Delete it on your device, too."


def _user(request: HttpRequest) -> User:
    """The user; 404 for users who sign in with the provider, which has passkeys of its own."""
    user = cast(User, request.user)  # `needs` admits only users
    if not passkeys.may_have(user):
        raise Http404
    return user


def _to_account() -> HttpResponse:
    return HttpResponseRedirect(reverse("account"))
