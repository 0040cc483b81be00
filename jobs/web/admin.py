"""Accounts in Django's admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

_FOR_SUPERUSERS = ("is_superuser", "user_permissions")

admin.site.unregister(User)
# They show keys and codes with which one could log in as another user.
admin.site.unregister([TOTPDevice, StaticDevice])


@admin.register(User)
class AccountAdmin(UserAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    """Only superusers can create superusers or set a superuser's password; otherwise the same as Django's."""

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[Any, ...]:
        """Only superusers can create superusers and grant rights to individual users; others assign groups."""
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if _is_superuser(request) else (*fields, *_FOR_SUPERUSERS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Django also calls this before a password is set."""
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Django also calls this for each account when several are deleted at once."""
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)


def _may_touch(request: HttpRequest, account: User | None) -> bool:
    return account is None or not account.is_superuser or _is_superuser(request)


def _is_superuser(request: HttpRequest) -> bool:
    return request.user.is_authenticated and request.user.is_superuser
