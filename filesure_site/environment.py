"""Typed readers of the environment. Standard library only: workers read their settings with it too.

A secret can be mounted as a file: where ``NAME`` is unset and ``NAME_FILE`` names a file, the
file's content is the value, without the line end.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
Parse = Callable[[str], T]


def text(value: str) -> str:
    """Any text but the empty one."""
    if not value:
        raise ValueError("must not be empty")
    return value


def boolean(value: str) -> bool:
    """1, true, yes, on and their opposites."""
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
    """A number from ``low`` to ``high``, both included."""
    message = f"must be a number from {low:g} to {high:g}"

    def parse(value: str) -> float:
        try:
            parsed = float(value)
        except ValueError:
            raise ValueError(message) from None
        if not low <= parsed <= high:  # also refuses nan
            raise ValueError(message)
        return parsed

    return parse


def one_of(*choices: str) -> Parse[str]:
    """One of a few words."""

    def parse(value: str) -> str:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return value

    return parse


def words(value: str) -> tuple[str, ...]:
    """Words separated by commas."""
    return tuple(word.strip() for word in value.split(",") if word.strip())


def origin(value: str) -> str:
    """Where a site is: http or https, a host, perhaps a port, and no path."""
    if not re.fullmatch(r"https?://([^\s/?#@:\[\]]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?", value):
        raise ValueError("must be http:// or https:// with a host, perhaps a port, and no path")
    return value


def path(value: str) -> Path:
    """A path, made absolute; ``~`` is the home directory."""
    return Path(text(value)).expanduser().absolute()


def raw(name: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """The value of ``NAME``, else the content of the file that ``NAME_FILE`` names, else None.

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
