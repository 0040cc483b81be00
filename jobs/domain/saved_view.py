"""Saved views: the filters and the order of a list under a name, private or shared with everybody."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from jobs.domain.wrong_use import InvalidView

LONGEST_NAME = 60
LONGEST_QUERY = 2_000
#: Of one user, for one list.
MOST_VIEWS = 30
#: Shared views of one list, of all users.
MOST_SHARED = 100


class Listing(StrEnum):
    """The lists that have views."""

    JOBS = "jobs"
    DOCUMENTS = "documents"
    COMPANIES = "companies"


@dataclass(frozen=True, kw_only=True)
class SavedView:
    """``query``: the part of the list's address after "?", with only the values that differ from the default."""

    id: str
    owner: str
    listing: Listing
    name: str
    query: str
    is_shared: bool
    created_at: datetime

    def changed(self, *, name: str, query: str, is_shared: bool) -> SavedView:
        """Raises InvalidView."""
        return replace(self, name=_valid_name(name), query=_valid_query(query), is_shared=is_shared)

    def may_be_seen_by(self, user: str) -> bool:
        return self.is_shared or self.owner == user


def new_view(
    *, view_id: str, owner: str, listing: Listing, name: str, query: str, is_shared: bool, now: datetime
) -> SavedView:
    """Raises InvalidView."""
    return SavedView(
        id=view_id,
        owner=owner,
        listing=listing,
        name=_valid_name(name),
        query=_valid_query(query),
        is_shared=is_shared,
        created_at=now,
    )


def _valid_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise InvalidView("Give the view a name.")
    if len(name) > LONGEST_NAME:
        raise InvalidView(f"The name has {len(name)} characters; the limit is {LONGEST_NAME}.")
    if not name.isprintable():
        raise InvalidView("The name contains characters that cannot be shown.")
    return name


def _valid_query(query: str) -> str:
    if not query:
        raise InvalidView("Choose a filter or an order first: without them, the view is the whole list.")
    if len(query) > LONGEST_QUERY:
        raise InvalidView("These filters are too long to be saved.")
    return query
