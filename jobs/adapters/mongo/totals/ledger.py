"""Adds changes of jobs to the totals exactly once, at a cost that does not grow with history.

Each write that changes a job also counts the change in the job itself and marks the job ``uncounted``. ``fold`` takes
a batch of these jobs and adds their difference from the amounts counted before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import DeleteOne, UpdateOne
from pymongo.database import Database

from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.records import object_id
from jobs.adapters.mongo.totals.counting import EVENTS
from jobs.adapters.mongo.totals.sums import Sums
from jobs.adapters.mongo.usage import USED, MongoUsage, add_usage
from jobs.domain.document import DocumentStatus
from jobs.domain.job import DONE, UNFINISHED, VISIBLE, JobStatus
from jobs.domain.usage import MonthlyStorage, storage_by_month
from jobs.domain.wrong_use import WrongState
from jobs.telemetry.metrics import PREFIX
from jobs.telemetry.series import series_key

_BATCH = 500
_TRIES = 20
_GAUGES = ("jobs_by_", "documents_by_")
_FIELDS = {
    "jobStatus": 1,
    "runs": 1,
    **dict.fromkeys(EVENTS.values(), 1),
    "changes": 1,
    "countedAmounts": 1,
    "countedSequence": 1,
    "processingStages": 1,
    "reread": 1,
    "export": 1,
    "requestedBy": 1,
    "createdAt": 1,
    "bytesStored": 1,
    "pagesRead": 1,
    "freedBytes": 1,
    "updatedAt": 1,
}
#: Amounts of people and months, see ``jobs.adapters.mongo.usage``.
_USAGE = {f"usage_{name}": name for name in USED}

#: Field of the totals → its series.
_SERIES = {
    **{f"jobs_{event}": f"{PREFIX}jobs_{event}_total" for event in ("created", "claimed", *EVENTS)},
    **{f"documents_{event}": f"{PREFIX}documents_{event}_total" for event in ("listed", "stored")},
    **{f"jobs_by_{state}": series_key(f"{PREFIX}jobs", {"state": state}) for state in VISIBLE},
    **{f"documents_by_{state}": series_key(f"{PREFIX}documents", {"state": state}) for state in DocumentStatus},
}

#: Beginnings of the totals' fields with the bytes of a month → the amount that they sum up.
_BY_MONTH = {"stored ": "usage_bytes", "freed ": "freed_bytes"}

Operation = UpdateOne | DeleteOne


class Ledger(Sums):
    """Totals over all jobs."""

    key = "jobs"

    def __init__(self, database: Database[Document]) -> None:
        super().__init__(database["totals"])
        self._jobs, self._usage = database["jobs"], database["usage"]
        #: Sums per person and month, which ``fold`` adds to.
        self.usage = MongoUsage(database)

    @translated
    def totals(self) -> Mapping[str, int]:
        """The folded totals, by series key."""
        totals = self._current()
        return {_SERIES[name]: number for name, number in totals.items() if name in _SERIES}

    @translated
    def storage(self) -> list[MonthlyStorage]:
        """The bytes stored and freed in each month since the first, as folded, the earliest first."""
        totals = self._current()
        stored, freed = (
            {name.removeprefix(start): number for name, number in totals.items() if name.startswith(start)}
            for start in _BY_MONTH
        )
        return storage_by_month(stored, freed)

    @translated
    def fold(self) -> int:
        """Fold one batch. Returns its size; 0 if no job is uncounted or another caller was faster."""
        sequence = self._settled()
        records = list(self._jobs.find({"uncounted": True}, _FIELDS, limit=_BATCH))
        entries = [_entry(record, _amounts(record)) for record in records]
        return len(entries) if entries and self._apply(sequence, _increase(records, entries), entries) else 0

    @translated
    def remove(self, job_id: str) -> None:
        """Delete an ended job and remove it from the gauges. Idempotent. Raises WrongState."""
        for _ in range(_TRIES):
            sequence = self._settled()
            record = self._jobs.find_one({"_id": object_id(job_id)}, _FIELDS)
            if record is None:
                return
            if record["jobStatus"] in UNFINISHED:
                raise WrongState(f"Job {job_id} is unfinished again; cancel it before you delete it.")
            left = {name: number for name, number in _amounts(record).items() if not name.startswith(_GAUGES)}
            left["freed_bytes"] = record.get("freedBytes", left.get("usage_bytes", 0))
            entry = {**_entry(record, left), "remove": True}
            self._apply(sequence, _increase([record], [entry]), [entry])
        raise WrongState(f"Job {job_id} could not be deleted because the totals are busy. Try again.")

    def _mark(self, sequence: int, batch: Sequence[Document]) -> None:
        add_usage(self._usage, sequence, [entry["used"] for entry in batch if "used" in entry])
        self._jobs.bulk_write([each for entry in batch for each in _marking(sequence, entry)])


def _increase(records: Sequence[Document], entries: Sequence[Document]) -> Counter[str]:
    """The amounts that a batch adds to the totals."""
    rise: Counter[str] = Counter()
    for record, entry in zip(records, entries, strict=True):
        amounts, before = entry["amounts"], record.get("countedAmounts", {})
        rise.update(amounts)
        rise.subtract(before)
        for beginning, name in _BY_MONTH.items():
            rise[f"{beginning}{record['updatedAt']:%Y-%m}"] += amounts.get(name, 0) - before.get(name, 0)
    return rise


def _entry(record: Document, amounts: Mapping[str, int]) -> Document:
    entry = {"job": record["_id"], "changes": record.get("changes"), "amounts": amounts}
    before = record.get("countedAmounts", {})
    used = {name: amounts.get(key, 0) - before.get(key, 0) for key, name in _USAGE.items()}
    if any(used.values()):
        entry["used"] = {"by": record["requestedBy"], "month": f"{record['createdAt']:%Y-%m}", **used}
    return entry if "countedSequence" in record else {**entry, "first": True}


def _marking(sequence: int, entry: Document) -> list[Operation]:
    """The writes to one job of a batch. A job changed since then stays marked, and its difference is counted later."""
    # $lt does not match a missing field, which is what a job stored by another tool has.
    before = {"$exists": False} if entry.get("first") else {"$lt": sequence}
    job = {"_id": entry["job"], "countedSequence": before}
    seen = {"countedSequence": sequence, "countedAmounts": entry["amounts"]}
    operations: list[Operation] = [
        UpdateOne({**job, "changes": entry["changes"]}, {"$set": seen, "$unset": {"uncounted": ""}}),
        UpdateOne({**job, "changes": {"$ne": entry["changes"]}}, {"$set": seen}),
    ]
    if entry.get("remove"):
        operations.append(DeleteOne({"_id": entry["job"], "changes": entry["changes"]}))
    return operations


def _amounts(record: Mapping[str, Any]) -> dict[str, int]:
    """The amounts that one job adds to the totals. Only orders add documents and bytes; pages are also read again."""
    is_order = "reread" not in record and "export" not in record
    stage = record["processingStages"]["documentDownload"] if is_order else {}
    listed, stored, failed = (stage.get(f"{name}Documents", 0) for name in ("total", "downloaded", "failed"))
    amounts = {
        "jobs_created": 1,
        "usage_orders": int(is_order),
        "usage_documents": stored,
        "usage_bytes": record.get("bytesStored", 0) if is_order else 0,
        "usage_pages": record.get("pagesRead", 0),
        "jobs_claimed": record["runs"],
        **{f"jobs_{event}": record.get(field, 0) for event, field in EVENTS.items()},
        "jobs_completed": sum(record.get(EVENTS[status], 0) for status in DONE),
        "documents_listed": listed,
        "documents_stored": stored,
        f"jobs_by_{JobStatus(record['jobStatus'])}": 1,
        "documents_by_stored": stored,
        "documents_by_failed": failed,
        "documents_by_listed": listed - stored - failed,
    }
    return {name: number for name, number in amounts.items() if number}
