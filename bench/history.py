"""What else grows besides jobs and documents, inserted directly: audit, deliveries, runs, watches, lists and so on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId

from bench.filling import insert
from jobs.bootstrap import Application
from jobs.domain.audit import Action, Actor
from jobs.domain.channels import Channel
from jobs.domain.deliveries import DeliveryState
from jobs.domain.events import EventType
from jobs.domain.export import Scope
from jobs.domain.job import RunOutcome
from jobs.domain.saved_view import Listing
from jobs.domain.watching import Interval

Row = dict[str, Any]

#: Jobs of the newest list.
LISTED = 50
_USERS, _MONTHS = 7, 12
_ENDPOINTS = 3
_ACTIONS = tuple(Action)
_EVENTS = (EventType.ORDER_COMPLETED, EventType.ORDER_FAILED)


def fill_history(app: Application, jobs: int) -> None:
    """As much of everything as an installation has by ``jobs`` jobs. The newest list has the newest ended jobs."""
    endpoints = [_endpoint(app, number) for number in range(_ENDPOINTS)]
    kinds: dict[str, tuple[int, Callable[[int, ObjectId, datetime], Row]]] = {
        "audit": (jobs // 4, _entry),
        "deliveries": (jobs // 4, lambda number, key, at: _delivery(number, key, at, endpoints)),
        "runs": (jobs // 4, _run),
        "watches": (jobs // 20, _watch),
        "refusals": (jobs // 20, _refusal),
        "lists": (max(1, jobs // 100), _list),
        "bulk_actions": (max(1, jobs // 100), _bulk_action),
    }
    for collection, (count, row) in kinds.items():
        insert(app, collection, _rows(count, row))
    insert(app, "usage", _usage())
    _put_on_newest_list(app)
    for listing in Listing:
        app.views.add("user1", listing, name="Shared", query="q=private", is_shared=True)


def _rows(count: int, row: Callable[[int, ObjectId, datetime], Row]) -> Iterator[Row]:
    """The newest a minute ago; ids that begin with the time, as if the driver had made them."""
    now = int(time.time()) - 60
    for number in range(count):
        second = now - (count - number)
        key = ObjectId(f"{second:08x}{number:016x}")
        yield {"_id": key, **row(number, key, datetime.fromtimestamp(second, UTC))}


def _endpoint(app: Application, number: int) -> str:
    webhooks = app.notifications.webhooks
    given = {"name": f"Endpoint {number}", "url": f"https://hooks{number}.invalid/", "format": "standard"}
    return webhooks.add(**given, types=[str(each) for each in _EVENTS], actor=Actor(name="user1")).id


def _entry(number: int, key: ObjectId, at: datetime) -> Row:
    del key
    action = _ACTIONS[number % len(_ACTIONS)]
    return {"jobId": f"{number:024x}", "action": str(action), "by": _user(number), "at": at, "address": "192.0.2.1"}


def _delivery(number: int, key: ObjectId, at: datetime, endpoints: list[str]) -> Row:
    channel = Channel.WEBHOOK if number % 2 else Channel.MAIL
    data = {
        "jobId": f"{number:024x}",
        "companyName": f"Company {number} Private Limited",
        "status": "completed",
        "cin": f"U72900KA2008PTC{number:06d}",
        "requestedBy": _user(number),
        "documents": {"total": 10, "downloaded": 10, "failed": 0},
    }
    return {
        "event": {"id": str(key), "at": at, "by": _user(number), "data": data},
        "type": str(_EVENTS[number // 2 % len(_EVENTS)]),
        "channel": str(channel),
        "target": endpoints[number % len(endpoints)] if number % 2 else _user(number),
        "state": str(DeliveryState.DELIVERED if number % 20 else DeliveryState.FAILED),
        "createdAt": at,
        "endedAt": at,
        "attempts": 1,
        "fence": 1,
        "last": {"at": at, "seconds": 0.1, "status": 200},
    }


def _run(number: int, key: ObjectId, at: datetime) -> Row:
    del key
    return {
        "jobId": f"{number:024x}",
        "number": 1,
        "worker": "bench",
        "fence": 1,
        "startedAt": at - timedelta(seconds=30),
        "finishedAt": at,
        "outcome": str(RunOutcome.COMPLETED),
        "documents": 10,
        "bytes": 200_000,
    }


def _watch(number: int, key: ObjectId, at: datetime) -> Row:
    del key
    return {
        "cin": f"U72900KA2008PTC{number:06d}",
        "companyName": f"Company {number} Private Limited",
        "by": _user(number),
        "at": at,
        "interval": str(Interval.WEEKLY),
        "nextAt": at + timedelta(days=30),
        "failures": 0,
    }


def _refusal(number: int, key: ObjectId, at: datetime) -> Row:
    del key
    return {
        "listId": f"{number // 10:024x}",
        "line": number % 10,
        "field": "cin",
        "reason": "Not a valid CIN.",
        "cin": "nonsense",
        "at": at,
    }


def _list(number: int, key: ObjectId, at: datetime) -> Row:
    del key
    return {"name": f"List {number}", "by": _user(number), "at": at, "ordered": LISTED, "refused": 1, "doneAt": at}


def _bulk_action(number: int, key: ObjectId, at: datetime) -> Row:
    del key
    return {
        "action": str(Action.RETRY),
        "by": _user(number),
        "at": at,
        "filters": "status=failed",
        "zone": "UTC",
        "newestId": "",
        "back": "/jobs/",
        "done": 5,
        "refused": 0,
        "position": "",
        "state": "done",
        "owner": "",
        "fence": 1,
        "total": 5,
        "endedAt": at,
    }


def _usage() -> Iterator[Row]:
    """By person and month, so it does not grow with the number of jobs."""
    year = datetime.now(UTC).year
    for month in range(_MONTHS):
        for number in range(_USERS):
            by, when = _user(number), f"{year - month // 12}-{12 - month % 12:02d}"
            sums = {"orders": 900, "documents": 9_000, "bytes": 10**9, "pages": 40_000}
            yield {"_id": f"{when} {by}", "month": when, "by": by, "sequence": 1, **sums}


def _put_on_newest_list(app: Application) -> None:
    """Also one export, of the newest ended job."""
    newest = app.database["lists"].find_one({}, sort=[("_id", -1)])
    ended = list(app.database["jobs"].find({"jobStatus": "completed"}, sort=[("_id", -1)], limit=LISTED))
    assert newest
    app.database["jobs"].update_many(
        {"_id": {"$in": [row["_id"] for row in ended]}}, {"$set": {"listId": str(newest["_id"])}}
    )
    job_id = str(ended[0]["_id"])
    app.exporting.order(Scope.ORDER, job_id, app.documents.of_job(job_id), Actor(name="user1"))


def _user(number: int) -> str:
    return f"user{number % _USERS}"
