"""The answers that a form contains: captions, values and keys.

Every answer also names the value of our records that it should become, so that reading can be compared with the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from jobs.simulated_companies.events import Seat
from jobs.simulated_companies.people import Address
from worker.sources.simulated_pages import Table

YES_NO = ("Yes", "No")
_DESIGNATIONS = {
    "MAND": "Managing Director",
    "DIRT": "Director",
    "ADDD": "Additional director",
    "WHTD": "Whole-time director",
}
#: Instead of a record's value: it is not read from the data.
NOT_READ = "-"
Value = str | int | date


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer. Without ``caption`` it stands in the data only, without ``key`` on pages only.

    ``code`` is stored instead of the value in the data. ``record`` is the value's name in our record, and
    ``in_data`` its name there if the form's data is read, where that differs.
    """

    value: Value
    caption: str = ""
    key: str = ""
    code: str = ""
    options: Sequence[str] = ()
    record: str = ""
    in_data: str = ""


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The answers of one form, without those that all forms share."""

    form: str
    answers: list[Answer] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    #: Name and lines of the attachment, if there is one.
    attachment: tuple[str, list[str]] | None = None


def indian(amount: int) -> str:
    """Digits grouped in lakhs and crores: 12,34,56,789."""
    digits = str(abs(amount))
    groups = [digits[-3:]]
    rest = digits[:-3]
    while rest:
        groups.insert(0, rest[-2:])
        rest = rest[:-2]
    return ("-" if amount < 0 else "") + ",".join(groups)


def designation(seat: Seat) -> str:
    return _DESIGNATIONS[seat.designation]


def postal(address: Address, table: str, lines: tuple[str, str]) -> list[Answer]:
    """An address in the data."""
    return [
        Answer(value=address.line1, key=f"{table}/{lines[0]}"),
        Answer(value=address.line2, key=f"{table}/{lines[1]}"),
        Answer(value=address.city, key=f"{table}/CITY"),
        Answer(value=address.state, code=address.state, key=f"{table}/STATE"),
        Answer(value=address.pin_code, key=f"{table}/PIN_CODE"),
    ]
