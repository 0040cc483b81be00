"""The page of a link with which users set their password: after an invitation, or if they forgot it.

Django's token generator makes the links. One works until it expires (PASSWORD_RESET_TIMEOUT), the password is set or
the account has logged in.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from jobs.domain.audit import Action, Actor
from jobs.models import Session
from jobs.web.access import open_to_all
from jobs.web.auditing import recorded
from jobs.web.request_context import client_address, public_url

LINK_DAYS = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT).days


def link_of(request: HttpRequest, account: User) -> str:
    """A link with which the account's owner sets a password."""
    uid = urlsafe_base64_encode(force_bytes(account.pk))
    path = reverse("welcome", args=[uid, default_token_generator.make_token(account)])
    return public_url(request, path)


class Welcome(PasswordResetConfirmView):
    """Sets the password once; all sessions of the account end."""

    template_name = "welcome.html"
    success_url = reverse_lazy("login")
    title = "Set your password"

    def get_user(self, uidb64: str) -> User | None:
        """Links of deactivated accounts do not work."""
        account: User | None = super().get_user(uidb64)
        return account if account and account.is_active else None

    def form_valid(self, form: SetPasswordForm) -> HttpResponse:  # type: ignore[type-arg]
        name = form.user.get_username()
        by = Actor(name=name, address=client_address(self.request))
        with recorded(Action.SET_PASSWORD, by, "by a link"):
            response = super().form_valid(form)
            Session.objects.filter(account_id=form.user.pk).delete()
        messages.success(self.request, f"The password is set. Log in as {name}.")
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"account": self.user if self.validlink else None}


welcome = open_to_all(Welcome.as_view())
