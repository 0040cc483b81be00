"""The identifiers of companies in orders: a CIN, the LLPIN of an LLP, or the FCRN of a foreign company.

    CIN     companies            21 characters, see ``cin``
    LLPIN   LLPs                 AAB-1234: three letters, a hyphen, four digits
    FCRN    foreign companies    F01234: F and five digits

Sources: the Companies Act, 2013, section 7 and the rules on foreign companies, 2014; the LLP Rules, 2009. Like a CIN,
the others have no check digit; unlike a CIN, they say nothing about their bearer. Fields called ``cin`` hold any of
them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from jobs.domain import cin as cins
from jobs.domain.cin import Cin, cin_of
from jobs.domain.wrong_use import InvalidCin


class IdKind(StrEnum):
    """The kinds of identifiers, by the names that staff know."""

    CIN = "CIN"
    LLPIN = "LLPIN"
    FCRN = "FCRN"


LLPIN_PATTERN = re.compile(r"([A-Z]{3})-?(\d{4})", re.ASCII)
FCRN_PATTERN = re.compile(r"F\d{5}", re.ASCII)

# One letter per character: A a letter, 0 a digit, anything else itself or one of itself.
_SHAPES = {
    IdKind.CIN: ("[LU]", *"00000AA0000AAA000000"),
    IdKind.LLPIN: (*"AAA-0000",),
    IdKind.FCRN: (*"F00000",),
}
_CLASSES = {"A": "[A-Z]", "0": r"\d"}
_MUST_BE = {"A": "a letter", "0": "a digit", "-": "a hyphen"}
_LETTERS_OF_LLPIN = 3
#: From this length on, the beginning of an identifier is not taken for the beginning of a name.
_TELLING = {IdKind.CIN: 2, IdKind.LLPIN: 4, IdKind.FCRN: 3}
_TELLING_WITHOUT_HYPHEN = 6
_LONGEST_SHOWN = 40
_LENGTHS = "a CIN has 21{} (L24295GJ1987PLC143792), an LLPIN 8 (AAB-1234), an FCRN 6 (F01234)"


@dataclass(frozen=True, kw_only=True)
class Llpin:
    """``str(llpin)`` returns the 8 characters, with the hyphen."""

    letters: str
    number: str

    def __str__(self) -> str:
        return f"{self.letters}-{self.number}"


@dataclass(frozen=True, kw_only=True)
class Fcrn:
    """``str(fcrn)`` returns the 6 characters."""

    number: str

    def __str__(self) -> str:
        return f"F{self.number}"


CompanyId = Cin | Llpin | Fcrn


def parse_company_id(text: str, *, this_year: int, allow_unknown_codes: bool = False) -> CompanyId:
    """Parse a CIN, LLPIN or FCRN; surrounding white space, lower case and a missing hyphen are accepted.

    Raises InvalidCin, with ``overridable`` set if ``allow_unknown_codes`` would accept the text.
    """
    text = text.strip().upper()
    if found := cins.PATTERN.fullmatch(text):
        return cin_of(found, this_year=this_year, allow_unknown_codes=allow_unknown_codes)
    if found := LLPIN_PATTERN.fullmatch(text):
        return Llpin(letters=found[1], number=found[2])
    if FCRN_PATTERN.fullmatch(text):
        return Fcrn(number=text[1:])
    raise InvalidCin(_fault(text))


def kind_of(identifier: str) -> IdKind | None:
    """The kind of a stored identifier; None if it is none."""
    patterns = {IdKind.CIN: cins.PATTERN, IdKind.LLPIN: LLPIN_PATTERN, IdKind.FCRN: FCRN_PATTERN}
    return next((kind for kind, pattern in patterns.items() if pattern.fullmatch(identifier)), None)


def fault_of(identifier: str) -> str:
    """Why a text is no identifier; empty if it is one."""
    return "" if kind_of(identifier) else _fault(identifier)


def as_stored(text: str) -> str:
    """The text in upper case and, if it is an LLPIN, with its hyphen."""
    text = text.strip().upper()
    return _hyphenated(text) if LLPIN_PATTERN.fullmatch(text) else text


def beginnings(text: str) -> dict[IdKind, str]:
    """The identifiers that the text can be the beginning of, each as it is stored: with the hyphen of an LLPIN."""
    text = text.strip().upper()
    found = {IdKind.CIN: text, IdKind.LLPIN: _hyphenated(text), IdKind.FCRN: text}
    return {kind: start for kind, start in found.items() if start and _fits(start, _SHAPES[kind])}


def id_prefix(text: str) -> str | None:
    """The beginning of identifiers to search for; None if the text is rather the beginning of a name."""
    return next((start for kind, start in beginnings(text).items() if len(start) >= _telling(kind, text)), None)


def _telling(kind: IdKind, text: str) -> int:
    """Three letters and one digit may also be a name, such as Gen4, unless the hyphen of an LLPIN is typed."""
    return _TELLING[kind] if kind is not IdKind.LLPIN or "-" in text else _TELLING_WITHOUT_HYPHEN


def missing_characters(text: str) -> dict[IdKind, int]:
    """How many characters the text lacks to be an identifier, for each kind that it can become."""
    return {kind: len(_SHAPES[kind]) - len(start) for kind, start in beginnings(text).items()}


def _hyphenated(text: str) -> str:
    letters, rest = text[:_LETTERS_OF_LLPIN], text[_LETTERS_OF_LLPIN:]
    return f"{letters}-{rest}" if rest[:1].isdecimal() else text


def _fits(text: str, shape: tuple[str, ...]) -> bool:
    return len(text) <= len(shape) and _first_fault(text, shape) is None


def _first_fault(text: str, shape: tuple[str, ...]) -> int | None:
    pairs = zip(text, shape, strict=False)
    return next((at for at, (letter, kind) in enumerate(pairs) if not _is(letter, kind)), None)


def _is(letter: str, kind: str) -> bool:
    return re.fullmatch(_CLASSES.get(kind, kind), letter, re.ASCII) is not None


def _fault(text: str) -> str:
    """The fault of the text, taken as the kind of identifier that it resembles most."""
    shown = text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
    kind = _meant(text)
    if not text:
        return f"The identifier is missing: {_LENGTHS.format(' characters')}."
    if kind is None:
        return f"'{shown}' has {len(text)} character{'' if len(text) == 1 else 's'}; {_LENGTHS.format('')}."
    shape, whole = _SHAPES[kind], _hyphenated(text) if kind is IdKind.LLPIN else text
    at = _first_fault(whole, shape) or 0
    added = len(whole) - len(text) if at > _LETTERS_OF_LLPIN else 0  # the hyphen, which was not typed
    if shape[at] == "[LU]" and whole[at].isascii() and whole[at].isalpha():
        return f"A CIN starts with L (listed) or U (unlisted), not with '{whole[at]}'."
    wanted = _MUST_BE.get(shape[at], "L or U" if at == 0 and kind is IdKind.CIN else shape[at])
    return f"'{shown}' is not a valid {kind}: character {at + 1 - added} must be {wanted}, not '{whole[at]}'."


def _meant(text: str) -> IdKind | None:
    """The kind of this length that most characters fit."""
    for kind, shape in _SHAPES.items():
        whole = _hyphenated(text) if kind is IdKind.LLPIN else text
        fitting = sum(_is(letter, each) for letter, each in zip(whole, shape, strict=False))
        if len(whole) == len(shape) and (fitting > len(shape) // 2 or kind is IdKind.CIN):
            return kind
    return None
