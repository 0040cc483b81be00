"""Secrets that are shown once and stored as digests, so that the database contains nothing to use."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

_SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class Secret:
    """``shown``: its beginning, to recognise it by."""

    text: str
    shown: str
    digest: str


def new_secret(prefix: str) -> Secret:
    text = prefix + secrets.token_urlsafe(32)
    return Secret(text=text, shown=text[:_SHOWN], digest=digest_of(text))


def digest_of(secret: str) -> str:
    """Plain SHA-256 is enough, because a secret has 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()
