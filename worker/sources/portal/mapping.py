"""The description of a portal: addresses, selectors, columns and limits, read from one TOML file.

``example.toml`` describes every entry. A mistake in the file gives one sentence that names the entry.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from jobs.configuration.readers import origin
from jobs.domain.errors import ConfigurationError
from jobs.domain.sources import HostLimits

Table = TypeVar("Table")


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a text")
    return value


def _selector(value: Any) -> str:
    try:
        LexborHTMLParser("<p>").css(_text(value))
    except SelectolaxError:
        raise ValueError(f'"{value}" is not a CSS selector') from None
    return _text(value)


def _path(value: Any) -> str:
    if not _text(value).startswith("/") or value.startswith("//"):
        raise ValueError('must begin with one "/"')
    return str(value)


def _company_page(value: Any) -> str:
    if "{cin}" not in _path(value):
        raise ValueError("must contain {cin}")
    return str(value)


def _date_format(value: Any) -> str:
    day = date(2021, 11, 30)
    try:
        same = datetime.strptime(day.strftime(_text(value)), value).date() == day  # noqa: DTZ007  a date has no zone
    except ValueError:
        same = False
    if not same:
        raise ValueError(f'"{value}" must contain day, month and year, for example "%d/%m/%Y"')
    return str(value)


def _number(low: float, high: float) -> Callable[[Any], float]:
    def parse(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise ValueError(f"must be a number from {low:g} to {high:g}")
        return value

    return parse


def _whole(low: int, high: int) -> Callable[[Any], int]:
    def parse(value: Any) -> int:
        if _number(low, high)(value) != int(value):
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value)

    return parse


def _entry(parse: Callable[[Any], Any], default: Any = MISSING) -> Any:
    return field(default=default, metadata={"parse": parse})


@dataclass(frozen=True, kw_only=True)
class Portal:
    """The table ``[portal]``."""

    address: str = _entry(origin)
    user_agent: str = _entry(_text)

    @property
    def host(self) -> str:
        """Host and port, which share one line of requests."""
        return urlsplit(self.address).netloc


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The table ``[limits]``."""

    requests_per_second: float = _entry(_number(0.001, 1000), 1.0)
    concurrency: int = _entry(_whole(1, 64), 2)
    connect_seconds: float = _entry(_number(0.1, 300), 10)
    read_seconds: float = _entry(_number(0.1, 300), 30)
    total_seconds: float = _entry(_number(0.1, 3600), 300)
    longest_wait_seconds: float = _entry(_number(0.1, 3600), 120)
    megabytes: float = _entry(_number(0.001, 2000), 100)

    @property
    def host(self) -> HostLimits:
        return HostLimits(per_second=self.requests_per_second, concurrency=self.concurrency)

    @property
    def bytes(self) -> int:
        return int(self.megabytes * 1_000_000)


@dataclass(frozen=True, kw_only=True)
class Login:
    """The table ``[login]``."""

    page: str = _entry(_path)
    form: str = _entry(_selector)
    user_field: str = _entry(_text)
    password_field: str = _entry(_text)
    success: str = _entry(_selector)


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The table ``[listing.columns]``."""

    link: str = _entry(_selector)
    document_type: str = _entry(_selector)
    srn: str | None = _entry(_selector, None)
    filed_on: str | None = _entry(_selector, None)
    file_name: str | None = _entry(_selector, None)


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The table ``[listing]``."""

    page: str = _entry(_company_page)
    rows: str = _entry(_selector)
    empty: str = _entry(_selector)
    next: str | None = _entry(_selector, None)
    date_format: str = _entry(_date_format, "%d/%m/%Y")


@dataclass(frozen=True, kw_only=True)
class Check:
    """The table ``[check]``."""

    cin: str = _entry(_text)


@dataclass(frozen=True, kw_only=True)
class PortalMapping:
    """The whole file. ``login`` is None for a portal without login."""

    portal: Portal
    limits: Limits
    login: Login | None
    listing: Listing
    columns: Columns
    check: Check


def load(path: Path) -> PortalMapping:
    """Read the file. Raises a ConfigurationError with one sentence about the first mistake."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        return _parsed(tables)
    except OSError as error:
        raise ConfigurationError(f"PORTAL_MAPPING={path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"PORTAL_MAPPING={path} is not UTF-8 text.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"PORTAL_MAPPING={path} is not valid TOML: {error}.") from error
    except ValueError as error:
        raise ConfigurationError(f"PORTAL_MAPPING={path}: {error}.") from error


def _parsed(tables: Mapping[str, Any]) -> PortalMapping:
    known = {"portal", "limits", "login", "listing", "check"}
    _only_known("", tables, known)
    listing = dict(_given(tables, "listing"))
    columns = listing.pop("columns", {})
    mapping = PortalMapping(
        portal=_table(Portal, "portal", _given(tables, "portal")),
        limits=_table(Limits, "limits", _given(tables, "limits")),
        login=_table(Login, "login", _given(tables, "login")) if "login" in tables else None,
        listing=_table(Listing, "listing", listing),
        columns=_table(Columns, "listing.columns", _as_table(columns, "listing.columns")),
        check=_table(Check, "check", _given(tables, "check")),
    )
    if not mapping.columns.srn and not mapping.columns.file_name:
        raise ValueError("[listing.columns] needs srn or file_name, which identify a filing")
    return mapping


def _given(tables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return _as_table(tables.get(name, {}), name)


def _as_table(value: Any, name: str) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    raise ValueError(f"{name} must be a table, [{name}]")


def _table(kind: Callable[..., Table], name: str, given: Mapping[str, Any]) -> Table:
    entries = {each.name: each for each in fields(kind)}  # type: ignore[arg-type]
    _only_known(f"[{name}] ", given, set(entries))
    values = {}
    for key, entry in entries.items():
        if key in given:
            try:
                values[key] = entry.metadata["parse"](given[key])
            except ValueError as error:
                raise ValueError(f"[{name}] {key} {error}") from None
        elif entry.default is MISSING:
            raise ValueError(f"[{name}] {key} is missing")
    return kind(**values)


def _only_known(where: str, given: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        raise ValueError(f"{where}{unknown[0]} is not known; known are {', '.join(sorted(known))}")
