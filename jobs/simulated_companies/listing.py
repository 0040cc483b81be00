"""Fictional companies, LLPs and foreign companies for the directory. The same seed gives the same ones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date

from jobs.domain.cin import STATES
from jobs.domain.directory import ListedCompany
from jobs.simulated_companies.chance import chance_of, day_between
from jobs.simulated_companies.companies import BUSINESSES, FIRST, KINDS, STATES_OF_COMPANIES

_BEGINNINGS = (
    "Aa",
    "Ba",
    "Cha",
    "Da",
    "Ga",
    "Ha",
    "In",
    "Ja",
    "Ka",
    "La",
    "Ma",
    "Na",
    "Om",
    "Pa",
    "Ra",
    "Sa",
    "Ta",
    "Ud",
)
_MIDDLES = (
    "bha",
    "cha",
    "dhi",
    "ga",
    "ji",
    "kshi",
    "lo",
    "ma",
    "mi",
    "ni",
    "ra",
    "ri",
    "sha",
    "su",
    "ta",
    "ti",
    "va",
    "ya",
)
_ENDS = (
    "dan",
    "gar",
    "jan",
    "kar",
    "lal",
    "man",
    "n",
    "nand",
    "ndra",
    "nta",
    "r",
    "ram",
    "rth",
    "sh",
    "tra",
    "van",
    "y",
)
_STATUSES = ("Active", "Struck off", "Under process of striking off", "Amalgamated", "Dormant under section 455")
_STATUS_SHARES = (80, 14, 2, 2, 2)
_PARTNERS = 0.15  # share of LLPs and foreign companies
_FIRST_YEAR, _LAST_YEAR = 1985, 2022
_LAKH = 100_000


def simulated_listing(count: int, seed: object) -> Iterator[ListedCompany]:
    """``count`` companies, each with an id of its own."""
    chance = chance_of("listing", seed)
    seen: set[str] = set()
    while len(seen) < count:
        business, kind = chance.choice(list(BUSINESSES)), chance.choice(list(KINDS))
        state, number = chance.choice(STATES_OF_COMPANIES), chance.randint(1, 999_999)
        founded = day_between(chance, date(_FIRST_YEAR, 1, 1), date(_LAST_YEAR, 12, 31))
        word = chance.choice(FIRST) if chance.random() < 0.3 else _a_word(chance)
        name, category = f"{word} {business} {KINDS[kind]}", "Company limited by shares"
        identifier = f"U{BUSINESSES[business]}{state}{founded.year}{kind}{number:06d}"
        if chance.random() < _PARTNERS:
            letters = "".join(chance.choice("ABCDEFGHIJ") for _ in range(2))
            identifier, name, category = f"A{letters}-{number % 10_000:04d}", f"{word} {business} LLP", "LLP"
        capital = chance.choice((1, 5, 10, 25, 100, 500)) * _LAKH
        (status,) = chance.choices(_STATUSES, _STATUS_SHARES)
        if identifier in seen:
            continue
        seen.add(identifier)
        yield ListedCompany(
            id=identifier,
            name=name,
            status=status,
            kind="Private" if kind == "PTC" else "Public",
            category=category,
            state=STATES[state].partition(" (")[0],
            registered_on=founded,
            authorised_capital=capital,
            paid_up_capital=capital // 2,
        )


def _a_word(chance: random.Random) -> str:
    middle = "".join(chance.choice(_MIDDLES) for _ in range(chance.choice((1, 2, 2))))
    return f"{chance.choice(_BEGINNINGS)}{middle}{chance.choice(_ENDS)}"
