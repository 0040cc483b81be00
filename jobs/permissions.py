"""What people may do. Django keeps who may; these are its words for it."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """A right on the site and in the API, as Django spells it; a token's scopes are these words' ends."""

    VIEW = "jobs.view_job"
    ORDER = "jobs.order_job"
    RETRY = "jobs.retry_job"
    CANCEL = "jobs.cancel_job"
    PRIORITISE = "jobs.prioritise_job"
    DELETE = "jobs.delete_job"

    @property
    def scope(self) -> str:
        """The word in a token: view, order, …"""
        return self.removeprefix("jobs.").removesuffix("_job")


_DAILY_WORK: list[Permission] = [right for right in Permission if right is not Permission.DELETE]
GROUPS: dict[str, list[Permission]] = {
    "Viewer": [Permission.VIEW],
    "Operator": _DAILY_WORK,
    "Admin": list(Permission),
}
"""The groups that the migration makes. Admin may also manage accounts."""
