"""Webhook endpoints: addresses of other programs that receive events."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from jobs.domain.events import Event, EventType, Note
from jobs.domain.public_addresses import is_refused
from jobs.domain.wrong_use import InvalidEndpoint

MOST_ENDPOINTS, MOST_LISTS = 50, 50
LONGEST_URL, LONGEST_NAME = 500, 80
#: The secret before a rotation signs for so long as well.
ROTATION = timedelta(hours=24)
#: An endpoint is disabled after so many failures in a row over so long a time.
FAILURES, FAILING = 20, timedelta(hours=12)
SECRET_PREFIX = "whsec_"  # noqa: S105  not a secret

#: The types that an endpoint can choose.
CHOICES: Mapping[EventType, str] = {
    EventType.ORDER_COMPLETED: "An order is complete, or the source has no filings.",
    EventType.ORDER_PARTIAL: "An order has ended without some of its documents.",
    EventType.ORDER_FAILED: "An order has failed.",
    EventType.ORDER_CANCELLED: "An order was cancelled.",
    EventType.LIST_COMPLETED: "All orders of a list are complete.",
    EventType.LIST_PARTIAL: "All orders of a list have ended, some without everything.",
    EventType.LIST_FAILED: "All orders of a list have ended, and none has documents.",
    EventType.FILINGS_NEW: "A watched company has new filings.",
}


class Format(StrEnum):
    """The form of a message."""

    #: JSON, signed as https://www.standardwebhooks.com/ specifies.
    STANDARD = "standard"
    #: https://api.slack.com/messaging/webhooks
    SLACK = "slack"
    #: An adaptive card for a Teams workflow: "When a Teams webhook request is received".
    TEAMS = "teams"


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """An address that receives events. ``secret`` signs them, and so does ``old_secret`` until ``old_until``."""

    id: str
    name: str
    url: str
    types: frozenset[EventType]
    #: Only events of these lists, of their orders and their watches; empty: all events.
    lists: frozenset[str] = frozenset()
    format: Format = Format.STANDARD
    secret: str = field(repr=False)
    old_secret: str | None = field(default=None, repr=False)
    old_until: datetime | None = None
    by: str
    created_at: datetime
    #: Failures since the last success, and the time of the first of them.
    failures: int = 0
    failing_since: datetime | None = None
    succeeded_at: datetime | None = None
    disabled_at: datetime | None = None
    #: Why it was disabled: by whom, or that its deliveries kept failing.
    disabled_reason: str = ""

    @property
    def is_enabled(self) -> bool:
        return self.disabled_at is None

    @property
    def host(self) -> str:
        """The only part of the address that logs and lists show: the path of a Slack or Teams address is a secret."""
        return urlsplit(self.url).netloc

    def secrets(self, now: datetime) -> list[str]:
        """The secrets that sign now, the current one first."""
        is_valid = self.old_secret and self.old_until and now < self.old_until
        return [self.secret, *([self.old_secret] if is_valid and self.old_secret else [])]

    def wants(self, event: Event) -> bool:
        is_among = not self.lists or event.data.get("listId") in self.lists
        return self.is_enabled and event.type in self.types and is_among


def new_secret() -> str:
    """24 random bytes, as Standard Webhooks recommends."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()


def is_dead(failures: int, failing_since: datetime | None, now: datetime) -> bool:
    """Whether an endpoint is to be disabled."""
    return failures >= FAILURES and failing_since is not None and now - failing_since >= FAILING


def disabled_note(endpoint: Endpoint, reason: str, at: datetime) -> Note:
    """The endpoint was disabled because of its failures; tells the one who added it."""
    data = {"endpointId": endpoint.id, "name": endpoint.name, "host": endpoint.host, "reason": reason}
    return Note(type=EventType.ENDPOINT_DISABLED, at=at, by=endpoint.by, data=data)


def checked_url(text: str, *, allow_http: bool, allow_private: bool) -> str:
    """The address in its usual form. Raises InvalidEndpoint."""
    url = text.strip()
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise InvalidEndpoint(f"The address must be an ASCII URL of at most {LONGEST_URL} characters.", field="url")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise InvalidEndpoint("The address is not a valid URL.", field="url") from None
    if parts.scheme != "https" and not (allow_http and parts.scheme == "http"):
        raise InvalidEndpoint("The address must begin with https://.", field="url")
    if not host or port == 0 or "%" in host:
        raise InvalidEndpoint("The address needs a host name.", field="url")
    if is_refused(host, allow_private=allow_private):
        raise InvalidEndpoint(f"{host} is not a public address.", field="url")
    if parts.username or parts.password or parts.fragment:
        raise InvalidEndpoint("The address must not contain a user, a password or a fragment.", field="url")
    return url


def checked_name(text: str) -> str:
    """Raises InvalidEndpoint."""
    name = " ".join(text.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidEndpoint(
            f"The endpoint needs a printable name of at most {LONGEST_NAME} characters.", field="name"
        )
    return name


def checked_types(names: list[str]) -> frozenset[EventType]:
    """Raises InvalidEndpoint."""
    known = {str(kind): kind for kind in CHOICES}
    if not names or not set(names) <= set(known):
        raise InvalidEndpoint("Choose at least one event. Known events: " + ", ".join(known) + ".", field="types")
    return frozenset(known[name] for name in names)


def checked_format(text: str) -> Format:
    """Raises InvalidEndpoint."""
    try:
        return Format(text)
    except ValueError:
        raise InvalidEndpoint("The format must be standard, slack or teams.", field="format") from None
