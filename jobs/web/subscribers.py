"""Ends the mail, and pauses the watches, of accounts that are deactivated, deleted or renamed, or lose these rights."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save

from jobs.bootstrap import application
from jobs.web.permissions import Permission


def connect() -> None:
    """Called once per process. If MongoDB does not answer, the account does not change either, as in the admin."""
    pre_save.connect(_changing, sender=User, dispatch_uid="subscriber_changing")
    post_save.connect(_saved, sender=User, dispatch_uid="subscriber_saved")
    post_delete.connect(_deleted, sender=User, dispatch_uid="subscriber_deleted")
    for through in (User.groups.through, User.user_permissions.through, Group.permissions.through):
        m2m_changed.connect(_rights_changed, sender=through, dispatch_uid=f"subscriber_{through.__name__}")
    pre_delete.connect(_group_deleted, sender=Group, dispatch_uid="subscriber_group_deleted")


def _changing(instance: User, update_fields: Collection[str] | None = None, **_: Any) -> None:
    if update_fields is not None and not {"username", "is_superuser"} & set(update_fields):  # a login
        return
    before = User.objects.filter(pk=instance.pk).first() if instance.pk else None
    if before and before.username != instance.username:
        _end(before.username)
    if before and before.is_superuser and not instance.is_superuser:
        _check_later([instance.pk])


def _saved(instance: User, *, created: bool, **_: Any) -> None:
    if not instance.is_active and not created:
        _end(instance.username)


def _deleted(instance: User, **_: Any) -> None:
    _end(instance.username)


def _end(username: str) -> None:
    application().notifications.subscriptions.remove(username)
    application().watching.watches.pause_all(username, "The account that watched was deactivated, deleted or renamed.")


# --- rights


def _rights_changed(
    instance: User | Group, action: str, *, reverse: bool, pk_set: Collection[int] | None, **_: Any
) -> None:
    """Of a user, or of all users of a group."""
    if action not in ("post_remove", "pre_clear"):
        return
    if isinstance(instance, User):
        _check_later([instance.pk])
    elif isinstance(instance, Group):
        _check_later(pk_set if reverse and pk_set is not None else _members(instance))


def _group_deleted(instance: Group, **_: Any) -> None:
    _check_later(_members(instance))


def _members(group: Group) -> list[int]:
    return list(group.user_set.values_list("pk", flat=True))


def _check_later(keys: Collection[int]) -> None:
    """After the transaction: to change a role, Django removes the old one before it adds the new one."""
    application().ping()
    transaction.on_commit(partial(_check, list(keys)))


def _check(keys: Collection[int]) -> None:
    """Reads the accounts anew, since Django keeps the rights of each instance."""
    for account in User.objects.filter(pk__in=keys, is_active=True):
        if not account.has_perm(Permission.VIEW):
            application().notifications.subscriptions.remove(account.username)
        if not account.has_perm(Permission.WATCH):
            reason = "The account that watched no longer has the right to watch companies."
            application().watching.watches.pause_all(account.username, reason)
