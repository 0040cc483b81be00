"""The connection to MongoDB, its errors in our words, and its clock."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ParamSpec, TypeVar

from bson.codec_options import CodecOptions
from pymongo import MongoClient, errors
from pymongo.database import Database
from pymongo.monitoring import CommandListener
from pymongo.uri_parser import parse_uri

from jobs.domain.errors import ConfigurationError, DatabaseRefused, DatabaseUnavailable

P = ParamSpec("P")
R = TypeVar("R")
Document = dict[str, Any]

_AUTHENTICATION_FAILED, _UNAUTHORIZED = 18, 13
_CLOCK_SECONDS = 60.0
_EXAMPLE = "MONGODB_URI=mongodb://user:password@localhost:27017/"


def connect(
    uri: str, database: str, timeout_seconds: float, listeners: Sequence[CommandListener] = ()
) -> Database[Document]:
    """The database; nothing is sent before its first use. Raises ConfigurationError.

    ``timeout_seconds`` bounds each operation as a whole, with its retries: a server that accepts
    and never answers is as good as one that is away.
    """
    if not uri.startswith(("mongodb://", "mongodb+srv://")):
        # The driver takes any other text for a host's name and looks for it.
        raise ConfigurationError(f"MONGODB_URI does not begin with mongodb://, for example {_EXAMPLE}.")
    try:
        client: MongoClient[Document] = MongoClient(
            uri,
            appname="filesure",
            timeoutMS=int(timeout_seconds * 1000),
            serverSelectionTimeoutMS=int(min(5.0, timeout_seconds) * 1000),
            connectTimeoutMS=int(min(5.0, timeout_seconds) * 1000),
            event_listeners=listeners,
        )
    except (errors.InvalidURI, errors.ConfigurationError, ValueError) as error:
        raise ConfigurationError(f"MONGODB_URI is not usable ({error}), for example {_EXAMPLE}.") from error
    # Aware datetimes with the one tzinfo that compares and prints as UTC.
    return client.get_database(database, codec_options=CodecOptions(tz_aware=True, tzinfo=UTC))


def translated(function: Callable[P, R]) -> Callable[P, R]:
    """Turn the driver's exceptions into ours."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except errors.PyMongoError as error:
            raise _in_our_words(error) from error

    return call


@translated
def server_version(database: Database[Document]) -> str:
    """The server's version, asked anew: also the cheapest proof that it answers."""
    # The embedded server does not tell its version.
    return str(database.client.admin.command("buildInfo").get("version", "embedded"))


@translated
def is_embedded(database: Database[Document]) -> bool:
    """Whether this is the embedded server, which lacks some of MongoDB's operators."""
    return database.client.admin.command("buildInfo").get("process") == "nx_27017"


def place(uri: str) -> str:
    """The hosts of a connection string: what a message may show of it."""
    try:
        return ", ".join(f"{host}:{port}" for host, port in parse_uri(uri, validate=False)["nodelist"])
    except (errors.PyMongoError, ValueError):
        return "the address in MONGODB_URI"


def _in_our_words(error: errors.PyMongoError) -> DatabaseUnavailable | DatabaseRefused:
    if isinstance(error, errors.OperationFailure) and not error.timeout:
        if error.code == _AUTHENTICATION_FAILED:
            return DatabaseRefused("MongoDB refuses the user or the password in MONGODB_URI.")
        if error.code == _UNAUTHORIZED:
            return DatabaseRefused("MongoDB's user lacks the right to do this; it needs readWrite.")
        reason = str(error).split(", full error")[0]
        return DatabaseRefused(f"MongoDB refused an operation: {reason}")
    # Of a selection that fails the driver tells pages: its first words name the server and the cause.
    reason = str(error).split(" (configured timeouts")[0].split(", Timeout:")[0]
    return DatabaseUnavailable(f"MongoDB does not answer: {reason}. Is it running, and is MONGODB_URI right?")


class ServerClock:
    """MongoDB's clock, so that a worker whose own is wrong neither steals leases nor loses them.

    It is asked once a minute; in between the monotonic clock carries it on.
    """

    def __init__(self, database: Database[Document]) -> None:
        self._database = database
        self._read_at = float("-inf")
        self._server_time = datetime.min.replace(tzinfo=UTC)

    def __call__(self) -> datetime:
        """The server's time, aware, UTC, to the millisecond. Raises DatabaseUnavailable."""
        if time.monotonic() - self._read_at > _CLOCK_SECONDS:
            self._ask()
        now = self._server_time + timedelta(seconds=time.monotonic() - self._read_at)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    @translated
    def _ask(self) -> None:
        reply = self._database.client.admin.command("hello")
        # The answer's half way back is within a millisecond or two: no worse than the rounding.
        self._server_time, self._read_at = reply["localTime"].replace(tzinfo=UTC), time.monotonic()
