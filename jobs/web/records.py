"""The content of a document, as pages and the API show it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from jobs.bootstrap import application
from jobs.domain.document import Document
from jobs.domain.filings.masking import mask_pan

_MOST_BYTES = 8_000_000
_STATED, _READ = 0.95, 0.8
_ISO = re.compile(r"\d{4}-\d\d-\d\d")
_PART = re.compile(r"(?P<part>.+\[\d+\])\.(?P<name>.+)")
_SHORT = {"pin", "cin", "srn", "din", "pan", "frn", "llpin", "fcrn", "agm", "egm", "isin", "gstin", "lei", "kyc"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One value. ``trust`` is ``stated``, ``read`` or ``doubtful``; ``percent`` the confidence from 0 to 100."""

    label: str
    shown: str
    raw: str
    valid: bool
    trust: str
    percent: int
    method: str
    page: int | None


@dataclass(frozen=True, kw_only=True)
class Part:
    """Values that belong together, for example those of one director. The first part has no title."""

    title: str
    lines: list[Line]


def stored_record(document: Document, *, full: bool) -> dict[str, Any] | None:
    """The record as it was stored; None if there is none. ``full``: with complete PANs.

    Raises BlobNotFound, BlobStoreUnavailable.
    """
    name = document.reading.record_blob_name if document.reading else None
    if name is None:
        return None
    with application().blobs.open(name) as blob:
        text = blob.read(_MOST_BYTES).decode("utf-8")
    record: dict[str, Any] = json.loads(text if full else mask_pan(text))
    return record


def parts_of(record: Mapping[str, Any]) -> list[Part]:
    """The record's values, grouped by the rows of its tables."""
    named = [(_split(name), value) for name, value in record["values"].items()]
    groups = groupby(named, key=lambda each: each[0][0])
    return [Part(title=title, lines=list(_lines(values))) for title, values in groups]


def _split(name: str) -> tuple[str, str]:
    """``directors[2].din`` is in the part "Director 2"."""
    found = _PART.fullmatch(name)
    if not found:
        return "", name
    part, _, number = found["part"].removesuffix("]").partition("[")
    return f"{label_of(part).removesuffix('s')} {number}", found["name"]


def _lines(values: Iterator[tuple[tuple[str, str], Mapping[str, Any]]]) -> Iterator[Line]:
    for (_, name), value in values:
        yield Line(
            label=label_of(name),
            shown=shown(value),
            raw=value["raw"],
            valid=value["valid"],
            trust=_trust(value),
            percent=round(100 * value["confidence"]),
            method=value["method"],
            page=value["page"],
        )


def _trust(value: Mapping[str, Any]) -> str:
    if not value["valid"] or value["confidence"] < _READ:
        return "doubtful"
    return "stated" if value["confidence"] >= _STATED else "read"


def label_of(name: str) -> str:
    """``held_agm_on`` becomes "Held AGM on"."""
    words = [word.upper() if word in _SHORT else word for word in re.split(r"[_.]", name)]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def shown(value: Mapping[str, Any]) -> str:
    """The value for people: dates as 3 Mar 2025, amounts as ₹ 1,23,45,678."""
    found = value["value"]
    if found is None:
        return str(value["raw"])
    if isinstance(found, int) and value["unit"]:
        return _rupees(found, paise=value["unit"] == "paise")
    if isinstance(found, str) and _ISO.fullmatch(found):
        return f"{date.fromisoformat(found):%-d %b %Y}"
    return str(found)


def _rupees(amount: int, *, paise: bool) -> str:
    whole, rest = divmod(abs(amount), 100) if paise else (abs(amount), 0)
    digits = str(whole)
    head, last = digits[:-3], digits[-3:]
    groups = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)][::-1]
    return f"{'−' if amount < 0 else ''}₹ {','.join([*groups, last])}{f'.{rest:02}' if paise else ''}"
