"""Invents people, firms of auditors, banks and addresses."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date

from jobs.simulated_companies.chance import day_between

_GIVEN = (
    *("Aarti", "Abhishek", "Aditi", "Ajay", "Anand", "Anjali", "Arjun", "Ashok", "Bhavna", "Chetan", "Deepa", "Dinesh"),
    *("Farida", "Gaurav", "Geeta", "Harpreet", "Imran", "Jayant", "Kavita", "Kiran", "Lakshmi", "Mahesh", "Manish"),
    *("Meera", "Mohan", "Nandini", "Naveen", "Neha", "Pankaj", "Pooja", "Prakash", "Priya", "Rahul", "Rajesh", "Rekha"),
    *("Rohit", "Sandeep", "Sanjay", "Shalini", "Sunil", "Suresh", "Swati", "Thomas", "Usha", "Vikram", "Vinod", "Yash"),
)
_FAMILY = (
    *("Agarwal", "Banerjee", "Bhat", "Chatterjee", "Chawla", "D'Souza", "Desai", "Deshpande", "Gandhi", "Goyal"),
    *("Gupta", "Iyer", "Jain", "Joshi", "Kapoor", "Khan", "Kulkarni", "Kumar", "Malhotra", "Mathew", "Mehta"),
    *("Menon", "Mishra", "Mukherjee", "Nair", "Naidu", "Patel", "Patil", "Pillai", "Rao", "Reddy", "Saxena"),
    *("Shah", "Sharma", "Singh", "Sinha", "Srinivasan", "Subramanian", "Thakur", "Trivedi", "Varma", "Yadav"),
)
_STREETS = (
    *("Mahatma Gandhi Road", "Station Road", "Link Road", "Ring Road", "Nehru Marg", "Subhash Road", "Market Road"),
    *("Temple Street", "Lake View Road", "Industrial Estate", "Patel Nagar", "Shastri Nagar", "Sardar Patel Marg"),
)
_BUILDINGS = (*("Trade Centre", "Business Park", "Corporate House", "Chambers", "Plaza", "Tower", "Arcade", "Complex"),)
#: State of the address → its larger cities, with the first three digits of their PIN codes.
_CITIES = {
    "AP": (("Visakhapatnam", 530), ("Vijayawada", 520)),
    "AS": (("Guwahati", 781),),
    "BR": (("Patna", 800),),
    "CH": (("Chandigarh", 160),),
    "CT": (("Raipur", 492),),
    "DL": (("New Delhi", 110),),
    "GA": (("Panaji", 403),),
    "GJ": (("Ahmedabad", 380), ("Vadodara", 390), ("Surat", 395), ("Rajkot", 360)),
    "HP": (("Solan", 173),),
    "HR": (("Gurugram", 122), ("Faridabad", 121)),
    "JH": (("Ranchi", 834), ("Jamshedpur", 831)),
    "KA": (("Bengaluru", 560), ("Mysuru", 570), ("Hubballi", 580)),
    "KL": (("Kochi", 682), ("Thiruvananthapuram", 695)),
    "MH": (("Mumbai", 400), ("Pune", 411), ("Nagpur", 440), ("Nashik", 422)),
    "MP": (("Indore", 452), ("Bhopal", 462)),
    "OR": (("Bhubaneswar", 751),),
    "PB": (("Ludhiana", 141), ("Amritsar", 143)),
    "RJ": (("Jaipur", 302), ("Udaipur", 313), ("Kota", 324)),
    "TG": (("Hyderabad", 500), ("Warangal", 506)),
    "TN": (("Chennai", 600), ("Coimbatore", 641), ("Madurai", 625)),
    "UP": (("Lucknow", 226), ("Kanpur", 208), ("Noida", 201)),
    "UR": (("Dehradun", 248),),
    "WB": (("Kolkata", 700), ("Durgapur", 713)),
}
#: Registrar in a CIN → state of the address, where they differ.
_STATES = {"PN": "MH", "TZ": "TN", "TS": "TG"}
_BANKS = (
    ("Sahyadri Commercial Bank Limited", "PVTB"),
    ("Bank of Kaveri", "NATB"),
    ("Gangotri National Bank", "NATB"),
    ("Malabar Federal Bank Limited", "PVTB"),
    ("Deccan Scheduled Bank Limited", "SCHB"),
    ("Narmada Industrial Finance Corporation", "FINB"),
    ("Aravalli Capital Finance Limited", "NBFC"),
)
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


@dataclass(frozen=True, kw_only=True)
class Address:
    """A postal address in India. ``state`` is the state's code."""

    line1: str
    line2: str
    city: str
    state: str
    pin_code: str

    def __str__(self) -> str:
        return f"{self.line1}, {self.line2}, {self.city} {self.pin_code}"


@dataclass(frozen=True, kw_only=True)
class Person:
    """A director."""

    given: str
    family: str
    din: str
    pan: str
    born_on: date

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"

    @property
    def email(self) -> str:
        family = self.family.replace("'", "")
        return f"{self.given}.{family}@example.com".lower()


@dataclass(frozen=True, kw_only=True)
class Firm:
    """A firm of auditors. ``number`` is its registration with the Institute of Chartered Accountants."""

    name: str
    pan: str
    number: str
    address: Address
    partner: str
    membership: str


@dataclass(frozen=True, kw_only=True)
class Bank:
    """A lender. ``category`` is the code of CHG-1."""

    name: str
    category: str
    address: Address


def a_person(chance: random.Random) -> Person:
    given, family = chance.choice(_GIVEN), chance.choice(_FAMILY)
    return Person(
        given=given,
        family=family,
        din=f"{chance.randint(100_000, 10_900_000):08d}",
        pan=a_pan(chance, "P", family[0]),
        born_on=day_between(chance, date(1950, 1, 1), date(1992, 12, 31)),
    )


def a_pan(chance: random.Random, holder: str, initial: str | None = None) -> str:
    """``holder`` is the type in the fourth letter: P person, C company, F firm."""
    series = "".join(chance.choices(_LETTERS, k=3))
    return f"{series}{holder}{initial or chance.choice(_LETTERS)}{chance.randint(1, 9999):04d}{chance.choice(_LETTERS)}"


def a_firm(chance: random.Random, state: str) -> Firm:
    partner, family = a_person(chance), chance.choice(_FAMILY)
    return Firm(
        name=f"{family} {chance.choice(('& Associates', '& Co', f'{partner.family} & Co'))}",
        pan=a_pan(chance, "F", family[0]),
        number=f"{chance.randint(100_000, 139_999):06d}{chance.choice('CENSW')}",
        address=an_address(chance, state),
        partner=partner.name,
        membership=f"{chance.randint(30_000, 450_000):06d}",
    )


def a_bank(chance: random.Random, state: str) -> Bank:
    name, category = chance.choice(_BANKS)
    return Bank(name=name, category=category, address=an_address(chance, state))


def an_address(chance: random.Random, registrar: str) -> Address:
    state = _STATES.get(registrar, registrar)
    if state not in _CITIES:
        state = "DL"
    city, area = chance.choice(_CITIES[state])
    building = f"{chance.choice(_FAMILY)} {chance.choice(_BUILDINGS)}"
    return Address(
        line1=f"{chance.randint(1, 999)}, {building}",
        line2=chance.choice(_STREETS),
        city=city,
        state=state,
        pin_code=f"{area}{chance.randint(1, 99):03d}",
    )
