"""Searching the values that filings state: people by name or DIN, and amounts by range."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, pairwise

from jobs.domain.company_names import words_of
from jobs.domain.filings.stated import Stated
from jobs.domain.search import Content
from jobs.domain.wrong_use import InvalidSearch

MOST_FACTS = 300
LONGEST_NAME = 100
_MOST_WORDS = 8
_PAISE = {"rupees": 100, "paise": 1}
_ROW = re.compile(r"(?P<row>\w+\[\d+\])\.(?P<name>\w+)")
_TOO_LARGE = 10**18  # in paise; MongoDB's integers end at 9.2 × 10**18
_DIN = re.compile(r"\d{1,8}", re.ASCII)
_AMOUNT = re.compile(r"(?:₹|rs\.?)?\s*(\d[\d,]*(?:\.\d+)?)\s*(crores?|cr|lakhs?|lacs?|thousand)?\.?", re.ASCII)
_UNITS = {"cr": 10**7, "la": 10**5, "th": 10**3, "": 1}


@dataclass(frozen=True, kw_only=True)
class RecordFact:
    """A person or an amount that a filing states. ``what`` is the value's name, such as ``revenue``.

    ``amount`` is in paise. A person has a ``name``, a ``din`` or both, and no amount.
    """

    what: str
    page: int | None = None
    name: str | None = None
    din: str | None = None
    amount: int | None = None


@dataclass(frozen=True, kw_only=True)
class RecordFilter:
    """A search; empty and None match all. Amounts are in paise, and inclusive."""

    name: str = ""
    din: str = ""
    least: int | None = None
    most: int | None = None
    cin: str = ""
    form: str = ""
    year: int | None = None

    @property
    def has_person(self) -> bool:
        return bool(self.name or self.din)

    @property
    def has_amount(self) -> bool:
        return self.least is not None or self.most is not None

    def __bool__(self) -> bool:
        return self.has_person or self.has_amount


@dataclass(frozen=True, kw_only=True)
class FactFound:
    """A fact and the content that states it."""

    content: Content
    fact: RecordFact


def facts_of(stated: Iterable[Stated]) -> list[RecordFact]:
    """The people and amounts that a filing states, at most MOST_FACTS."""
    rows: dict[str, dict[str, Stated]] = defaultdict(dict)
    facts = []
    for each in stated:
        found = _ROW.fullmatch(each.name)
        rows[found["row"] if found else ""][found["name"] if found else each.name] = each
        if each.unit in _PAISE and isinstance(each.value, int):
            amount = each.value * _PAISE[each.unit]
            if abs(amount) < _TOO_LARGE:  # otherwise it was misread
                facts.append(RecordFact(what=each.name, page=each.page, amount=amount))
    people = [person for row, values in rows.items() if (person := _person(row, values))]
    return [*people, *facts][:MOST_FACTS]


def _person(row: str, values: dict[str, Stated]) -> RecordFact | None:
    single = next((part for part in ("name", "auditor_name") if part in values), None)
    parts = [single] if single else [part for part in ("first_name", "last_name") if part in values]
    name = " ".join(str(values[part].value) for part in parts)
    din = str(values["din"].value) if "din" in values else None
    if not name and not din:
        return None
    source = next(values[part] for part in (*parts, "din") if part in values)
    return RecordFact(what=row.partition("[")[0] or "person", page=source.page, name=name or None, din=din)


def keys_of_name(name: str) -> list[str]:
    """By which a person is found: each word of the name, and each two of them."""
    words = sorted(set(words_of(name)))[:_MOST_WORDS]
    return [*words, *(" ".join(pair) for pair in combinations(words, 2))]


def sought_keys(name: str) -> list[str]:
    """The keys that a person with this name has: those of two words each, or of the only word."""
    words = sorted(set(words_of(name)))[:_MOST_WORDS]
    pairs = [" ".join(pair) for pair in pairwise(words)]
    return pairs or words


def parse_name(text: str) -> str:
    """A person's name. Raises InvalidSearch."""
    if len(text) > LONGEST_NAME:
        raise InvalidSearch(f"The name has {len(text):,} characters; it may have {LONGEST_NAME}.")
    if text.strip() and not words_of(text):
        raise InvalidSearch("Type at least one word of the name.")
    return text.strip()


def parse_din(text: str) -> str:
    """A DIN with its leading zeros. Raises InvalidSearch."""
    given = text.strip()
    if given and not _DIN.fullmatch(given):
        raise InvalidSearch(f"'{given[:40]}' is not a DIN: a DIN has 8 digits.")
    return given.zfill(8) if given else ""


def parse_amount(text: str) -> int | None:
    """``40,00,000``, ``40 lakh`` or ``4.5 crore``, in paise; None if it is empty. Raises InvalidSearch."""
    given = " ".join(text.split()).casefold()
    if not given:
        return None
    found = _AMOUNT.fullmatch(given) if len(given) <= 40 else None
    if not found:
        raise InvalidSearch(f"'{text[:40]}' is not an amount. Type rupees such as 40,00,000, 40 lakh or 4.5 crore.")
    amount = int(Decimal(found[1].replace(",", "")) * _UNITS[(found[2] or "")[:2]] * 100)
    if amount >= _TOO_LARGE:
        raise InvalidSearch("The amount is too large.")
    return amount


def parse_records(given: dict[str, str], *, cin: str = "", form: str = "", year: int | None = None) -> RecordFilter:
    """From the fields ``director``, ``din``, ``least`` and ``most``. Raises InvalidSearch."""
    least, most = (parse_amount(given.get(name, "")) for name in ("least", "most"))
    if least is not None and most is not None and least > most:
        raise InvalidSearch("The smallest amount is larger than the largest one.")
    name, din = parse_name(given.get("director", "")), parse_din(given.get("din", ""))
    return RecordFilter(name=name, din=din, least=least, most=most, cin=cin, form=form, year=year)
