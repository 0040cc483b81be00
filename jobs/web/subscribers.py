"""Ends the mail, and pauses the watches, of accounts that are deactivated, deleted or renamed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import User
from django.db.models.signals import post_delete, post_save, pre_save

from jobs.bootstrap import application


def connect() -> None:
    """Called once per process. If MongoDB does not answer, the account does not change either, as in the admin."""
    pre_save.connect(_renamed, sender=User, dispatch_uid="subscriber_renamed")
    post_save.connect(_saved, sender=User, dispatch_uid="subscriber_saved")
    post_delete.connect(_deleted, sender=User, dispatch_uid="subscriber_deleted")


def _renamed(instance: User, update_fields: Collection[str] | None = None, **_: Any) -> None:
    if update_fields is not None and "username" not in update_fields:  # a login
        return
    before = User.objects.filter(pk=instance.pk).values_list("username", flat=True).first() if instance.pk else None
    if before and before != instance.username:
        _end(before)


def _saved(instance: User, *, created: bool, **_: Any) -> None:
    if not instance.is_active and not created:
        _end(instance.username)


def _deleted(instance: User, **_: Any) -> None:
    _end(instance.username)


def _end(username: str) -> None:
    application().notifications.subscriptions.remove(username)
    application().watching.watches.pause_all(username, "The account that watched was deactivated, deleted or renamed.")
