"""Saved views on the pages of lists: the filters of an address that differ from the defaults, and the menu of views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from jobs.bootstrap import application
from jobs.domain.saved_view import LONGEST_NAME, Listing, SavedView
from jobs.web.forms import COLUMNS, CompanySearch, DocumentSearch, JobSearch, Search

#: The parameter that names the opened view; its filters may have been changed since.
PARAMETER = "view"
FORMS: Mapping[Listing, type[Search]] = {
    Listing.JOBS: JobSearch,
    Listing.DOCUMENTS: DocumentSearch,
    Listing.COMPANIES: CompanySearch,
}


def canonical(listing: Listing, given: QueryDict) -> str:
    """The filters and the order of an address, without defaults, pages and unknown parameters.

    Invalid values stay: the page reports them.
    """
    form = FORMS[listing]
    defaults = {"order": [form.default_order()], "columns": sorted(COLUMNS)}
    found = {name: sorted({value.strip() for value in given.getlist(name)} - {""}) for name in form.base_fields}
    return urlencode(
        [(name, value) for name, values in found.items() if values != defaults.get(name) for value in values]
    )


def address_of(view: SavedView) -> str:
    return f"{reverse(str(view.listing))}?{view.query}&{PARAMETER}={view.id}"


def invalid_filters(view: SavedView) -> str:
    """A sentence that names filters which were valid once; empty if all are."""
    return FORMS[view.listing](QueryDict(view.query)).ignored


def described(view: SavedView) -> str:
    """The view's filters and order as a text, such as: State: failed; By: asha; Oldest first."""
    search, query = FORMS[view.listing](QueryDict(view.query)), QueryDict(view.query)
    states = ", ".join(query.getlist("status")).replace("_", " ")
    columns = ", ".join(COLUMNS[each] for each in query.getlist("columns") if each in COLUMNS)
    texts = [
        f"State: {states}" if states else "",
        *(text for _, text in search.chips),
        "Jobs of one list" if query.get("in_list") else "",
        search.orders.get(query.get("order"), ""),
        f"Columns: {columns}" if columns else "",
    ]
    return "; ".join(text for text in texts if text)


@dataclass(frozen=True, kw_only=True)
class Menu:
    """The views of a list. ``opened`` is the id in the address, ``query`` what the address asks for."""

    listing: Listing
    user: str
    query: str
    opened: str
    own: list[SavedView] = field(default_factory=list)
    shared: list[SavedView] = field(default_factory=list)
    longest_name: ClassVar[int] = LONGEST_NAME

    @cached_property
    def current(self) -> SavedView | None:
        """The opened view, else one with exactly these filters; None for the whole list."""
        if not self.query:
            return None
        everyone = [*self.own, *self.shared]
        named = (each for each in everyone if each.id == self.opened)
        return next(named, next((each for each in everyone if self._is_as(each)), None))

    @property
    def is_changed(self) -> bool:
        return bool(self.current and not self._is_as(self.current))

    def _is_as(self, view: SavedView) -> bool:
        """Also for a view that an earlier version saved, with fields in another order."""
        return canonical(self.listing, QueryDict(view.query)) == self.query

    @property
    def may_save(self) -> bool:
        return bool(self.current and self.current.owner == self.user)

    @property
    def is_gone(self) -> bool:
        """Whether the address names a view that was deleted or is no longer shared."""
        return bool(self.opened) and self.opened not in [each.id for each in (*self.own, *self.shared)]


def menu(request: HttpRequest, listing: Listing) -> Menu:
    user = request.user.get_username()
    own, shared = application().views.available(user, listing)
    return Menu(
        listing=listing,
        user=user,
        query=canonical(listing, request.GET),
        opened=request.GET.get(PARAMETER, ""),
        own=own,
        shared=shared,
    )
