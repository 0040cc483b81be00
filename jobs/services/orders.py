"""Orders as they are entered, and their validation."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from jobs.domain.errors import FilesureError
from jobs.domain.job import PRIORITIES, Job
from jobs.domain.wrong_use import AlreadyOrdered, InvalidOrder

LONGEST_NAME = 200
LONGEST_DELAY = timedelta(days=366)


@dataclass(frozen=True, kw_only=True)
class Order:
    """An order as entered, not yet validated."""

    cin: str
    company_name: str
    priority: int | str = 0
    #: Empty or None: due at once.
    not_before: datetime | str | None = None
    #: The zone of a ``not_before`` that names none.
    zone: tzinfo = UTC
    #: Download also the filings that another order has stored.
    fresh: bool = False


def without_repeats(
    results: Sequence[Job | FilesureError], preview: Collection[str] | None
) -> list[Job | FilesureError]:
    """Refuse repeated orders of a company, as if the first were already stored."""
    earlier = preview or ()
    first: dict[str, str | None] = {}
    kept: list[Job | FilesureError] = []
    for result in results:
        if isinstance(result, Job) and (result.cin in first or result.cin in earlier):
            kept.append(AlreadyOrdered(result.cin, first.get(result.cin)))
        else:
            kept.append(result)
        if isinstance(result, Job):
            first.setdefault(result.cin, result.id if preview is None else None)
    return kept


def name_of(text: str) -> str:
    """The company's name with single spaces. Raises InvalidOrder."""
    name = " ".join(text.split())
    if not name:
        raise InvalidOrder("The company's name is missing.", field="companyName")
    if len(name) > LONGEST_NAME or not name.isprintable():
        message = f"The company's name must be printable text of at most {LONGEST_NAME} characters."
        raise InvalidOrder(message, field="companyName")
    return name


def priority_of(value: int | str) -> int:
    """Raises InvalidOrder."""
    message = f"The priority must be a whole number from {PRIORITIES[0]} to {PRIORITIES[-1]}, not '{value}'."
    try:
        priority = int(value or 0)
    except ValueError:
        raise InvalidOrder(message, field="priority") from None
    if priority not in PRIORITIES:
        raise InvalidOrder(message, field="priority")
    return priority


def not_before(value: datetime | str | None, now: datetime, zone: tzinfo = UTC) -> datetime | None:
    """The earliest start, of ``zone`` if it names none; None: at once. Raises InvalidOrder."""
    if not value:
        return None
    try:
        time = value if isinstance(value, datetime) else datetime.fromisoformat(value.strip())
        time = (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        example = f"{(now + timedelta(days=1)).astimezone(zone):%Y-%m-%dT%H:%M}"
        message = f"'{str(value)[:40]}' is not a time of the form {example} ({zone})."
        raise InvalidOrder(message, field="notBefore") from None
    if time > now + LONGEST_DELAY:
        raise InvalidOrder("The time must be at most a year ahead.", field="notBefore")
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def with_ids(checked: Sequence[Job | FilesureError], list_id: str, ids: Sequence[str]) -> list[Job | FilesureError]:
    """The jobs of a list, with these ids."""
    pairs = zip(checked, ids, strict=True)
    return [replace(each, id=id_, list_id=list_id) if isinstance(each, Job) else each for each, id_ in pairs]


def id_of(result: Job | FilesureError) -> str | None:
    """The id of a job, or of the company's unfinished one."""
    if isinstance(result, Job):
        return result.id
    return result.job_id if isinstance(result, AlreadyOrdered) else None
