"""The accounts of the site, for Admins: list, invitation, and one account with its role, sessions and tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jobs.domain.errors import WrongUse
from jobs.domain.wrong_use import WrongState
from jobs.models import ExternalIdentity
from jobs.web import accounts as service
from jobs.web import second_step, tokens
from jobs.web.access import needs
from jobs.web.accounts import STATES, AccountState, Change
from jobs.web.link_mail import mail_link
from jobs.web.pages.welcome import LINK_DAYS, link_of
from jobs.web.permissions import Permission
from jobs.web.private import private_page
from jobs.web.request_context import actor, whole_number

MOST_SHOWN = 200
_TAKEN = "An account with this name exists."


@dataclass(frozen=True)
class Row:
    """An account as the pages show it."""

    user: User

    @property
    def state(self) -> AccountState:
        return service.state_of(self.user)

    @property
    def role(self) -> str:
        return service.role_of(self.user)


class InvitationForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only in the stubs
    """A new account."""

    role = forms.ChoiceField(choices=[(role, role) for role in service.ROLES])

    class Meta:
        """The account's own fields."""

        model = User
        fields = ("username", "email")
        error_messages = {"username": {"unique": _TAKEN, "required": "Give the account a name."}}  # noqa: RUF012

    def clean_username(self) -> str:
        """Refuse names that differ from an existing one only in case."""
        name: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=name).exists():
            raise forms.ValidationError(_TAKEN)
        return name


@needs(Permission.ACCOUNTS)
@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").replace("\x00", "").strip()[:150]
    given = request.GET.get("state", "")
    state = AccountState(given) if given in list(AccountState) else None
    found = list(service.listed(text, state)[: MOST_SHOWN + 1])
    numbers = {each: User.objects.filter(condition).count() for each, condition in STATES.items()}
    context = {
        "rows": [Row(user) for user in found[:MOST_SHOWN]],
        "is_cut": len(found) > MOST_SHOWN,
        "text": text,
        "state": state,
        "numbers": numbers,
        "total": sum(numbers.values()),
        "no_passwords": _no_passwords() if settings.SIGN_IN.oidc_only else "",
    }
    return render(request, "accounts.html", context)


@needs(Permission.ACCOUNTS)
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """The form; a POST creates the account and shows its link."""
    if settings.SIGN_IN.oidc_only:
        raise WrongState(_no_passwords())
    form = InvitationForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            account = service.invite(
                _user(request), actor(request), name=given["username"], email=given["email"], role=given["role"]
            )
        except IntegrityError:
            form.add_error("username", _TAKEN)
        except WrongUse as refused:
            form.add_error(None, str(refused))
        else:
            return _link_page(request, account)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    context = {"form": form, "roles": service.ROLES, "mails": bool(settings.EMAIL_HOST)}
    return render(request, "account_invite.html", context, status=status)


@needs(Permission.ACCOUNTS)
@require_safe
def account_detail(request: HttpRequest, account_id: int) -> HttpResponse:
    return _account_page(request, get_object_or_404(User, pk=account_id))


@needs(Permission.ACCOUNTS)
@require_POST
def account_act(request: HttpRequest, account_id: int, action: str) -> HttpResponse:
    """Change the account, and return to its page with a message. A new link is shown at once, and only then."""
    account = get_object_or_404(User, pk=account_id)
    try:
        done = ACTIONS[action](request, Change(by=_user(request), actor=actor(request), account=account))
    except WrongUse as refused:
        messages.error(request, str(refused))
    else:
        if action == "link":
            account.refresh_from_db()
            return _link_page(request, account)
        messages.success(request, done)
    return HttpResponseRedirect(reverse("account_detail", args=[account_id]))


def _set_role(request: HttpRequest, change: Change) -> str:
    role = request.POST.get("role", "")
    if role not in service.ROLES:
        raise WrongUse("Choose one of the roles.")
    service.set_role(change, role)
    return f"{change.account.get_username()} now has the role {role}."


def _renew_link(_request: HttpRequest, change: Change) -> str:
    if settings.SIGN_IN.oidc_only and not change.account.is_superuser:
        raise WrongState(_no_passwords())
    service.renew_link(change)
    return ""


def _deactivate(_request: HttpRequest, change: Change) -> str:
    service.deactivate(change)
    return f"{change.account.get_username()} is deactivated. All sessions have ended, and API tokens no longer work."


def _reactivate(_request: HttpRequest, change: Change) -> str:
    service.reactivate(change)
    return f"{change.account.get_username()} is active again. API tokens that are not revoked work again."


def _end_sessions(_request: HttpRequest, change: Change) -> str:
    return f"{_number(service.end_sessions(change), 'session')} ended."


def _revoke_tokens(request: HttpRequest, change: Change) -> str:
    given = request.POST.get("token", "")
    token_id = whole_number(given, most_digits=18)
    if given and token_id is None:
        raise WrongUse("There is no such token.")
    return f"{_number(service.revoke_tokens(change, token_id), 'token')} revoked."


def _turn_off_codes(_request: HttpRequest, change: Change) -> str:
    service.turn_off_codes(change)
    return f"{change.account.get_username()} now logs in with the password alone."


ACTIONS: dict[str, Callable[[HttpRequest, Change], str]] = {
    "role": _set_role,
    "link": _renew_link,
    "deactivate": _deactivate,
    "reactivate": _reactivate,
    "sessions": _end_sessions,
    "tokens": _revoke_tokens,
    "codes": _turn_off_codes,
}
"""By their word in the address: each performs the change and returns the message."""


def _no_passwords() -> str:
    """Why nobody is invited where only superusers may use passwords (OIDC_ONLY)."""
    return (
        f"Everybody signs in with {settings.SIGN_IN.oidc_name}. An account is created at the first sign-in, and groups"
        " there decide its role."
    )


def _number(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)  # `needs` admits only users


def _link_page(request: HttpRequest, account: User) -> HttpResponse:
    """The account's page with a new link, which is also mailed if it can be."""
    link = link_of(request, account)
    return _account_page(request, account, link=link, mailed=mail_link(account, link, LINK_DAYS))


def _account_page(request: HttpRequest, account: User, link: str | None = None, mailed: str = "") -> HttpResponse:
    shown = service.listed().get(pk=account.pk)
    context: dict[str, Any] = {
        "row": Row(shown),
        "roles": service.ROLES,
        "tokens": tokens.active(shown.get_username()),
        "link": link,
        "mailed": mailed,
        "has_second_step": second_step.is_on(shown),
        "identity": ExternalIdentity.objects.filter(user=shown).first(),
        "provider": settings.SIGN_IN.oidc_name,
        "has_links": shown.is_superuser or not settings.SIGN_IN.oidc_only,
        "link_days": LINK_DAYS,
        "is_own": shown.pk == request.user.pk,
        "is_locked": shown.is_superuser and not _user(request).is_superuser,
    }
    return private_page(request, "account_detail.html", context)
