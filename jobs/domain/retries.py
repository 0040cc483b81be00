"""Retries by staff: the audit entries of single jobs, grouped by action."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.domain.audit import AuditEntry

#: A bulk action retries one job after the other; a longer break begins another retry.
BREAK = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Retry:
    """Jobs that a user retried at once. ``reason`` is the kind of their last error, empty if it is unknown.

    ``cut``: earlier entries were not read, so there may be more jobs.
    """

    by: str
    at: datetime
    reason: str
    job_ids: tuple[str, ...]
    cut: bool = False


def retries(entries: Iterable[AuditEntry], read_since: datetime | None = None) -> list[Retry]:
    """Group entries, the newest first, whose ``details`` are the reason.

    ``read_since``: the time of the oldest entry that was read; None: all were.
    """
    groups: list[list[AuditEntry]] = []
    current: dict[tuple[str, str], list[AuditEntry]] = {}
    for entry in entries:
        key = entry.by, entry.details or ""
        group = current.get(key)
        if group is None or group[-1].at - entry.at > BREAK:
            group = current[key] = []
            groups.append(group)
        group.append(entry)
    return [
        Retry(
            by=group[0].by,
            at=group[0].at,
            reason=group[0].details or "",
            job_ids=tuple(dict.fromkeys(entry.job_id for entry in group if entry.job_id)),
            cut=read_since is not None and group[-1].at - read_since <= BREAK,
        )
        for group in groups
    ]
