"""Saves, changes and deletes views of lists. Changes of another user's view are in the audit log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from jobs.domain.audit import Action, Actor
from jobs.domain.saved_view import MOST_SHARED, MOST_VIEWS, Listing, SavedView, new_view
from jobs.domain.wrong_use import TooManyViews, UnknownView
from jobs.ports import AuditLog, Clock, SavedViewRepository
from jobs.services.auditing import audited


@dataclass(frozen=True, kw_only=True)
class ViewService:
    """The use cases of saved views. The caller decides whether a user may change the views of others."""

    views: SavedViewRepository
    audit: AuditLog
    clock: Clock
    new_id: Callable[[], str]

    def available(self, user: str, listing: Listing) -> tuple[list[SavedView], list[SavedView]]:
        """The user's own views, and those that others share, by name."""
        own = self.views.of(user, listing, MOST_VIEWS)
        shared = [each for each in self.views.shared(listing, MOST_SHARED) if each.owner != user]
        return _by_name(own), _by_name(shared)

    def get(self, view_id: str, user: str) -> SavedView:
        """Raises UnknownView, also for other users' private views."""
        view = self.views.get(view_id)
        if not view.may_be_seen_by(user):
            raise UnknownView
        return view

    def add(self, user: str, listing: Listing, *, name: str, query: str, is_shared: bool) -> SavedView:
        """Raises InvalidView, ViewNameTaken, TooManyViews."""
        view = new_view(
            view_id=self.new_id(),
            owner=user,
            listing=listing,
            name=name,
            query=query,
            is_shared=is_shared,
            now=self.clock(),
        )
        if len(self.views.of(user, listing, MOST_VIEWS)) >= MOST_VIEWS:
            raise TooManyViews(MOST_VIEWS)
        self.views.add(view)
        return view

    def change(self, view: SavedView, actor: Actor, *, name: str, query: str, is_shared: bool) -> SavedView:
        """Raises InvalidView, ViewNameTaken, UnknownView."""
        changed = view.changed(name=name, query=query, is_shared=is_shared)
        with self._audited(Action.CHANGE_VIEW, view, actor):
            self.views.save(changed)
        return changed

    def delete(self, view: SavedView, actor: Actor) -> None:
        with self._audited(Action.DELETE_VIEW, view, actor):
            self.views.delete(view.id)

    @contextmanager
    def _audited(self, action: Action, view: SavedView, actor: Actor) -> Iterator[None]:
        if view.owner == actor.name:
            yield
            return
        with audited(self.audit, self.clock, action, actor, details=f"{view.name}, of {view.owner}"):
            yield


def _by_name(views: list[SavedView]) -> list[SavedView]:
    return sorted(views, key=lambda each: (each.name.casefold(), each.id))
