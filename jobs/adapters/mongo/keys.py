"""Ids that callers give: an id that no record can have is as unknown as one that no record has."""

from __future__ import annotations

from bson import ObjectId
from pymongo.collection import Collection

from jobs.adapters.mongo.connection import Document
from jobs.adapters.mongo.records import object_id
from jobs.domain.errors import WrongUse
from jobs.domain.wrong_use import InvalidJobId


def key_of(id_: str, unknown: WrongUse) -> ObjectId:
    """Raises ``unknown`` if no record can have this id."""
    try:
        return object_id(id_)
    except InvalidJobId:
        raise unknown from None


def record_of(collection: Collection[Document], id_: str, unknown: WrongUse) -> Document:
    """The record with this id. Raises ``unknown`` if there is none."""
    record = collection.find_one({"_id": key_of(id_, unknown)})
    if record is None:
        raise unknown
    return record
