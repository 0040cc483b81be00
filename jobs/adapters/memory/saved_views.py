"""Saved views in memory."""

from __future__ import annotations

from jobs.domain.saved_view import Listing, SavedView
from jobs.domain.wrong_use import UnknownView, ViewNameTaken


class MemorySavedViewRepository:
    """``jobs.ports.SavedViewRepository`` over a dictionary."""

    def __init__(self) -> None:
        self._views: dict[str, SavedView] = {}

    def add(self, view: SavedView) -> None:
        self._refuse_taken(view)
        self._views[view.id] = view

    def get(self, view_id: str) -> SavedView:
        if view_id not in self._views:
            raise UnknownView
        return self._views[view_id]

    def of(self, owner: str, listing: Listing, limit: int) -> list[SavedView]:
        return self._named([each for each in self._of_list(listing) if each.owner == owner], limit)

    def shared(self, listing: Listing, limit: int) -> list[SavedView]:
        return self._named([each for each in self._of_list(listing) if each.is_shared], limit)

    def save(self, view: SavedView) -> None:
        self.get(view.id)
        self._refuse_taken(view)
        self._views[view.id] = view

    def delete(self, view_id: str) -> None:
        self._views.pop(view_id, None)

    def _of_list(self, listing: Listing) -> list[SavedView]:
        return [each for each in self._views.values() if each.listing is listing]

    def _named(self, views: list[SavedView], limit: int) -> list[SavedView]:
        return sorted(views, key=lambda each: (each.name, each.id))[:limit]

    def _refuse_taken(self, view: SavedView) -> None:
        others = [each for each in self._of_list(view.listing) if each.owner == view.owner and each.id != view.id]
        if view.name in [each.name for each in others]:
            raise ViewNameTaken(view.name)
