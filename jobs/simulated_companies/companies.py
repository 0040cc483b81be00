"""Names of fictional companies, with valid CINs."""

from __future__ import annotations

import random
from collections.abc import Iterator

FIRST = (
    "Aravalli",
    "Bharat",
    "Chenab",
    "Deccan",
    "Eastern",
    "Ganga",
    "Himalaya",
    "Indus",
    "Jyoti",
    "Kaveri",
    "Lotus",
    "Malabar",
    "Narmada",
    "Orchid",
    "Pioneer",
    "Rajhans",
    "Sahyadri",
    "Tapti",
    "Utkal",
    "Vindhya",
)
BUSINESSES = {
    "Agro": "01100",
    "Chemicals": "24110",
    "Constructions": "45200",
    "Engineering": "29190",
    "Finance": "65990",
    "Foods": "15490",
    "Logistics": "63090",
    "Pharma": "24230",
    "Software": "72200",
    "Steel": "27100",
    "Textiles": "17110",
    "Trading": "51900",
}
STATES_OF_COMPANIES = ("DL", "GJ", "HR", "KA", "KL", "MH", "PN", "RJ", "TG", "TN", "UP", "WB")
KINDS = {"PTC": "Private Limited", "PLC": "Limited"}


def simulated_companies(count: int, source: random.Random) -> Iterator[tuple[str, str]]:
    """``count`` pairs of CIN and name."""
    for _ in range(count):
        business = source.choice(list(BUSINESSES))
        kind = source.choice(list(KINDS))
        state, year = source.choice(STATES_OF_COMPANIES), source.randint(1985, 2022)
        number = source.randint(1, 999_999)
        cin = f"U{BUSINESSES[business]}{state}{year}{kind}{number:06d}"
        yield cin, f"{source.choice(FIRST)} {business} {KINDS[kind]}"
