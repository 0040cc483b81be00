"""The port for companies, across all their orders."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from jobs.domain.companies.statements import CompanyDocuments
    from jobs.domain.job import Job
    from jobs.domain.listing import CompanyOrder, Cursor, Page


class Companies(Protocol):
    """Companies that were ordered. Every method is bounded by an index and a limit, and can raise TooSlow."""

    def listed(self, order: CompanyOrder, cursor: Cursor | None, limit: int) -> Page[Job]:
        """One page of companies, each as its newest order: by name, without regard to case, and CIN, or by that order.

        One with several names is several. By order, a page may be shorter than the limit although others follow: only
        some orders are read, see ``Page.among``.
        """

    def found(self, text: str, limit: int) -> list[Job]:
        """Companies that match a text, as in JobFilter, among the newest 1,000 matching orders: newest first."""

    def ordered(self, cins: Collection[str]) -> set[str]:
        """Those of a few companies that have an order."""

    def orders(self, cin: str, limit: int) -> list[Job]:
        """A company's orders, the newest first."""

    def orders_of(self, cins: Collection[str], limit: int) -> dict[str, list[Job]]:
        """The orders of several companies, as ``orders``. Companies without an order are missing."""

    def documents(self, cin: str, limit: int) -> CompanyDocuments:
        """The documents of a company's orders and what they state, the newest first."""
