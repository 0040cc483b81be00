"""The tables of a company's page: the rows that are read first, and the others folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.domain.companies.dues import Due, DueState
from jobs.domain.companies.profile import Profile
from jobs.domain.directory import ListedCompany, Standing

#: Rows before the folded ones, and rows of both. The workbook has all.
FIRST, MOST = 6, 25
#: Ten years with three forms each have 30 rows; a company may have filed more ADT-1.
MOST_DUES = 40
_DUE_YEARS = 2
_ABOUT_DUES = (
    "AOC-4 is due 30 days, MGT-7 60 days and ADT-1 15 days after the general meeting, which is due by 30 September, "
    "the first by 31 December. "
    "Extensions of these dates are not considered."
)
_GONE = (Standing.STRUCK_OFF, Standing.ENDED)
_ENDED = "The company has ended according to the register: forms of later years are not due. "


@dataclass(frozen=True, kw_only=True)
class Part:
    """A table. ``name`` is for sentences, ``rest_name`` follows the number of folded rows."""

    anchor: str
    title: str
    name: str
    rows: Sequence[object]
    first: int = FIRST
    most: int = MOST
    rest_name: str = "more"
    hint: str = ""

    @property
    def template(self) -> str:
        return f"_company_{self.anchor}.html"

    @property
    def shown(self) -> Sequence[object]:
        return self.rows[: self.first]

    @property
    def folded(self) -> Sequence[object]:
        return self.rows[self.first : self.most]

    @property
    def rest(self) -> int:
        """The number of rows that are folded or left out."""
        return len(self.rows) - self.first


def parts_of(profile: Profile) -> list[Part]:
    """Also parts without rows."""
    return [
        Part(anchor="people", title="Directors and officers", name="directors and officers", rows=profile.people),
        Part(anchor="charges", title="Charges", name="charges", rows=profile.charges),
        Part(anchor="auditors", title="Auditors", name="auditors", rows=profile.auditors),
        Part(anchor="capital", title="Capital", name="changes of capital", rows=profile.capital),
        Part(anchor="shareholding", title="Shareholding", name="the shareholding", rows=profile.shareholding),
        Part(anchor="meetings", title="Meetings", name="meetings", rows=profile.meetings),
    ]


def dues_part(profile: Profile, listed: ListedCompany | None) -> Part:
    """The annual filings of the latest years, and those not filed in time, before the others.

    ``listed``: the company in the directory.
    """
    recent = max((each.year for each in profile.dues), default=0) - _DUE_YEARS

    def is_first(due: Due) -> bool:
        return due.year > recent or due.state is not DueState.FILED

    first = [each for each in profile.dues if is_first(each)]
    others = [each for each in profile.dues if not is_first(each)]
    is_cut = len(first) > MOST
    return Part(
        anchor="dues",
        title="Annual filings",
        name="annual filings",
        rows=[*first, *others],
        first=min(len(first), MOST),
        most=MOST_DUES,
        rest_name="more" if is_cut else "earlier, filed in time",
        hint=f"{_ENDED if listed and listed.standing in _GONE else ''}{_ABOUT_DUES}",
    )
