"""The file ``.env``: settings for processes whose environment does not have them."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path

from jobs.domain.errors import ConfigurationError

#: A variable → where its value was found, for error messages: ``line 3 of /srv/filesure/.env``.
Places = dict[str, str]


def apply(path: Path, environ: MutableMapping[str, str], *, required: bool = False) -> Places:
    """Add the file's values to the environment, where neither ``NAME`` nor ``NAME_FILE`` is set.

    The SDKs of Azure and OpenTelemetry and child processes then see them as well. Raises ConfigurationError.
    """
    if not required and not path.is_file():
        return {}
    from dotenv.parser import parse_stream  # 50 ms, which a pod without the file does not pay

    places: Places = {}
    given = set(environ)
    try:
        with path.open(encoding="utf-8-sig") as file:
            for each in parse_stream(file):
                line = each.original.line + _blank_lines_before(each.original.string)
                if each.error:
                    raise ConfigurationError(f"Line {line} of {path} is not NAME=value.")
                if each.key is None or each.value is None or _is_given(each.key, each.value, environ, given):
                    continue
                environ[each.key] = each.value
                places[each.key] = f"line {line} of {path}"
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(f"Settings cannot be read from {path}: {reason}.") from error
    return places


def _blank_lines_before(text: str) -> int:
    """The parser counts from the blank lines before a value."""
    return text[: len(text) - len(text.lstrip())].count("\n")


def _is_given(name: str, value: str, environ: MutableMapping[str, str], given: set[str]) -> bool:
    """Whether the environment takes precedence; a parent process passed on what it read from the same line."""
    setting = name.removesuffix("_FILE")
    if name == "ENV_FILE":  # a child process would look for another file
        return True
    return environ.get(name) != value and not given.isdisjoint({name, setting, f"{setting}_FILE"})


def place(name: str, places: Places) -> str:
    """The line that sets a variable, in brackets; empty if no file does."""
    found = places.get(name) or places.get(f"{name}_FILE")
    return f" ({found})" if found else ""
