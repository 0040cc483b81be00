"""Port for saved views of lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from jobs.domain.saved_view import Listing, SavedView


class SavedViewRepository(Protocol):
    """Saved views. An owner's names are unique within a list."""

    def add(self, view: SavedView) -> None:
        """Raises ViewNameTaken."""

    def get(self, view_id: str) -> SavedView:
        """Raises UnknownView."""

    def of(self, owner: str, listing: Listing, limit: int) -> list[SavedView]:
        """The owner's views of a list, by name."""

    def shared(self, listing: Listing, limit: int) -> list[SavedView]:
        """The shared views of a list, of all owners, by name."""

    def save(self, view: SavedView) -> None:
        """Store the name, query and sharing of an existing view. Raises ViewNameTaken, UnknownView."""

    def delete(self, view_id: str) -> None:
        """Idempotent."""
