"""Typed readers of environment variables. Standard library only, because workers use it too.

Secrets can be mounted as files: if ``NAME`` is unset and ``NAME_FILE`` names a file, the value is that file's
content without the trailing newline.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar
from zoneinfo import available_timezones

T = TypeVar("T")
Parse = Callable[[str], T]


def text(value: str) -> str:
    """Any non-empty text."""
    if not value:
        raise ValueError("must not be empty")
    return value


def boolean(value: str) -> bool:
    """1, true, yes, on, or 0, false, no, off."""
    known = {"1": True, "true": True, "yes": True, "on": True}
    known |= {"0": False, "false": False, "no": False, "off": False}
    try:
        return known[value.strip().lower()]
    except KeyError:
        raise ValueError("must be 1 or 0") from None


def integer(low: int, high: int) -> Parse[int]:
    """A whole number from ``low`` to ``high``."""

    def parse(value: str) -> int:
        if not value.strip().lstrip("-").isdecimal() or not low <= int(value) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value)

    return parse


def number(low: float, high: float) -> Parse[float]:
    """A number from ``low`` to ``high``, inclusive."""
    message = f"must be a number from {low:g} to {high:g}"

    def parse(value: str) -> float:
        try:
            parsed = float(value)
        except ValueError:
            raise ValueError(message) from None
        if not low <= parsed <= high:  # also rejects nan
            raise ValueError(message)
        return parsed

    return parse


def one_of(*choices: str) -> Parse[str]:
    """One of the given words."""

    def parse(value: str) -> str:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return value

    return parse


def words(value: str) -> tuple[str, ...]:
    """Comma-separated words."""
    return tuple(word.strip() for word in value.split(",") if word.strip())


def languages(value: str) -> str:
    """Tesseract's names of languages, joined by plus signs."""
    if not re.fullmatch(r"[A-Za-z]\w*(\+[A-Za-z]\w*)*", value, re.ASCII):
        raise ValueError("must be names of Tesseract's languages, joined by +, such as eng+hin")
    return value


def time_zone(value: str) -> str:
    """The name of a time zone."""
    if value not in available_timezones():
        raise ValueError("must be the name of a time zone, such as Asia/Kolkata")
    return value


def trace_address(value: str) -> str:
    """An address that contains ``{trace}``."""
    if not re.match(r"https?://[^\s/]", value) or "{trace}" not in value:
        raise ValueError("must be an http or https address that contains {trace}")
    return value


def origin(value: str) -> str:
    """A site's origin: http or https, a host, optionally a port, no path."""
    if not re.fullmatch(r"https?://([^\s/?#@:\[\]]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?", value):
        raise ValueError("must be http:// or https:// with a host, optionally a port, and no path")
    return value


def issuer(value: str) -> str:
    """An https address without query or fragment; http only for a provider on this machine."""
    if not re.fullmatch(r"(https://[^\s?#@]+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?(/[^\s?#]*)?)", value):
        raise ValueError("must be an https:// address without ? and #")
    return value


ROLES = ("Viewer", "Operator", "Admin")
"""The groups of accounts, from the fewest permissions to the most."""

_MOST_ORDERS = 1_000_000


def roles(value: str) -> tuple[tuple[str, str], ...]:
    """``group=Role`` pairs, separated by commas. A group's name may contain ``=``."""
    pairs = tuple((group.strip(), role.strip()) for group, _, role in (word.rpartition("=") for word in words(value)))
    if not pairs or any(not group or role not in ROLES for group, role in pairs):
        raise ValueError(f"must be group=Role pairs, separated by commas, with the roles {', '.join(ROLES)}")
    return pairs


def limits(value: str) -> tuple[tuple[str, int], ...]:
    """``Role=number`` pairs, separated by commas."""
    pairs = [(role.strip(), number.strip()) for role, _, number in (word.partition("=") for word in words(value))]
    named = {role for role, _ in pairs}
    good = all(role in ROLES and number.isdecimal() and 0 < int(number) <= _MOST_ORDERS for role, number in pairs)
    if not pairs or not good or len(named) < len(pairs):
        roles = ", ".join(ROLES)
        raise ValueError(
            f"must be Role=number pairs, separated by commas, with the roles {roles} and 1 to {_MOST_ORDERS:,}"
        )
    return tuple((role, int(number)) for role, number in pairs)


def path(value: str) -> Path:
    """An absolute path; ``~`` is expanded."""
    return Path(text(value)).expanduser().absolute()


def raw(name: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """The value of ``NAME``, or the content of the file that ``NAME_FILE`` names, or None.

    An empty value counts as unset, as it does in compose files. Raises ValueError.
    """
    if environ.get(name):
        return environ[name]
    file_name = environ.get(f"{name}_FILE")
    if not file_name:
        return None
    try:
        return Path(file_name).read_text(encoding="utf-8").rstrip("\r\n") or None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ValueError(f"is to be read from {file_name} ({name}_FILE): {reason}") from error
