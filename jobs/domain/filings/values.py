"""A record's values, and how a record declares where to find them: XFA data, AcroForm fields or pages."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from jobs.domain.filings.amounts import parse_amount, parse_date
from jobs.domain.filings.identifiers import Identifier, find, is_valid, normalised, repaired
from jobs.domain.filings.reading import Box, Method

#: The confidence in an unchecked value, by method.
CONFIDENCE = {
    Method.XBRL: 0.99,
    Method.XFA: 0.99,
    Method.ACROFORM: 0.98,
    Method.SHEET: 0.95,
    Method.TEXT: 0.9,
    Method.OCR: 0.8,
    Method.NONE: 0.0,
}
_DOUBTED = 0.5  # factor for a value that fails its check
_CERTAIN_CIN = 0.75
_DIGITS_APART = re.compile(r"(?<=[\d,])\s+(?=\d)", re.ASCII)  # OCR sees spaces at narrow digits
_INSTEAD_OF_CIN = (Identifier.FCRN, Identifier.LLPIN)


class Kind(StrEnum):
    """The types of values other than identifiers."""

    TEXT = "text"
    DATE = "date"
    AMOUNT = "amount"
    NUMBER = "number"
    PERCENT = "percent"


@dataclass(frozen=True, kw_only=True)
class Value:
    """One value of a record. ``value`` is None if the text in ``raw`` could not be converted.

    ``unit`` is ``rupees`` or ``paise``, for amounts only. ``path`` is the field's path; ``page`` and ``box`` are the
    position on a page. ``rule`` names the rule that found the value. A value that fails its check is kept, with
    ``valid`` False.
    """

    value: str | int | date | None
    raw: str
    method: Method
    confidence: float
    rule: str
    valid: bool = True
    unit: str | None = None
    page: int | None = None
    box: Box | None = None
    path: str | None = None


@dataclass(frozen=True, kw_only=True)
class Spec:
    """Where to find a value.

    ``facts`` are names of XBRL elements. ``keys`` are paths in the XFA data without row numbers, or names of elements
    outside tables wherever they are. ``names`` are the last parts of AcroForm field names, ``labels`` the beginnings
    of captions on pages. ``anywhere``: as a last resort, an identifier anywhere on the first pages.
    """

    kind: Kind | Identifier = Kind.TEXT
    facts: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    anywhere: bool = False


def value(
    kind: Kind | Identifier = Kind.TEXT,
    *,
    facts: tuple[str, ...] = (),
    keys: tuple[str, ...] = (),
    names: tuple[str, ...] = (),
    labels: tuple[str, ...] = (),
    anywhere: bool = False,
) -> Any:
    """Declare a record field that holds one value, or None."""
    spec = Spec(kind=kind, facts=facts, keys=keys, names=names, labels=labels, anywhere=anywhere)
    return dataclasses.field(default=None, metadata={"spec": spec})


def rows(row: type[Any], *, table: str | tuple[str, ...]) -> Any:
    """Declare a record field that holds a tuple of ``row``: one for each ``DATA`` element of the XFA table.

    Without one, it holds the rows of the printed table whose headers are the labels of ``row``.
    """
    tables = (table,) if isinstance(table, str) else table
    return dataclasses.field(default=(), metadata={"row": row, "tables": tables})


@dataclass(frozen=True, kw_only=True)
class Found:
    """A candidate for a value, with its origin."""

    raw: str
    method: Method
    rule: str
    certainty: float = 1.0
    page: int | None = None
    box: Box | None = None
    path: str | None = None


def as_value(kind: Kind | Identifier, found: Found) -> Value:
    """Convert and validate a candidate."""
    in_digits = found.method is Method.OCR and kind in (Kind.AMOUNT, Kind.NUMBER)
    converted, unit, valid = _converted(kind, _DIGITS_APART.sub("", found.raw) if in_digits else found.raw)
    rule = found.rule
    fixed = repaired(kind, found.raw) if isinstance(kind, Identifier) and found.method is Method.OCR else None
    if not valid and fixed:
        converted, valid, rule = fixed, True, f"{rule}, letters and digits corrected by position"
    # A CIN with valid codes at all its places was hardly misread, however sure Tesseract was.
    certainty = max(found.certainty, _CERTAIN_CIN) if valid and kind is Identifier.CIN else found.certainty
    confidence = CONFIDENCE[found.method] * certainty * (1.0 if valid else _DOUBTED)
    return Value(
        value=converted,
        raw=found.raw,
        method=found.method,
        confidence=round(confidence, 3),
        rule=rule,
        valid=valid,
        unit=unit,
        page=found.page,
        box=found.box,
        path=found.path,
    )


def _converted(kind: Kind | Identifier, raw: str) -> tuple[str | int | date | None, str | None, bool]:
    if isinstance(kind, Identifier):
        plain = normalised(kind, raw)
        if kind is Identifier.CIN:  # the same field holds a foreign company's number, or that of an LLP
            kind = next((other for other in _INSTEAD_OF_CIN if is_valid(other, normalised(other, raw))), kind)
            plain = normalised(kind, raw)
        chosen = plain if is_valid(kind, plain) else find(kind, raw) or plain
        return chosen, None, is_valid(kind, chosen)
    if kind is Kind.DATE:
        day = parse_date(raw)
        return day, None, day is not None
    if kind is Kind.AMOUNT:
        amount = parse_amount(raw)
        return (amount[0], amount[1], True) if amount else (None, None, False)
    if kind is Kind.NUMBER:
        number = re.fullmatch(r"\s*(-?[\d,]+)(?:\.0*)?\s*", raw, re.ASCII)
        digits = number.group(1).replace(",", "") if number else ""
        return (int(digits), None, True) if digits.lstrip("-") else (None, None, False)
    if kind is Kind.PERCENT:
        percent = re.fullmatch(r"\s*(\d{1,3}(?:\.\d+)?)\s*%?\s*", raw, re.ASCII)
        valid = percent is not None and float(percent.group(1)) <= 100
        return (_shortest(percent.group(1)) if percent and valid else None), None, valid
    return " ".join(_chosen(raw).split()), None, True


def fits(kind: Kind | Identifier, raw: str) -> bool:
    """Whether the text is a valid value of this kind."""
    return _converted(kind, raw)[2]


def _shortest(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number


def _chosen(raw: str) -> str:
    """The selected option, if the text consists of drawn radio buttons: ``( ) Yes  (x) No``."""
    selected = re.findall(r"\(x\)\s*([^()]*)", raw)
    return ", ".join(each.strip() for each in selected) if selected else raw
