"""The Corporate Identification Number (CIN) of an Indian company: format, codes and validation.

21 characters, for example ``L24295GJ1987PLC143792``:

    L       listed (L) or unlisted (U)
    24295   industry, five digits (NIC)
    GJ      registrar, two letters, usually the state's code
    1987    year of incorporation
    PLC     class of company
    143792  registration number

Source: the structure published by the Ministry of Corporate Affairs. A CIN has no check digit, so only its
structure, year, codes and plausibility can be checked. ``company_id`` parses CINs, and what others have instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jobs.domain.wrong_use import InvalidCin

STATES = {
    "AN": "Andaman and Nicobar",
    "AP": "Andhra Pradesh",
    "AR": "Arunachal Pradesh",
    "AS": "Assam",
    "BR": "Bihar",
    "CH": "Chandigarh",
    "CT": "Chhattisgarh",
    "DD": "Daman and Diu",
    "DL": "Delhi",
    "DN": "Dadra and Nagar Haveli",
    "GA": "Goa",
    "GJ": "Gujarat",
    "HP": "Himachal Pradesh",
    "HR": "Haryana",
    "JH": "Jharkhand",
    "JK": "Jammu and Kashmir",
    "KA": "Karnataka",
    "KL": "Kerala",
    "LA": "Ladakh",
    "LD": "Lakshadweep",
    "LH": "Ladakh",
    "MH": "Maharashtra (Mumbai)",
    "ML": "Meghalaya",
    "MN": "Manipur",
    "MP": "Madhya Pradesh",
    "MZ": "Mizoram",
    "NL": "Nagaland",
    "OR": "Odisha",
    "PB": "Punjab",
    "PN": "Maharashtra (Pune)",
    "PY": "Puducherry",
    "RJ": "Rajasthan",
    "SK": "Sikkim",
    "TG": "Telangana",
    "TN": "Tamil Nadu (Chennai)",
    "TR": "Tripura",
    "TS": "Telangana",
    "TZ": "Tamil Nadu (Coimbatore)",
    "UP": "Uttar Pradesh",
    "UR": "Uttarakhand",
    "WB": "West Bengal",
}

CLASSES = {
    "PLC": "public company",
    "PTC": "private company",
    "OPC": "one person company",
    "GOI": "company of the Government of India",
    "SGC": "company of a state government",
    "FLC": "public financial lease company",
    "FTC": "private subsidiary of a foreign company",
    "GAP": "general association, public",
    "GAT": "general association, private",
    "NPL": "not-for-profit company (section 8)",
    "ULL": "public company, unlimited liability",
    "ULT": "private company, unlimited liability",
}

NEVER_LISTED = frozenset({"PTC", "OPC", "FTC", "GAT", "NPL", "ULT"})
FIRST_YEAR = 1850  # the first Companies Act of British India

LENGTH = 21

PATTERN = re.compile(
    r"(?P<listing>[LU])(?P<industry>\d{5})(?P<state>[A-Z]{2})(?P<year>\d{4})(?P<kind>[A-Z]{3})(?P<number>\d{6})",
    re.ASCII,
)
_LISTED, _UNLISTED = "L", "U"


@dataclass(frozen=True, kw_only=True)
class Cin:
    """The parts of a CIN. ``str(cin)`` returns the 21 characters."""

    listed: bool
    industry: str
    state: str
    year: int
    kind: str
    number: str

    def __str__(self) -> str:
        listing = _LISTED if self.listed else _UNLISTED
        return f"{listing}{self.industry}{self.state}{self.year}{self.kind}{self.number}"


def cin_of(found: re.Match[str], *, this_year: int, allow_unknown_codes: bool) -> Cin:
    """The parts that PATTERN found. Raises InvalidCin."""
    cin = Cin(
        listed=found["listing"] == _LISTED,
        industry=found["industry"],
        state=found["state"],
        year=_year(found["year"], this_year),
        kind=found["kind"],
        number=found["number"],
    )
    if not allow_unknown_codes:
        _check_codes(cin)
    return cin


def year_of(cin: str) -> int | None:
    """The year of incorporation; None if the text does not have the structure of a CIN."""
    found = PATTERN.fullmatch(cin)
    return int(found["year"]) if found else None


def _year(digits: str, this_year: int) -> int:
    year = int(digits)
    if not FIRST_YEAR <= year <= this_year:
        raise InvalidCin(
            f"No company was incorporated in {digits}. The year must be between {FIRST_YEAR} and {this_year}."
        )
    return year


def _check_codes(cin: Cin) -> None:
    if cin.state not in STATES:
        raise InvalidCin(f"'{cin.state}' in {cin} is not a known state or registrar.", overridable=True)
    if cin.kind not in CLASSES:
        raise InvalidCin(f"'{cin.kind}' in {cin} is not a known class of company.", overridable=True)
    if cin.listed and cin.kind in NEVER_LISTED:
        kind = f"{CLASSES[cin.kind]} ({cin.kind})"
        raise InvalidCin(f"{cin} is marked listed (L), but a {kind} cannot be listed.", overridable=True)
