"""The audit log, in every implementation."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from bson import ObjectId

from jobs.adapters.memory import MemoryAuditLog
from jobs.adapters.mongo.audit import MongoAuditLog
from jobs.adapters.mongo.schema import ensure
from jobs.domain.audit import Action, AuditEntry, AuditFilter, Outcome
from jobs.ports import AuditLog

pytestmark = pytest.mark.server

FIRST, SECOND = str(ObjectId()), str(ObjectId())


@pytest.fixture(params=["memory", "mongo"])
def log(request) -> AuditLog:
    if request.param == "memory":
        return MemoryAuditLog()
    database = request.getfixturevalue("database")
    ensure(database)
    database["audit"].delete_many({})
    return MongoAuditLog(database)


def add(log: AuditLog, job_id: str = FIRST, action: Action = Action.CANCEL, by: str = "asha", **more) -> str:
    entry = {"job_id": job_id, "action": action, "by": by, "at": datetime.now(UTC), **more}
    return log.add(AuditEntry(**entry))


def found(log: AuditLog, **wanted) -> list[AuditEntry]:
    return log.entries(AuditFilter(**wanted), None, 50).items


def test_action_on_the_queue_names_no_job(log):
    log.finish(log.add(AuditEntry(action=Action.PAUSE, by="asha", at=datetime.now(UTC), details="queue")))
    add(log)
    assert [entry.job_id for entry in found(log, action=Action.PAUSE)] == [None]
    assert len(log.of_job(FIRST, 10)) == 1


def test_entries_of_a_job_come_newest_first(log):
    now = datetime.now(UTC)
    add(log, address="127.0.0.1", details="to 3", at=now)
    log.refuse(add(log, action=Action.RETRY, at=now), "It runs.")  # even within one millisecond
    entries = log.of_job(FIRST, 10)
    assert [(entry.action, entry.refused) for entry in entries] == [(Action.RETRY, "It runs."), (Action.CANCEL, None)]
    assert (entries[1].address, entries[1].details) == ("127.0.0.1", "to 3")
    assert len(log.of_job(FIRST, 1)) == 1


def test_entries_state_their_outcome(log):
    add(log)
    log.finish(add(log))
    log.refuse(add(log), "It runs.")
    assert [entry.outcome for entry in found(log)] == [Outcome.REFUSED, Outcome.DONE, Outcome.UNFINISHED]


def test_each_filter_narrows_the_list(log):
    add(log)
    add(log, SECOND, Action.DELETE, "ravi")
    today = datetime.now(UTC).date()
    assert len(found(log)) == 2
    assert [entry.by for entry in found(log, job_id=SECOND)] == ["ravi"]
    assert [entry.by for entry in found(log, by="asha")] == ["asha"]
    assert [entry.by for entry in found(log, action=Action.DELETE)] == ["ravi"]
    assert found(log, by="asha", action=Action.DELETE) == []
    assert found(log, until=today - timedelta(days=2)) == []
    assert len(found(log, since=today - timedelta(days=1), until=date(9999, 12, 31))) == 2


def test_pages_continue_where_the_last_ended(log):
    for number in range(5):
        add(log, details=str(number))
    seen, cursor = [], None
    while True:
        page = log.entries(AuditFilter(by="asha"), cursor, 2)
        seen += [entry.details for entry in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == ["4", "3", "2", "1", "0"]
