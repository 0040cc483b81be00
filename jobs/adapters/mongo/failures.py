"""Groups errors by kind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from jobs.domain.listing import DAYS, Reason

_NUMBERS = re.compile(r"s?\W*\d[\d,.]*")


def error_of(row: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    return row.get(field) or {"kind": "unknown", "message": "No reason was recorded."}


def grouped(errors: Iterable[Mapping[str, Any]], now: datetime) -> list[Reason]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for error in errors:
        groups.setdefault(error["kind"], []).append(error)
    reasons = [
        Reason(
            kind=kind,
            number=len(rows),
            example=rows[0]["message"],
            days=_by_day(rows, now),
            last_at=max((row["at"] for row in rows if row.get("at")), default=None),
        )
        for kind, rows in groups.items()
    ]
    return sorted(reasons, key=lambda reason: -reason.number)


def grouped_readings(readings: Iterable[Mapping[str, Any]], now: datetime) -> list[Reason]:
    """The reasons by state, where all pages or sizes that a reason may name count as one."""
    errors = (
        {
            "kind": f"{reading['state']} {_NUMBERS.sub('', reading.get('reason', ''))}",
            "message": reading.get("reason", "No reason was recorded."),
            "at": reading["at"],
        }
        for reading in readings
    )
    return [replace(reason, kind=reason.kind.partition(" ")[0]) for reason in grouped(errors, now)]


def _by_day(rows: Iterable[Mapping[str, Any]], now: datetime) -> tuple[int, ...]:
    ages = Counter(max(0, (now - row["at"]).days) for row in rows if row.get("at"))
    return tuple(ages[day] for day in reversed(range(DAYS)))
