"""The directory of companies, as pages and the API show it."""

from __future__ import annotations

from collections.abc import Collection

from jobs.bootstrap import application
from jobs.domain.companies.statements import plain
from jobs.domain.company_id import as_stored, kind_of
from jobs.domain.directory import ListedCompany

SHOWN = 8


def suggestions(text: str, limit: int = SHOWN) -> list[ListedCompany]:
    return application().suggesting.suggest(text, limit)


def listed(cin: str) -> ListedCompany | None:
    """None if the company is not in the directory."""
    identifier = as_stored(cin)
    return None if kind_of(identifier) is None else application().directory.get([identifier]).get(identifier)


def warning_of(cin: str, name: str = "") -> str | None:
    """A warning to show with an order; None without one, or if the company is not in the directory.

    ``name``: as ordered; empty if it is not known yet.
    """
    found = listed(cin)
    if found is None:
        return None
    is_other = bool(name.strip()) and plain(name) != plain(found.name)
    other = f"The register lists {found.id} as {found.name}." if is_other else None
    return " ".join(each for each in (other, found.warning) if each) or None


def warned_of(cins: Collection[str]) -> list[ListedCompany]:
    """The companies among these that have a warning."""
    return [each for each in application().directory.get(cins).values() if each.warning]
