"""Saved views in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.keys import record_of
from jobs.domain.saved_view import Listing, SavedView
from jobs.domain.wrong_use import UnknownView, ViewNameTaken

_BY_NAME = [("name", ASCENDING)]


class MongoSavedViewRepository:
    """``jobs.ports.SavedViewRepository`` on the collection ``saved_views``. Private views have no field ``shared``."""

    def __init__(self, database: Database[Document]) -> None:
        self._views = database["saved_views"]

    @translated
    def add(self, view: SavedView) -> None:
        record = {
            "_id": ObjectId(view.id),
            "owner": view.owner,
            "listing": str(view.listing),
            "name": view.name,
            "query": view.query,
            "at": view.created_at,
            **({"shared": True} if view.is_shared else {}),
        }
        try:
            self._views.insert_one(record)
        except DuplicateKeyError:
            raise ViewNameTaken(view.name) from None

    @translated
    def get(self, view_id: str) -> SavedView:
        return _to_view(record_of(self._views, view_id, UnknownView()))

    @translated
    def of(self, owner: str, listing: Listing, limit: int) -> list[SavedView]:
        return self._found({"owner": owner, "listing": str(listing)}, limit)

    @translated
    def shared(self, listing: Listing, limit: int) -> list[SavedView]:
        return self._found({"listing": str(listing), "shared": True}, limit)

    @translated
    def save(self, view: SavedView) -> None:
        change: Document = {"$set": {"name": view.name, "query": view.query}}
        if view.is_shared:
            change["$set"]["shared"] = True
        else:
            change["$unset"] = {"shared": ""}
        try:
            found = self._views.update_one({"_id": ObjectId(view.id)}, change).matched_count
        except DuplicateKeyError:
            raise ViewNameTaken(view.name) from None
        if not found:
            raise UnknownView

    @translated
    def delete(self, view_id: str) -> None:
        self._views.delete_one({"_id": ObjectId(view_id)})

    def _found(self, filter_: Document, limit: int) -> list[SavedView]:
        return [_to_view(row) for row in self._views.find(filter_, sort=_BY_NAME, limit=limit)]


def _to_view(row: Mapping[str, Any]) -> SavedView:
    return SavedView(
        id=str(row["_id"]),
        owner=row["owner"],
        listing=Listing(row["listing"]),
        name=row["name"],
        query=row["query"],
        is_shared=row.get("shared", False),
        created_at=row["at"],
    )
