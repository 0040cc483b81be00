"""The port for the directory of companies, those that were never ordered too."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from jobs.domain.directory import ListedCompany


@dataclass(frozen=True, kw_only=True)
class Saved:
    """The companies that a batch added and changed. Unchanged ones are not counted."""

    added: int
    changed: int


class Directory(Protocol):
    """Companies by id. Every search is bounded by an index, a limit and a fraction of a second, else TooSlow."""

    def save(self, companies: Sequence[ListedCompany]) -> Saved:
        """Add or overwrite companies, each at most once. Idempotent; writes only what differs."""

    def is_empty(self) -> bool: ...

    def get(self, ids: Collection[str]) -> Mapping[str, ListedCompany]:
        """The companies with these ids, by id; unknown ones are missing."""

    def with_id(self, beginning: str, limit: int) -> list[ListedCompany]:
        """Companies whose id begins with the text, in no order."""

    def with_name(self, beginning: str, limit: int) -> list[ListedCompany]:
        """Companies whose ``plain_name`` begins with the text, in no order."""

    def with_keys(self, sought: Sequence[Collection[str]], limit: int) -> list[ListedCompany]:
        """Companies with one key of each collection, in no order."""
