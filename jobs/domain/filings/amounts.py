"""Parses dates and amounts in the formats that forms use."""

from __future__ import annotations

import re
from datetime import date

_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)", re.ASCII)
_INDIAN = re.compile(r"(?<!\d)(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})(?!\d)", re.ASCII)
_COMPACT = re.compile(r"(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})(?!\d)", re.ASCII)
_COMPACT_INDIAN = re.compile(r"(?<!\d)(\d{2})(\d{2})((?:19|20)\d{2})(?!\d)", re.ASCII)
_WORDS = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[\s\-]+([A-Za-z]{3})[a-z]*[,\s\-]+(\d{4})")
_YEAR_FIRST, _DAY_FIRST = (0, 1, 2), (2, 1, 0)
_NUMERIC = ((_ISO, _YEAR_FIRST), (_INDIAN, _DAY_FIRST), (_COMPACT, _YEAR_FIRST), (_COMPACT_INDIAN, _DAY_FIRST))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_AMOUNT = re.compile(r"\(?-?\s*(?:₹|rs\.?|inr)?\s*(-?[\d,]+(?:\.\d+)?)\s*\)?(?:/-)?", re.IGNORECASE | re.ASCII)


def parse_date(text: str) -> date | None:
    """ISO (XFA), DD/MM/YYYY (AcroForm, pages), ``3 March 2025``, and 20250303 or 03032025 (file names)."""
    for pattern, order in _NUMERIC:
        for match in pattern.finditer(text):
            year, month, day = (int(match.groups()[at]) for at in order)
            found = _date(year, month, day)
            if found:
                return found
    words = _WORDS.search(text)
    if words and words.group(2).lower() in _MONTHS:
        return _date(int(words.group(3)), _MONTHS.index(words.group(2).lower()) + 1, int(words.group(1)))
    return None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def parse_amount(text: str) -> tuple[int, str] | None:
    """The amount and its unit: whole ``rupees``, or ``paise`` if the text states any. Brackets mean negative."""
    stripped = text.strip()
    match = _AMOUNT.fullmatch(stripped)
    if not match or not any(character.isdigit() for character in match.group(1)):
        return None
    rupees, _, paise = match.group(1).replace(",", "").lstrip("-").partition(".")
    negative = "-" in stripped.removesuffix("/-") or stripped.startswith("(")
    value, unit = int(rupees or 0), "rupees"
    if paise.strip("0"):
        value, unit = 100 * value + int((paise + "00")[:2]), "paise"
    return (-value if negative else value), unit
