"""Keeps secrets out of log lines, tracebacks and spans.

In two ways, since each misses some that the other finds: by value, for this process's own secrets, and by pattern,
for all others: a password in a URI, an account key, a signature, a bearer token.
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
"""Shorter values are masked by form only: removing every ``dev`` would make lines useless."""

_NAMES = (
    "account.?key|shared.?access.?(?:key|signature)|secret.?key|client.?secret|api.?key|(?:access|refresh).?token"
    "|password|passwd|pwd"
)
_SECRET_NAME = re.compile(rf"(?i)(?:{_NAMES}|authorization)$")
_QUOTE = r"""\\{0,8}["']"""  # escaped once per level of JSON inside JSON
# Each rule looks ahead a limited distance, because hostile lines may be long.
_RULES = [
    (re.compile(rule, re.IGNORECASE), masked_as)
    for rule, masked_as in (
        # A URI's password, up to the last @, even if it contains an unescaped slash. A port with a path is no password.
        (
            r"""(://[^\s/:@"<>]{0,999}:)(?:[^\s/?#"<>]{1,999}|(?!\d+[,/?#])(?:\\["\\]|[^\s"'<>\\]){1,999})@""",
            rf"\1{MASK}@",
        ),
        # name=value or "name": "value"; a quoted value ends at the matching quote
        (
            (
                rf"((?:{_NAMES})(?:\s*=\s*|{_QUOTE}\s*:\s*))"
                rf"""(?:(?P<quote>{_QUOTE})(?:(?!(?P=quote)).){{0,9999}}|[^\s;,&"'\\)}}\]]+)"""
            ),
            rf"\1\g<quote>{MASK}",
        ),
        # the secret part of a shared access signature, also in an encoded URL
        (r"""((?:(?<![a-z_-])|(?<=%3f)|(?<=%26))sig(?:=|%3d))[^&\s"'\\;,)]+""", rf"\1{MASK}"),
        (
            (
                rf"(authorization(?:{_QUOTE})?\s*[:=]\s*(?:{_QUOTE})?(?:(?:bearer|basic|sharedkey)\s+)?)"
                r"""[^\s"'\\;]+"""
            ),
            rf"\1{MASK}",
        ),
        (r"(\bbearer\s+)(?=\S{0,99}\d|\S{20})[\w.~+/=-]{8,}", rf"\1{MASK}"),
        (r"\bfs[rl]_[\w-]{6,}", MASK),  # Filesure's API tokens, and links to exports
    )
]
# Every match contains one of these words. Most lines contain none, which is cheap to check.
_WORDS = ("://", "key", "sig", "authorization", "pass", "secret", "token", "bearer", "fsr_", "fsl_", "pwd")
_Plain = str | int | float | date | None

_known = SimpleNamespace(values=())


def know(secrets: Iterable[str | None]) -> None:
    """From now on, mask these values and the passwords and keys inside them."""
    parts = {part for secret in secrets if secret for part in (secret, *_within(secret))}
    spelt = {form for part in parts for form in (part, json.dumps(part)[1:-1], repr(part)[1:-1])}
    # Longest first, because replacing a shorter value first would leave most of a longer one readable.
    _known.values = tuple(sorted((form for form in spelt if len(form) >= SHORTEST), key=len, reverse=True))


def _within(secret: str) -> Iterator[str]:
    """The secrets inside a connection string."""
    if "://" in secret:
        try:
            password = urlsplit(secret).password or ""
        except ValueError:  # not a valid URI
            return
        yield from (password, unquote(password))
    for part in re.split("[;,]", secret):
        name, _, value = part.partition("=")
        if _SECRET_NAME.search(name.strip()):
            yield value


def _is_clean(text: str) -> bool:
    lower = text.lower()
    for word in _WORDS:  # a generator expression takes three times as long
        if word in lower:
            return False
    return not any(value in text for value in _known.values)


def mask(text: str) -> str:
    """Mask the secrets in a text."""
    if _is_clean(text):
        return text
    for value in _known.values:
        text = text.replace(value, MASK)
    for rule, masked_as in _RULES:
        text = rule.sub(masked_as, text)
    return text


def masked(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Mask all texts, and every value whose name suggests a secret."""
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
