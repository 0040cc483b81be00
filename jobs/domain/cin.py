"""The Corporate Identification Number (CIN) of an Indian company.

21 characters, for example ``L24295GJ1987PLC143792``:

    L       listed (L) or unlisted (U)
    24295   industry, five digits (NIC)
    GJ      registrar, two letters, mostly a state's
    1987    year of incorporation
    PLC     class of company
    143792  registration number

Source: the Ministry of Corporate Affairs' published structure. There is no check digit, so only
structure, year, known codes and plausibility can be tested. LLPs have an LLPIN instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jobs.domain.errors import InvalidCin

STATES = {
    "AN": "Andaman and Nicobar", "AP": "Andhra Pradesh", "AR": "Arunachal Pradesh",
    "AS": "Assam", "BR": "Bihar", "CH": "Chandigarh", "CT": "Chhattisgarh", "DD": "Daman and Diu",
    "DL": "Delhi", "DN": "Dadra and Nagar Haveli", "GA": "Goa", "GJ": "Gujarat",
    "HP": "Himachal Pradesh", "HR": "Haryana", "JH": "Jharkhand", "JK": "Jammu and Kashmir",
    "KA": "Karnataka", "KL": "Kerala", "LA": "Ladakh", "LD": "Lakshadweep", "LH": "Ladakh",
    "MH": "Maharashtra (Mumbai)", "ML": "Meghalaya", "MN": "Manipur", "MP": "Madhya Pradesh",
    "MZ": "Mizoram", "NL": "Nagaland", "OR": "Odisha", "PB": "Punjab", "PN": "Maharashtra (Pune)",
    "PY": "Puducherry", "RJ": "Rajasthan", "SK": "Sikkim", "TG": "Telangana",
    "TN": "Tamil Nadu (Chennai)", "TR": "Tripura", "TS": "Telangana",
    "TZ": "Tamil Nadu (Coimbatore)", "UP": "Uttar Pradesh", "UR": "Uttarakhand",
    "WB": "West Bengal",
}  # fmt: skip

CLASSES = {
    "PLC": "public company", "PTC": "private company", "OPC": "one person company",
    "GOI": "company of the Government of India", "SGC": "company of a state government",
    "FLC": "public financial lease company", "FTC": "private subsidiary of a foreign company",
    "GAP": "general association, public", "GAT": "general association, private",
    "NPL": "not-for-profit company (section 8)", "ULL": "public company, unlimited liability",
    "ULT": "private company, unlimited liability",
}  # fmt: skip

NEVER_LISTED = frozenset({"PTC", "OPC", "FTC", "GAT", "NPL", "ULT"})
FIRST_YEAR = 1850  # the first Companies Act of British India

_STRUCTURE = re.compile(
    r"(?P<listing>[A-Z])(?P<industry>\d{5})(?P<state>[A-Z]{2})"
    r"(?P<year>\d{4})(?P<kind>[A-Z]{3})(?P<number>\d{6})",
    re.ASCII,
)
_LLPIN = re.compile(r"[A-Z]{3}-?\d{4}", re.ASCII)
_EXAMPLE = "a CIN looks like L24295GJ1987PLC143792"


@dataclass(frozen=True, kw_only=True)
class Cin:
    """A CIN taken apart. ``str(cin)`` is the 21 characters."""

    listed: bool
    industry: str
    state: str
    year: int
    kind: str
    number: str

    def __str__(self) -> str:
        listing = "L" if self.listed else "U"
        return f"{listing}{self.industry}{self.state}{self.year}{self.kind}{self.number}"


def parse_cin(text: str, *, this_year: int, allow_unknown_codes: bool = False) -> Cin:
    """Take a CIN apart; white space around it and lower case are forgiven.

    Raises InvalidCin; with ``overridable`` set where ``allow_unknown_codes`` would let it pass.
    """
    found = _matched(text.strip().upper())
    cin = Cin(
        listed=_listing(found["listing"]),
        industry=found["industry"],
        state=found["state"],
        year=_year(found["year"], this_year),
        kind=found["kind"],
        number=found["number"],
    )
    if not allow_unknown_codes:
        _check_codes(cin)
    return cin


def _matched(text: str) -> re.Match[str]:
    found = _STRUCTURE.fullmatch(text)
    if found:
        return found
    shown = text if len(text) <= 40 else text[:40] + "…"
    if _LLPIN.fullmatch(text):
        raise InvalidCin(f"'{shown}' is an LLP's LLPIN; only companies, which have a CIN, are served.")
    if len(text) != 21:
        raise InvalidCin(f"'{shown}' has {len(text)} characters, a CIN has 21: {_EXAMPLE}.")
    raise InvalidCin(f"'{shown}' is not built like a CIN: {_EXAMPLE}.")


def _listing(letter: str) -> bool:
    if letter not in "LU":
        raise InvalidCin(f"A CIN begins with L (listed) or U (unlisted), not with '{letter}'.")
    return letter == "L"


def _year(digits: str, this_year: int) -> int:
    year = int(digits)
    if not FIRST_YEAR <= year <= this_year:
        raise InvalidCin(f"No company was incorporated in {digits}: {FIRST_YEAR} to {this_year} can be.")
    return year


def _check_codes(cin: Cin) -> None:
    if cin.state not in STATES:
        raise InvalidCin(f"'{cin.state}' in {cin} is no known state or registrar.", overridable=True)
    if cin.kind not in CLASSES:
        raise InvalidCin(f"'{cin.kind}' in {cin} is no known class of company.", overridable=True)
    if cin.listed and cin.kind in NEVER_LISTED:
        what = CLASSES[cin.kind]
        raise InvalidCin(f"{cin} says listed, but a {what} ({cin.kind}) cannot be.", overridable=True)
