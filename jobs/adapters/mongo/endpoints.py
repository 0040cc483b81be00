"""Webhook endpoints in MongoDB, and the mail that accounts have chosen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, ReturnDocument
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.keys import key_of, record_of
from jobs.adapters.mongo.notes import noted
from jobs.adapters.mongo.records import known
from jobs.domain.deliveries import Subscription
from jobs.domain.endpoints import MOST_ENDPOINTS, Endpoint, Format
from jobs.domain.events import EventType, Note
from jobs.domain.wrong_use import InvalidEndpoint, UnknownEndpoint
from jobs.ports import Clock

_ENABLED = {"disabledAt": {"$exists": False}}


class MongoEndpointRepository:
    """``jobs.ports.EndpointRepository`` on the collection ``endpoints``."""

    def __init__(self, database: Database[Document], clock: Clock) -> None:
        self._endpoints, self._clock = database["endpoints"], clock

    @translated
    def add(self, endpoint: Endpoint) -> None:
        """Of two racing callers, both may add the last one."""
        if self._endpoints.count_documents({}, limit=MOST_ENDPOINTS) >= MOST_ENDPOINTS:
            raise InvalidEndpoint(f"There are {MOST_ENDPOINTS} endpoints already. Remove one first.", field="url")
        self._endpoints.insert_one(_to_record(endpoint))

    @translated
    def get(self, endpoint_id: str) -> Endpoint:
        return _to_endpoint(record_of(self._endpoints, endpoint_id, UnknownEndpoint(endpoint_id)))

    @translated
    def all(self) -> list[Endpoint]:
        rows = self._endpoints.find({}, sort=[("_id", ASCENDING)], limit=2 * MOST_ENDPOINTS)
        return [_to_endpoint(row) for row in rows]

    @translated
    def rotate(self, endpoint_id: str, secret: str, old_until: datetime) -> Endpoint:
        current = self.get(endpoint_id)
        values = {"secret": secret, "oldSecret": current.secret, "oldUntil": old_until}
        row = self._change({"_id": _key(endpoint_id), "secret": current.secret}, {"$set": values})
        return self._found(endpoint_id, row) if row else self.rotate(endpoint_id, secret, old_until)

    @translated
    def limit(self, endpoint_id: str, lists: frozenset[str]) -> Endpoint:
        update = {"$set": {"lists": sorted(lists)}} if lists else {"$unset": {"lists": ""}}
        return self._found(endpoint_id, self._change({"_id": _key(endpoint_id)}, update))

    @translated
    def enable(self, endpoint_id: str) -> Endpoint:
        removed = {"disabledAt": "", "disabledReason": "", "failingSince": ""}
        update = {"$set": {"failures": 0}, "$unset": removed}
        return self._found(endpoint_id, self._change({"_id": _key(endpoint_id)}, update))

    @translated
    def disable(self, endpoint_id: str, reason: str, note: Note | None = None) -> Endpoint:
        update = {"$set": {"disabledAt": self._clock(), "disabledReason": reason}}
        enabled = {"_id": _key(endpoint_id), **_ENABLED}
        row = self._change(enabled, noted(update, note) if note else update)
        return _to_endpoint(row) if row else self.get(endpoint_id)

    @translated
    def remove(self, endpoint_id: str) -> None:
        self._endpoints.delete_one({"_id": _key(endpoint_id)})

    @translated
    def succeeded(self, endpoint_id: str, at: datetime) -> None:
        update = {"$set": {"failures": 0, "succeededAt": at}, "$unset": {"failingSince": ""}}
        self._endpoints.update_one({"_id": _key(endpoint_id)}, update)

    @translated
    def failed(self, endpoint_id: str, at: datetime) -> Endpoint | None:
        row = self._change({"_id": _key(endpoint_id)}, {"$inc": {"failures": 1}, "$min": {"failingSince": at}})
        return _to_endpoint(row) if row else None

    def _change(self, wanted: Document, update: Document) -> Document | None:
        return self._endpoints.find_one_and_update(wanted, update, return_document=ReturnDocument.AFTER)

    def _found(self, endpoint_id: str, row: Document | None) -> Endpoint:
        if row is None:
            raise UnknownEndpoint(endpoint_id)
        return _to_endpoint(row)


class MongoSubscriptionRepository:
    """``jobs.ports.SubscriptionRepository`` on the collection ``subscriptions``."""

    def __init__(self, database: Database[Document]) -> None:
        self._subscriptions = database["subscriptions"]

    @translated
    def get(self, name: str) -> Subscription:
        row = self._subscriptions.find_one({"_id": name})
        if row is None:
            return Subscription(name=name)
        return Subscription(
            name=name,
            address=row["address"],
            choices=frozenset(row["choices"]),
            single_orders_of_lists=row["singleOrdersOfLists"],
            digest=row["digest"],
        )

    @translated
    def put(self, subscription: Subscription) -> None:
        """Not an upsert, whose rows the embedded server does not find by ``_id``."""
        values = {
            "address": subscription.address,
            "choices": sorted(subscription.choices),
            "singleOrdersOfLists": subscription.single_orders_of_lists,
            "digest": subscription.digest,
        }
        try:
            self._subscriptions.insert_one({"_id": subscription.name, **values})
        except DuplicateKeyError:
            self._subscriptions.update_one({"_id": subscription.name}, {"$set": values})

    @translated
    def reserve_digest(self, name: str, now: datetime, until: datetime) -> bool:
        """An account without a record gets no mail, so its digest needs no reservation."""
        free = [{"digestUntil": {"$exists": False}}, {"digestUntil": {"$lte": now}}]
        if self._subscriptions.update_one({"_id": name, "$or": free}, {"$set": {"digestUntil": until}}).matched_count:
            return True
        return self._subscriptions.find_one({"_id": name}, {"_id": True}) is None

    @translated
    def remove(self, name: str) -> None:
        self._subscriptions.delete_one({"_id": name})


def _key(endpoint_id: str) -> ObjectId:
    return key_of(endpoint_id, UnknownEndpoint(endpoint_id))


def _to_record(endpoint: Endpoint) -> Document:
    return known(
        {
            "_id": ObjectId(endpoint.id),
            "name": endpoint.name,
            "url": endpoint.url,
            "types": sorted(map(str, endpoint.types)),
            "lists": sorted(endpoint.lists) or None,
            "format": str(endpoint.format),
            "secret": endpoint.secret,
            "by": endpoint.by,
            "createdAt": endpoint.created_at,
            "failures": 0,
        }
    )


def _to_endpoint(row: Mapping[str, Any]) -> Endpoint:
    get = row.get
    return Endpoint(
        id=str(row["_id"]),
        name=row["name"],
        url=row["url"],
        types=frozenset(kind for kind in EventType if kind in row["types"]),  # a later version knows others
        lists=frozenset(get("lists", ())),
        format=Format(row["format"]),
        secret=row["secret"],
        old_secret=get("oldSecret"),
        old_until=get("oldUntil"),
        by=row["by"],
        created_at=row["createdAt"],
        failures=row["failures"],
        failing_since=get("failingSince"),
        succeeded_at=get("succeededAt"),
        disabled_at=get("disabledAt"),
        disabled_reason=get("disabledReason", ""),
    )
