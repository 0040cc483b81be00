"""The settings of orders; a part of ``table``."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.configuration import readers as env
from jobs.configuration.setting import setting


@dataclass(frozen=True, kw_only=True)
class OrderSettings:
    """How much people may order."""

    orders_per_month: tuple[tuple[str, int], ...] = setting(
        env.limits,
        (),
        "How many companies' filings each person of a role may order in a calendar month of TIME_ZONE_SHOWN; see"
        " site.md#monthly-limits. Roles without a number have no limit.",
        example="Operator=500,Admin=2000",
    )
