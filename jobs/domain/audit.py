"""Audit entries: who acted on which job, on the queue or on an account, when, and from where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum


class Action(StrEnum):
    """Audited actions on jobs, the queue, watches, accounts and other users' views.

    Orders are not audited: each job records who ordered it.
    """

    RETRY = "retry"
    CANCEL = "cancel"
    PRIORITISE = "prioritise"
    RUN_NOW = "run_now"
    DELETE = "delete"
    PAUSE = "pause"
    RESUME = "resume"
    INVITE = "invite"
    CHANGE_ROLE = "change_role"
    CREATE_LINK = "create_link"
    SET_PASSWORD = "set_password"  # noqa: S105  an action
    DEACTIVATE = "deactivate"
    REACTIVATE = "reactivate"
    END_SESSIONS = "end_sessions"
    REVOKE_TOKENS = "revoke_tokens"
    CONNECT = "connect"
    WATCH = "watch"
    UNWATCH = "unwatch"
    PAUSE_WATCH = "pause_watch"
    RESUME_WATCH = "resume_watch"
    WEBHOOK = "webhook"
    SET_UP_CODES = "set_up_codes"
    TURN_OFF_CODES = "turn_off_codes"
    ADD_PASSKEY = "add_passkey"
    RENAME_PASSKEY = "rename_passkey"
    REMOVE_PASSKEY = "remove_passkey"
    #: A ZIP of documents was ordered.
    EXPORT = "export"
    #: A link to an export was created, revoked, or used by somebody without an account.
    SHARE = "share"
    UNSHARE = "unshare"
    LINK_DOWNLOAD = "link_download"
    CHANGE_VIEW = "change_view"
    DELETE_VIEW = "delete_view"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """The user who acts: the account name and, for web requests, the client's address.

    ``bulk_id``: the bulk action that acts for the user.
    """

    name: str
    address: str | None = None
    bulk_id: str | None = None


class Outcome(StrEnum):
    """How an audited action ended."""

    DONE = "done"
    REFUSED = "refused"
    UNFINISHED = "unfinished"


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One requested action. ``refused`` is the reason for a refusal, None if the action was not refused.

    ``unfinished`` entries have no recorded result: the action is still running, or it was interrupted.
    """

    #: None for an action on the queue, a watch or an account.
    job_id: str | None = None
    action: Action
    by: str
    at: datetime
    address: str | None = None
    details: str | None = None
    #: The bulk action that it is part of.
    bulk_id: str | None = None
    refused: str | None = None
    unfinished: bool = False

    @property
    def outcome(self) -> Outcome:
        if self.refused is not None:
            return Outcome.REFUSED
        return Outcome.UNFINISHED if self.unfinished else Outcome.DONE


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    """A filter of audit entries. Fields that are empty or None match all. Both days are days of ``zone``,
    and inclusive.
    """

    job_id: str = ""
    by: str = ""
    action: Action | None = None
    since: date | None = None
    until: date | None = None
    zone: tzinfo = UTC
