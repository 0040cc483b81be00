"""Who did what to which job, when, from where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Action(StrEnum):
    """What people do to jobs. An order is no entry: the job itself says who ordered it and when."""

    RETRY = "retry"
    CANCEL = "cancel"
    PRIORITISE = "prioritise"
    DELETE = "delete"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who acts: an account's name and, on the web, the address that the request came from."""

    name: str
    address: str | None = None


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One thing that somebody asked for. ``refused`` says why it was not done; None if it was."""

    job_id: str
    action: Action
    by: str
    at: datetime
    address: str | None = None
    details: str | None = None
    refused: str | None = None
