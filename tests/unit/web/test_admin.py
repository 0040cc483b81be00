"""Accounts in Django's admin."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.urls import reverse

from tests.unit.web.test_access import client_of


def test_admins_cannot_create_or_edit_superusers(db):
    boss = get_user_model().objects.create_superuser("boss", password="the boss's own")
    client = client_of("Admin")
    admin = get_user_model().objects.get(username="admin")
    form = {
        "username": "admin",
        "is_active": "on",
        "is_staff": "on",
        "is_superuser": "on",
        "date_joined_0": "2026-01-05",
    }
    form |= {"date_joined_1": "12:00:00", "groups": [group.pk for group in admin.groups.all()]}
    assert client.post(reverse("admin:auth_user_change", args=[admin.pk]), form).status_code == 302
    admin.refresh_from_db()
    assert not admin.is_superuser
    for name in ("password_change", "delete"):
        assert client.post(reverse(f"admin:auth_user_{name}", args=[boss.pk]), {"post": "yes"}).status_code == 403
    bulk = {"action": "delete_selected", "_selected_action": [boss.pk], "post": "yes"}
    client.post(reverse("admin:auth_user_changelist"), bulk)  # is not offered
    assert get_user_model().objects.filter(pk=boss.pk).exists()


def test_admins_change_no_rights_in_djangos_admin(db):
    """Otherwise they could remove the last Admin there."""
    client = client_of("Admin")
    admin = get_user_model().objects.get(username="admin")
    form = {"username": "admin", "email": "new@example.com", "date_joined_0": "2026-01-05", "date_joined_1": "12:00:00"}
    assert client.post(reverse("admin:auth_user_change", args=[admin.pk]), form).status_code == 302
    admin.refresh_from_db()
    rights = [group.name for group in admin.groups.all()]
    assert (admin.email, admin.is_active, admin.is_staff, rights) == ("new@example.com", True, True, ["Admin"])
    assert client.post(reverse("admin:auth_user_delete", args=[admin.pk]), {"post": "yes"}).status_code == 403
