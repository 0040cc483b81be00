"""The identifiers on the Ministry's forms. Only their format is checked, since most have no check digit.

Sources: the Companies Act, 2013 and its rules (CIN, LLPIN, FCRN, DIN, SRN), the Income-tax Rules, 1962, rule 114
(PAN), the register of the Institute of Chartered Accountants of India (FRN), India Post (PIN code).
"""

from __future__ import annotations

import re
from enum import StrEnum

from jobs.domain.cin import CLASSES, FIRST_YEAR, STATES
from jobs.domain.cin import PATTERN as CIN_PATTERN
from jobs.domain.company_id import FCRN_PATTERN, LLPIN_PATTERN


class Identifier(StrEnum):
    """The kind of identifier: of a company, an LLP, a foreign company, a director, a filing, and so on."""

    CIN = "cin"
    LLPIN = "llpin"
    FCRN = "fcrn"
    DIN = "din"
    SRN = "srn"
    PAN = "pan"
    FRN = "frn"
    PIN_CODE = "pin_code"


PATTERNS = {
    Identifier.CIN: CIN_PATTERN,
    Identifier.LLPIN: LLPIN_PATTERN,
    Identifier.FCRN: FCRN_PATTERN,
    Identifier.DIN: re.compile(r"(?!0{8})\d{8}", re.ASCII),
    Identifier.SRN: re.compile(r"[A-Z]\d{8}|[A-Z]{2}\d{7}|[A-Z]\d{7}", re.ASCII),
    # The fourth letter is the type of holder: company, person, firm and so on.
    Identifier.PAN: re.compile(r"[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]", re.ASCII),
    # Six digits and the region; a firm that became an LLP adds a second number: 117366W/W-100018.
    Identifier.FRN: re.compile(r"\d{6}[CENRSW](?:[CENRSW]\d{6})?", re.ASCII),
    Identifier.PIN_CODE: re.compile(r"[1-9]\d{5}", re.ASCII),
}


def normalised(kind: Identifier, text: str) -> str:
    """In upper case and without separators."""
    plain = re.sub(r"[\s.]", "", text).upper()
    if kind is Identifier.DIN and plain.isdecimal():
        return plain.zfill(8)
    return plain if kind is Identifier.LLPIN else plain.replace("-", "").replace("/", "")


def is_valid(kind: Identifier, text: str) -> bool:
    """Whether the normalised text has the right format and, for a CIN, known codes."""
    if not PATTERNS[kind].fullmatch(text):
        return False
    if kind is Identifier.CIN:
        return text[6:8] in STATES and text[12:15] in CLASSES and int(text[8:12]) >= FIRST_YEAR
    return True


def find(kind: Identifier, text: str) -> str | None:
    """The first such identifier in a text, as a whole word."""
    pattern = PATTERNS[kind].pattern
    match = re.search(rf"(?<![A-Z0-9])(?:{pattern})(?![A-Z0-9])", text.upper(), re.ASCII)
    return match.group() if match else None


_LIKE_DIGITS = str.maketrans("OQDILZSGBT", "0001125687")
_LIKE_LETTERS = str.maketrans("0125678", "OIZSGTB")
# L: letter, D: digit
_SHAPES = {
    Identifier.CIN: ("LDDDDDLLDDDDLLLDDDDDD",),
    Identifier.SRN: ("LLDDDDDDD", "LDDDDDDDD"),
    Identifier.PAN: ("LLLLLDDDDL",),
    Identifier.FRN: ("DDDDDDL",),
    Identifier.DIN: ("DDDDDDDD",),
    Identifier.PIN_CODE: ("DDDDDD",),
}


def repaired(kind: Identifier, text: str) -> str | None:
    """The first valid identifier after correcting letters and digits that OCR confused; None if there is none."""
    upper = text.upper()
    joined = re.sub(r"(?<=[A-Z0-9])\s(?=[A-Z0-9])", "", upper)
    for shape in _SHAPES.get(kind, ()):
        # Nothing else is as long as a CIN, so that it may even stick to its caption.
        word = rf"[A-Z0-9]{{{len(shape)}}}"
        pattern = word if kind is Identifier.CIN else rf"(?<![A-Z0-9]){word}(?![A-Z0-9])"
        for found in re.findall(pattern, f"{upper} {joined}", re.ASCII):
            fixed = _fixed(found, shape, letters=kind in (Identifier.CIN, Identifier.PAN))
            if is_valid(kind, fixed):
                return fixed
    return None


def _fixed(word: str, shape: str, *, letters: bool) -> str:
    """``letters``: also take digits for letters, which would invent a prefix where few letters are."""
    tables = {"D": _LIKE_DIGITS, "L": _LIKE_LETTERS if letters else {}}
    return "".join(each.translate(tables[place]) for each, place in zip(word, shape, strict=True))
