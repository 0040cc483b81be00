"""Audit entries become the retries that staff made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from jobs.domain.audit import Action, AuditEntry
from jobs.domain.retries import retries

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def entry(job: str, seconds: int, by: str = "asha", reason: str | None = "timeout") -> AuditEntry:
    at = NOW - timedelta(seconds=seconds)
    return AuditEntry(job_id=job, action=Action.RETRY, by=by, at=at, details=reason)


def test_entries_of_one_action_are_together():
    found = retries(
        [
            entry("e", 0),
            entry("d", 1, by="binod"),
            entry("c", 30, reason=None),
            entry("e", 40),
            entry("b", 59),
            entry("a", 120),
        ]
    )
    assert [(each.by, each.reason, each.job_ids) for each in found] == [
        ("asha", "timeout", ("e", "b")),
        ("binod", "timeout", ("d",)),
        ("asha", "", ("c",)),
        ("asha", "timeout", ("a",)),
    ]
    assert found[0].at == NOW


def test_retry_beyond_the_entries_read_is_marked():
    entries = [entry("d", 0), entry("c", 100, by="binod"), entry("b", 120), entry("a", 130)]
    marks = [each.cut for each in retries(entries, entries[-1].at)]
    assert marks == [False, True, True]
    assert not any(each.cut for each in retries(entries))
