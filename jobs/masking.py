"""Keeps secrets out of what we tell: out of log lines, tracebacks and spans.

Two ways, for each misses what the other finds: by value, for the secrets that this process was given, and
by form, for those of others: a password in a URI, an account key, a signature, a bearer token.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote, urlsplit

MASK = "***"
SHORTEST = 6
"""A value that is shorter is masked by form only: to take each ``dev`` out of all lines would hide what they say."""

_NAMES = (
    "account.?key|shared.?access.?(?:key|signature)|secret.?key|client.?secret|api.?key|(?:access|refresh).?token"
    "|password|passwd|pwd"
)
_SECRET_NAME = re.compile(rf"(?i)(?:{_NAMES}|authorization)$")
_QUOTE = r"""\\{0,8}["']"""  # escaped as often as JSON was put into JSON
# No rule looks far ahead: a line may be long, and it may be made to be slow.
_RULES = [(re.compile(rule, re.IGNORECASE), masked_as) for rule, masked_as in (
    # A URI's password: up to the last @ before a slash. It may wrongly hold a slash; a port with a path is none.
    (r"""(://[^\s/:@"<>]{0,999}:)(?:[^\s/?#"<>]{1,999}|(?!\d+[,/?#])(?:\\["\\]|[^\s"'<>\\]){1,999})@""", rf"\1{MASK}@"),
    # name=value, "name": "value"; a quoted one up to the same quote
    ((rf"((?:{_NAMES})(?:\s*=\s*|{_QUOTE}\s*:\s*))"
     rf"""(?:(?P<quote>{_QUOTE})(?:(?!(?P=quote)).){{0,9999}}|[^\s;,&"'\\)}}\]]+)"""), rf"\1\g<quote>{MASK}"),
    # a shared access signature's secret part, also within an encoded URL
    (r"""((?:(?<![a-z_-])|(?<=%3f)|(?<=%26))sig(?:=|%3d))[^&\s"'\\;,)]+""", rf"\1{MASK}"),
    ((rf"(authorization(?:{_QUOTE})?\s*[:=]\s*(?:{_QUOTE})?(?:(?:bearer|basic|sharedkey)\s+)?)"
     r"""[^\s"'\\;]+"""), rf"\1{MASK}"),
    (r"(\bbearer\s+)(?=\S{0,99}\d|\S{20})[\w.~+/=-]{8,}", rf"\1{MASK}"),
    (r"\bfsr_[\w-]{6,}", MASK),  # our own tokens
)]  # fmt: skip
# Each match of a rule holds one of these; most lines hold none, and that costs next to nothing to find out.
_WORDS = ("://", "key", "sig", "authorization", "pass", "secret", "token", "bearer", "fsr_", "pwd")
_Plain = str | int | float | date | None

_known = SimpleNamespace(values=())


def know(secrets: Iterable[str | None]) -> None:
    """From now on these values, and the passwords and keys within them, are masked wherever they occur."""
    parts = {part for secret in secrets if secret for part in (secret, *_within(secret))}
    spelt = {form for part in parts for form in (part, json.dumps(part)[1:-1], repr(part)[1:-1])}
    # The longest first: what is left of a longer one would still tell most of it.
    _known.values = tuple(sorted((form for form in spelt if len(form) >= SHORTEST), key=len, reverse=True))


def _within(secret: str) -> Iterator[str]:
    """What is secret in a connection string, also where it stands alone."""
    if "://" in secret:
        try:
            password = urlsplit(secret).password or ""
        except ValueError:  # not a URI, whatever it looks like
            return
        yield from (password, unquote(password))
    for part in re.split("[;,]", secret):
        name, _, value = part.partition("=")
        if _SECRET_NAME.search(name.strip()):
            yield value


def _is_clean(text: str) -> bool:
    lower = text.lower()
    for word in _WORDS:  # a generator would take thrice as long
        if word in lower:
            return False
    return not any(value in text for value in _known.values)


def mask(text: str) -> str:
    """The text without its secrets."""
    if _is_clean(text):
        return text
    for value in _known.values:
        text = text.replace(value, MASK)
    for rule, masked_as in _RULES:
        text = rule.sub(masked_as, text)
    return text


def masked(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Data without its secrets: texts in it are masked, and whatever has a secret's name."""
    values = fields.values()
    if all(isinstance(each, _Plain) for each in values) and _is_clean("\n".join([*fields, *map(str, values)])):
        return fields
    return {
        mask(name): MASK if value and _SECRET_NAME.search(name) else _masked(value) for name, value in fields.items()
    }


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return masked({str(name): each for name, each in value.items()})
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(each) for each in value]
    return value if isinstance(value, _Plain) and not isinstance(value, str) else mask(str(value))
