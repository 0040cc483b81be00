"""Values in files for spreadsheets."""

from __future__ import annotations

# What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection), also in full width.
_FORMULAS = tuple("=+-@\t\r\n＝＋－＠")


def cell(value: object) -> object:
    """Prefix text that a spreadsheet would calculate with an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value
