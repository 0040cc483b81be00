"""A user's own API tokens."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from http import HTTPStatus

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from jobs.models import ApiToken
from jobs.web import tokens as api_tokens
from jobs.web.access import needs
from jobs.web.permissions import Permission
from jobs.web.private import private_page

MOST_LIVING = 20
_SHOWN_ENDED = 50


class TokenForm(forms.Form):
    """A new token."""

    name = forms.CharField(max_length=80, error_messages={"required": "Name the program that will use the token."})
    scopes = forms.MultipleChoiceField(error_messages={"required": "Choose at least one scope."})
    expires = forms.DateField(required=False, input_formats=["%Y-%m-%d"])

    def __init__(self, rights: list[Permission], data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.fields["scopes"].choices = [(right.scope, right.scope) for right in rights]  # type: ignore[attr-defined]

    def clean_expires(self) -> datetime | None:
        """Convert the date to the end of that day, which must not be in the past."""
        day = self.cleaned_data["expires"]
        if day is None:
            return None
        if day < timezone.localdate():
            raise forms.ValidationError("The expiry date is in the past.")
        return datetime.combine(day, time.max, timezone.get_current_timezone())


@needs(Permission.VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """List the user's tokens. A POST creates one and shows its secret once."""
    rights = api_tokens.scopes_of(request.user)
    form = TokenForm(rights, request.POST if request.method == "POST" else None)
    secret = None
    name = request.user.get_username()
    active = api_tokens.active(name)
    if request.method == "POST" and active.count() >= MOST_LIVING:
        form.add_error(None, f"You have {MOST_LIVING} active tokens. Revoke one before you create another.")
    elif request.method == "POST" and form.is_valid():
        chosen = [right for right in rights if right.scope in form.cleaned_data["scopes"]]
        _, secret = api_tokens.issue(request.user, form.cleaned_data["name"], chosen, form.cleaned_data["expires"])  # type: ignore[arg-type]
        form = TokenForm(rights)
    month = timezone.localdate() + timedelta(days=90)
    context = {
        "active": active,
        "ended": ApiToken.objects.filter(user__username=name).exclude(pk__in=active)[:_SHOWN_ENDED],
        "form": form,
        "rights": api_tokens.explained(rights),
        "scopes": form["scopes"].value() if form.is_bound else [Permission.VIEW.scope],
        "secret": secret,
        "month": month,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return private_page(request, "tokens.html", context, status)


@needs(Permission.VIEW)
@require_POST
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    token = get_object_or_404(ApiToken, pk=token_id, user__pk=request.user.pk)
    api_tokens.revoke(token)
    messages.success(request, f"The token {token.name} is revoked.")
    return HttpResponseRedirect(reverse("tokens"))
