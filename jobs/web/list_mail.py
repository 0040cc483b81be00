"""Whether users get an email when a list ends. Overrides the account's choice."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.bootstrap import application
from jobs.domain.order_list import OrderList
from jobs.domain.wrong_use import NoMailAddress


@dataclass(frozen=True, kw_only=True)
class ListMail:
    """A user's choice about a list. Without one, ``mail`` is None, and the account decides if the list ``is_own``."""

    mail: bool | None
    address: str
    is_own: bool


def choice_of(name: str, found: OrderList) -> ListMail:
    address = application().notifications.subscriptions.get(name).address
    return ListMail(mail=found.wishes.get(name), address=address, is_own=found.by == name)


def choose(name: str, list_id: str, *, mail: bool) -> OrderList:
    """Store the choice. Idempotent. Raises UnknownList, NoMailAddress."""
    lists = application().lists.lists
    found = lists.get(list_id)
    if mail and not choice_of(name, found).address:
        raise NoMailAddress
    lists.wish(found.id, name, mail=mail)
    return lists.get(list_id)
