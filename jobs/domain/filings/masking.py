"""Masks PANs: a person's PAN is private, but its last characters tell two persons apart."""

from __future__ import annotations

import re

from jobs.domain.filings.identifiers import PATTERNS, Identifier

_PAN = re.compile(rf"(?<![A-Za-z0-9])(?:{PATTERNS[Identifier.PAN].pattern})(?![A-Za-z0-9])", re.ASCII | re.IGNORECASE)


def mask_pan(text: str) -> str:
    """The text with all but the last four characters of every PAN in it replaced by ``X``."""
    return _PAN.sub(lambda match: "XXXXXX" + match.group()[-4:], text)
