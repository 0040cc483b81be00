"""Assigns turns to new jobs from the stored ones, see ``jobs.domain.turns``. Each query uses an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pymongo import DESCENDING
from pymongo.collection import Collection

from jobs.adapters.mongo.connection import Document
from jobs.domain.job import Job
from jobs.domain.turns import current_turn, new_turns


def with_turns(collection: Collection[Document], jobs: Sequence[Job]) -> list[Job]:
    """New jobs with their turns.

    If a requester's orders race, each may get the same turns. Others then wait for one job of each racing order
    instead of one job: as many as the web site handles requests at once, whatever the size of the orders.
    """

    def highest(filter_: Document) -> int:
        found = collection.find_one(filter_, {"turn": True}, sort=[("turn", DESCENDING)])
        return int(found.get("turn", 0)) if found else 0

    def current(priority: int) -> int:
        started = highest({"priority": priority, "startedAt": {"$exists": True}})
        held = collection.find({"leaseExpiresAt": {"$exists": True}, "priority": priority}, {"turn": True})
        return current_turn(started, [job.get("turn", 0) for job in held])

    def last(priority: int, requested_by: str) -> int:
        return highest({"requestedBy": requested_by, "priority": priority, "runAfter": {"$exists": True}})

    turns = new_turns(jobs, current, last)
    return [replace(job, turn=turns[job.id]) for job in jobs]
