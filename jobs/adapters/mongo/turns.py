"""Assigns turns to new jobs from the stored ones, see ``jobs.domain.turns``. Each query uses an index."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pymongo import DESCENDING
from pymongo.collection import Collection

from jobs.adapters.mongo.queue_filters import EVERY_ID
from jobs.domain.turns import current_turn, new_turns

if TYPE_CHECKING:
    from jobs.adapters.mongo.connection import Document
    from jobs.domain.job import Job

#: Jobs that are looked at if no worker holds any.
_NEWEST = 50


def with_turns(collection: Collection[Document], jobs: Sequence[Job]) -> list[Job]:
    """New jobs with their turns.

    If a requester's orders race, each may get the same turns. Others then wait for one job of each racing order
    instead of one job: as many as the web site handles requests at once, whatever the size of the orders.
    """

    def highest(filter_: Document) -> int:
        found = collection.find_one(filter_, {"turn": True}, sort=[("turn", DESCENDING)])
        return int(found.get("turn", 0)) if found else 0

    def current(priority: int) -> int:
        """A started job's turn, as high as can be known, bounds the search for the highest, which DocumentDB sorts."""
        held = collection.find({"leaseExpiresAt": {"$exists": True}, "priority": priority}, {"turn": True})
        turns = [job.get("turn", 0) for job in held]
        known = max(turns or [turn for other, turn in newest() if other == priority], default=0)
        above = {"turn": {"$gte": known}} if known else {}
        return current_turn(highest({"priority": priority, "startedAt": {"$exists": True}, **above}), turns)

    @functools.cache
    def newest() -> list[tuple[int, int]]:
        """Priorities and turns of the newest jobs that have started."""
        fields = {"priority": True, "turn": True, "startedAt": True}
        rows = collection.find(EVERY_ID, fields, sort=[("_id", DESCENDING)], limit=_NEWEST)
        return [(row["priority"], row.get("turn", 0)) for row in rows if "startedAt" in row]

    def last(priority: int, requested_by: str) -> int:
        return highest({"requestedBy": requested_by, "priority": priority, "runAfter": {"$exists": True}})

    turns = new_turns(jobs, current, last)
    return [replace(job, turn=turns[job.id]) for job in jobs]
