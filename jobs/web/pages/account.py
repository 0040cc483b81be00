"""A user's own account: password, theme, time zone and sessions."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import cast
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from jobs.bootstrap import application
from jobs.domain.deliveries import Subscription
from jobs.domain.errors import FilesureError
from jobs.models import ExternalIdentity, Session
from jobs.web import login_codes, passkeys
from jobs.web.access import needs
from jobs.web.permissions import Permission
from jobs.web.private import private_page
from jobs.web.sessions import living
from jobs.web.tokens import active

MAIL_TEXTS = {
    "completed": "An order or list of mine is complete",
    "partial": "An order or list of mine ended without some documents",
    "failed": "An order or list of mine failed",
}
THEMES = {"": "As the system", "light": "Light", "dark": "Dark"}


class PreferencesForm(forms.Form):
    """Theme and time zone. Empty: the defaults."""

    theme = forms.ChoiceField(required=False, choices=list(THEMES.items()))
    time_zone = forms.CharField(required=False, max_length=64)

    def clean_time_zone(self) -> str:
        """The zone in its usual spelling. Refuses names that no zone has."""
        given = self.cleaned_data["time_zone"].strip()
        wanted = given.replace(" ", "_").casefold()
        name = next((each for each in available_timezones() if each.casefold() == wanted), "")
        if given and not name:
            raise forms.ValidationError(
                f"“{given}” is not a time zone. Choose one from the list, such as Asia/Kolkata."
            )
        return name


class NotificationsForm(forms.Form):
    """The choice of mail."""

    address = forms.EmailField(
        required=False, max_length=254, error_messages={"invalid": "This is not a valid mail address."}
    )
    choices = forms.MultipleChoiceField(required=False, choices=list(MAIL_TEXTS.items()))
    single_orders_of_lists = forms.BooleanField(required=False)
    digest = forms.BooleanField(required=False)

    def clean(self) -> None:
        """Refuse choices without an address."""
        given = self.cleaned_data
        if "address" in given and not given["address"] and (given.get("choices") or given["digest"]):
            self.add_error("address", "Enter the address that mail goes to, or choose nothing.")


@needs(Permission.VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Show the account. A POST stores theme and time zone."""
    if request.method != "POST":
        return _page(request)
    form = PreferencesForm(request.POST)
    if not form.is_valid():
        return _page(request, preferences=form)
    stored = request.preferences  # type: ignore[attr-defined]  # set by PreferencesMiddleware
    stored.theme, stored.time_zone = form.cleaned_data["theme"], form.cleaned_data["time_zone"]
    stored.save()
    messages.success(request, "Saved.")
    return HttpResponseRedirect(reverse("account"))


@needs(Permission.VIEW)
@require_POST
def notifications(request: HttpRequest) -> HttpResponse:
    """Store what the account wants to receive by mail."""
    form = NotificationsForm(request.POST)
    if not form.is_valid():
        return _page(request, notices=form)
    chosen = {**form.cleaned_data, "choices": frozenset(form.cleaned_data["choices"])}
    application().notifications.subscriptions.put(Subscription(name=request.user.get_username(), **chosen))
    messages.success(request, "Saved.")
    return HttpResponseRedirect(reverse("account"))


@needs(Permission.VIEW)
@require_POST
@sensitive_post_parameters()
def password(request: HttpRequest) -> HttpResponse:
    """Change the password. This ends all other sessions of the user."""
    form = PasswordChangeForm(request.user, request.POST)  # type: ignore[arg-type]  # `needs` admits only users
    if not form.is_valid():
        return _page(request, passwords=form)
    form.save()
    update_session_auth_hash(request, form.user)
    _others(request).delete()
    messages.success(request, "The password is changed. Your other sessions have ended; API tokens stay valid.")
    return HttpResponseRedirect(reverse("account"))


@needs(Permission.VIEW)
@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """End the user's other sessions."""
    number, _ = _others(request).delete()
    messages.success(request, f"{number} other session{'' if number == 1 else 's'} ended.")
    return HttpResponseRedirect(reverse("account"))


def _others(request: HttpRequest) -> QuerySet[Session]:
    """The user's sessions in other browsers."""
    return living(request.user.pk).exclude(pk=request.session.session_key)


def _chosen(request: HttpRequest, given: NotificationsForm | None) -> dict[str, object] | None:
    """The fields of the form for mail; None while MongoDB does not answer."""
    if given:
        names = ("address", "single_orders_of_lists", "digest", "choices")
        return {name: given[name].value() for name in names}
    try:
        stored = application().notifications.subscriptions.get(request.user.get_username())
    except FilesureError:
        return None
    is_new = not stored.address and not stored.choices
    return {**asdict(stored), "address": getattr(request.user, "email", "")} if is_new else asdict(stored)


def _page(
    request: HttpRequest,
    preferences: PreferencesForm | None = None,
    passwords: PasswordChangeForm | None = None,
    notices: NotificationsForm | None = None,
) -> HttpResponse:
    failed = preferences or passwords or notices
    user = cast(User, request.user)
    stored = request.preferences  # type: ignore[attr-defined]
    context = {
        "themes": THEMES,
        "zones": sorted(available_timezones()),
        "default_zone": settings.TIME_ZONE_SHOWN,
        "given": {"theme": stored.theme, "time_zone": stored.time_zone}
        | (preferences.data.dict() if preferences else {}),  # type: ignore[attr-defined]
        "preferences": preferences,
        "passwords": passwords,
        "notices": notices,
        "chosen": _chosen(request, notices),
        "mail_choices": MAIL_TEXTS,
        "has_codes": login_codes.are_on(user),
        "backup_codes": login_codes.backup_codes_left(user),
        "may_have_passkeys": passkeys.may_have(user),
        "passkeys": passkeys.of(user),
        "passkey_problem": passkeys.problem_at(request),
        "longest_name": passkeys.LONGEST_NAME,
        "others": _others(request).count(),
        "provider": settings.SIGN_IN.oidc_name if settings.SIGN_IN.oidc_issuer else None,
        "identity": ExternalIdentity.objects.filter(user=request.user.pk).first(),
        "tokens": active(request.user.get_username()).count(),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if failed else HTTPStatus.OK
    return private_page(request, "account.html", context, status)
