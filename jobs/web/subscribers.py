"""Ends the mail, and pauses the watches, of accounts that are deactivated, deleted or renamed, or lose these rights.

Accounts are in SQLite, watches and mail in MongoDB, and a transaction of SQLite keeps all other accounts waiting. So
the transaction that changes an account also notes it, MongoDB is changed after the commit, and only then the note is
removed. A process that dies in between, or a MongoDB that does not answer, leaves the note, see ``settle``.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Iterable
from functools import partial
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import connections, transaction
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save

from jobs.bootstrap import application
from jobs.domain.errors import FilesureError
from jobs.models import LostRight
from jobs.web.order_limits import is_limited, note_role
from jobs.web.permissions import Permission

logger = logging.getLogger(__name__)

_RETRY_SECONDS = 30.0
_AT_ONCE = 100
_waiting = threading.Lock()


def connect() -> None:
    """Called once per process."""
    pre_save.connect(_changing, sender=User, dispatch_uid="subscriber_changing")
    post_save.connect(_saved, sender=User, dispatch_uid="subscriber_saved")
    post_delete.connect(_deleted, sender=User, dispatch_uid="subscriber_deleted")
    for through in (User.groups.through, User.user_permissions.through, Group.permissions.through):
        m2m_changed.connect(_rights_changed, sender=through, dispatch_uid=f"subscriber_{through.__name__}")
    m2m_changed.connect(_role_changed, sender=User.groups.through, dispatch_uid="subscriber_role_changed")
    pre_delete.connect(_group_deleted, sender=Group, dispatch_uid="subscriber_group_deleted")


def _changing(instance: User, update_fields: Collection[str] | None = None, **_: Any) -> None:
    if update_fields is not None and not {"username", "is_superuser"} & set(update_fields):  # a login
        return
    before = User.objects.filter(pk=instance.pk).first() if instance.pk else None
    if before and before.username != instance.username:
        _note([before.username], is_gone=True)
    if before and before.is_superuser and not instance.is_superuser:
        _note([instance.username])


def _saved(instance: User, *, created: bool, **_: Any) -> None:
    if not instance.is_active and not created:
        _note([instance.username], is_gone=True)


def _deleted(instance: User, **_: Any) -> None:
    _note([instance.username], is_gone=True)


def _rights_changed(
    instance: User | Group, action: str, *, reverse: bool, pk_set: Collection[int] | None, **_: Any
) -> None:
    """Of a user, or of all users of a group."""
    if action not in ("post_remove", "pre_clear"):
        return
    if isinstance(instance, User):
        _note([instance.username])
    elif isinstance(instance, Group):
        _note(_names(pk_set) if reverse and pk_set is not None else _members(instance))


def _role_changed(
    instance: User | Group, action: str, *, reverse: bool, pk_set: Collection[int] | None, **_: Any
) -> None:
    """The monthly limit of rechecks follows the role; if MongoDB does not answer, from the account's next visit on."""
    if is_limited() and action.startswith("post_"):
        keys = (pk_set or ()) if reverse else [instance.pk]
        transaction.on_commit(partial(_note_roles, list(keys)), robust=True)


def _note_roles(keys: Collection[int]) -> None:
    for account in User.objects.filter(pk__in=keys, is_active=True):
        note_role(account)


def _group_deleted(instance: Group, **_: Any) -> None:
    _note(_members(instance))


def _names(keys: Collection[int]) -> Iterable[str]:
    return User.objects.filter(pk__in=keys).values_list("username", flat=True)


def _members(group: Group) -> Iterable[str]:
    return group.user_set.values_list("username", flat=True)


def _note(names: Iterable[str], *, is_gone: bool = False) -> None:
    """In the transaction of the change, if it has one."""
    notes = LostRight.objects.bulk_create([LostRight(username=name, is_gone=is_gone) for name in names])
    transaction.on_commit(partial(_settle, notes), robust=True)


# --- after the transaction


def settle() -> None:
    """Settle all notes. Each web process does when it starts, for processes that have died."""
    while notes := list(LostRight.objects.order_by("pk")[:_AT_ONCE]):
        if not _settle(notes):
            return


def _settle(notes: Iterable[LostRight]) -> bool:
    """End what the noted accounts may no longer have. False: not all of it yet, and it is tried again. Idempotent."""
    try:
        for note in notes:
            _end(note)
            LostRight.objects.filter(pk=note.pk).delete()
    except FilesureError as error:
        logger.warning("accounts.unsettled", extra={"kind": error.kind, "reason": str(error)})
        settle_in(_RETRY_SECONDS)
        return False
    return True


def settle_in(seconds: float) -> None:
    """Settle in a thread of its own, after this time, unless one waits already."""
    if _waiting.acquire(blocking=False):
        timer = threading.Timer(seconds, _settle_alone)
        timer.daemon = True
        timer.start()


def _settle_alone() -> None:
    _waiting.release()
    try:
        settle()
    finally:
        connections.close_all()


def _end(note: LostRight) -> None:
    """Reads the account anew, since Django keeps the rights of each instance."""
    account = None if note.is_gone else User.objects.filter(username=note.username, is_active=True).first()
    if account is None or not account.has_perm(Permission.VIEW):
        application().notifications.subscriptions.remove(note.username)
    if account is None:
        _pause(note.username, "The account that watched was deactivated, deleted or renamed.")
    elif not account.has_perm(Permission.WATCH):
        _pause(note.username, "The account that watched no longer has the right to watch companies.")


def _pause(username: str, reason: str) -> None:
    application().watching.watches.pause_all(username, reason)
