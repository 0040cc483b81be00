"""The rights on the site and in the API. Django stores which accounts have them."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """A right; the value is Django's name for it."""

    VIEW = "jobs.view_job"
    ORDER = "jobs.order_job"
    RETRY = "jobs.retry_job"
    CANCEL = "jobs.cancel_job"
    PRIORITISE = "jobs.prioritise_job"
    WATCH = "jobs.watch_job"
    PAUSE = "jobs.pause_job"
    DELETE = "jobs.delete_job"
    AUDIT = "jobs.audit_job"
    PAN = "jobs.pan_job"
    #: Django's own permission, which also opens the accounts in Django's admin.
    ACCOUNTS = "auth.change_user"
    WEBHOOK = "jobs.webhook_job"
    EXPORT = "jobs.export_job"
    SHARE = "jobs.share_job"

    @property
    def scope(self) -> str:
        """The corresponding token scope: view, order, … Not for ACCOUNTS, which no token can have."""
        return self.removeprefix("jobs.").removesuffix("_job")


_FOR_ADMINS = {
    *(Permission.DELETE, Permission.AUDIT, Permission.PAN, Permission.SHARE, Permission.ACCOUNTS),
    Permission.WEBHOOK,
}
_DAILY_WORK: list[Permission] = [right for right in Permission if right not in _FOR_ADMINS]
GROUPS: dict[str, list[Permission]] = {
    "Viewer": [Permission.VIEW],
    "Operator": _DAILY_WORK,
    "Admin": list(Permission),
}
"""The groups that the migration creates: the roles of accounts, each with the rights of those before it."""
