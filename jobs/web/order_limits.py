"""The monthly limit on the orders of the user who makes a request."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest

from jobs.bootstrap import application
from jobs.domain.allowances import MonthlyOrders
from jobs.web.accounts import role_of


def limit_of(request: HttpRequest) -> int | None:
    """How many orders the caller may place in a month; None: any number, as for visitors without an account."""
    if is_limited() and isinstance(request.user, User):
        return application().limits.of_role(role_of(request.user))
    return None


def is_limited() -> bool:
    """Whether any role has a limit. Needs no MongoDB."""
    return bool(application().configuration.orders_per_month)


def this_month(request: HttpRequest) -> MonthlyOrders | None:
    """The caller's orders of this month; None without a limit. Also records the role."""
    if not (is_limited() and isinstance(request.user, User)):
        return None
    name, role, limits = request.user.get_username(), role_of(request.user), application().limits
    limits.note_role(name, role)
    limit = limits.of_role(role)
    return None if limit is None else limits.state(name, limit)


def note_role(account: User | AnonymousUser) -> None:
    """Remember the role for rechecks of watches, which a program without accounts orders."""
    if is_limited() and isinstance(account, User):
        application().limits.note_role(account.get_username(), role_of(account))
