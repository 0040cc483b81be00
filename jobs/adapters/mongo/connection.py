"""The connection to MongoDB, the translation of its errors, and its clock."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import pymongo
from bson.codec_options import CodecOptions
from pymongo import MongoClient, errors
from pymongo.database import Database
from pymongo.monitoring import CommandListener
from pymongo.uri_parser import parse_uri

from jobs.adapters.mongo.racing import UnblockedDatabase
from jobs.domain.errors import ConfigurationError, DatabaseRefused, DatabaseSlow, DatabaseUnavailable

P = ParamSpec("P")
R = TypeVar("R")
Document = dict[str, Any]

_AUTHENTICATION_FAILED, _UNAUTHORIZED, _OUT_OF_DISK = 18, 13, 14031
_CLOCK_SECONDS = 60.0
_EXAMPLE = "MONGODB_URI=mongodb://user:password@localhost:27017/"


def connect(
    uri: str, database: str, timeout_seconds: float, listeners: Sequence[CommandListener] = ()
) -> Database[Document]:
    """The database. Nothing is sent before its first use. Raises ConfigurationError.

    ``timeout_seconds`` limits each operation including retries, so a server that accepts connections
    but never responds counts as unavailable.
    """
    if not uri.startswith(("mongodb://", "mongodb+srv://")):
        # The driver would treat any other text as a host name.
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
    # Timezone-aware datetimes in UTC.
    return UnblockedDatabase(client, database, codec_options=CodecOptions(tz_aware=True, tzinfo=UTC))


def within(seconds: float) -> AbstractContextManager[None]:
    """Limit the total time of MongoDB operations within a block."""
    return pymongo.timeout(seconds)


def translated(function: Callable[P, R]) -> Callable[P, R]:
    """A decorator that translates the driver's exceptions."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except errors.PyMongoError as error:
            raise _as_our_error(error) from error

    return call


@translated
def server_version(database: Database[Document]) -> str:
    """The server's version. Never cached, since it is the cheapest check that the server responds."""
    # The embedded server does not report its version.
    return str(database.client.admin.command("buildInfo").get("version", "embedded"))


#: Of each client.
_PRODUCTS: WeakKeyDictionary[MongoClient[Document], str] = WeakKeyDictionary()


def product(database: Database[Document]) -> str:
    """``embedded``, ``mongodb``, or ``documentdb``, which names no storage engines. Asked once."""
    client = database.client
    if client not in _PRODUCTS:
        _PRODUCTS[client] = _asked_product(client)
    return _PRODUCTS[client]


@translated
def _asked_product(client: MongoClient[Document]) -> str:
    about = client.admin.command("buildInfo")
    if about.get("process") == "nx_27017":
        return "embedded"
    return "mongodb" if "storageEngines" in about else "documentdb"


def is_embedded(database: Database[Document]) -> bool:
    """Whether this is the embedded server, which lacks some of MongoDB's operators."""
    return product(database) == "embedded"


def sorts_by_index(database: Database[Document]) -> bool:
    """Whether an index also provides its order. DocumentDB sorts all that match."""
    return product(database) != "documentdb"


def place(uri: str) -> str:
    """The hosts in a connection string, without secrets, for messages."""
    try:
        return ", ".join(f"{host}:{port}" for host, port in parse_uri(uri, validate=False)["nodelist"])
    except (errors.PyMongoError, ValueError):
        return "the address in MONGODB_URI"


def _as_our_error(error: errors.PyMongoError) -> DatabaseUnavailable | DatabaseRefused:
    if isinstance(error, errors.OperationFailure) and not error.timeout:
        if error.code == _AUTHENTICATION_FAILED:
            return DatabaseRefused("MongoDB refuses the user or the password in MONGODB_URI.")
        if error.code == _UNAUTHORIZED:
            return DatabaseRefused("MongoDB's user lacks the right to do this; it needs readWrite.")
        if error.code == _OUT_OF_DISK or _first_failure(error).get("code") == _OUT_OF_DISK:
            return DatabaseUnavailable("MongoDB has no disk space left.")
        reason = _first_failure(error).get("errmsg") or str(error).split(", full error")[0]
        return DatabaseRefused(f"MongoDB refused an operation: {reason}")
    # pymongo's server selection error is pages long; it starts with the server and the cause.
    reason = str(error).split(" (configured timeouts")[0].split(", Timeout:")[0]
    if error.timeout and not isinstance(error, errors.ServerSelectionTimeoutError):
        return DatabaseSlow(f"MongoDB did not answer in time: {reason}.")
    return DatabaseUnavailable(f"MongoDB does not answer: {reason}. Is it running, and is MONGODB_URI right?")


def _first_failure(error: errors.OperationFailure) -> Document:
    """The first failure in a bulk write, whose own message is just "batch op errors occurred"."""
    details = error.details or {}
    failures = [*details.get("writeErrors", []), *details.get("writeConcernErrors", [])]
    return dict(failures[0]) if isinstance(error, errors.BulkWriteError) and failures else {}


class ServerClock:
    """MongoDB's clock, so that a worker whose own clock is wrong neither steals nor loses leases.

    It is read once a minute and extrapolated with the monotonic clock in between.
    """

    def __init__(self, database: Database[Document]) -> None:
        self._database = database
        # The server's time and the monotonic time of its reply, in one value because threads share the clock.
        self._answer = (datetime.min.replace(tzinfo=UTC), float("-inf"))

    def __call__(self) -> datetime:
        """The server's time: timezone-aware, in UTC, in whole milliseconds. Raises DatabaseUnavailable."""
        server_time, read_at = self._answer
        if time.monotonic() - read_at > _CLOCK_SECONDS:
            server_time, read_at = self._answer = self._ask()
        now = server_time + timedelta(seconds=time.monotonic() - read_at)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    @translated
    def _ask(self) -> tuple[datetime, float]:
        reply = self._database.client.admin.command("hello")
        # The error is half the round trip, a millisecond or two, which is no worse than the rounding.
        return reply["localTime"].replace(tzinfo=UTC), time.monotonic()
