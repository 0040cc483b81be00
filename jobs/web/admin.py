"""Accounts in Django's admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

_FOR_SUPERUSERS = ("is_superuser", "is_staff", "is_active", "groups", "user_permissions")

admin.site.unregister(User)
# They show keys and codes with which one could log in as another user.
admin.site.unregister([TOTPDevice, StaticDevice])


@admin.register(User)
class AccountAdmin(UserAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    """Superusers can do everything. Admins invite, change roles and deactivate at ``/accounts/`` instead.

    There, nobody can remove their own role or the last Admin, and each change is in the site's audit log.
    """

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Admins invite instead."""
        return super().has_add_permission(request) and _is_superuser(request)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[Any, ...]:
        """Only superusers can change rights here."""
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if _is_superuser(request) else (*fields, *_FOR_SUPERUSERS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Django also calls this before a password is set."""
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Accounts are deactivated, since jobs and audit entries name them."""
        return super().has_delete_permission(request, obj) and _is_superuser(request)


def _may_touch(request: HttpRequest, account: User | None) -> bool:
    return account is None or not account.is_superuser or _is_superuser(request)


def _is_superuser(request: HttpRequest) -> bool:
    return request.user.is_authenticated and request.user.is_superuser
