"""The use cases: order, view, cancel, retry and delete jobs; watch companies; pause and resume; sweep up leftovers.

Each is loaded when it is first used, since a claim, for which a pod waits, needs none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.loading import on_first_use

if TYPE_CHECKING:
    from jobs.services.bulk import BulkService
    from jobs.services.estimating import Estimates
    from jobs.services.exporting import ExportService, expires_at
    from jobs.services.lists import ListRow, ListService
    from jobs.services.order_limits import OrderLimits
    from jobs.services.ordering import JobDetails, JobService
    from jobs.services.orders import Order
    from jobs.services.pausing import PauseService
    from jobs.services.rereading import RereadService
    from jobs.services.suggesting import SuggestionService
    from jobs.services.sweeping import Sweep, Swept
    from jobs.services.views import ViewService
    from jobs.services.watching import WatchService

__all__ = [
    "BulkService",
    "Estimates",
    "ExportService",
    "JobDetails",
    "JobService",
    "ListRow",
    "ListService",
    "Order",
    "OrderLimits",
    "PauseService",
    "RereadService",
    "SuggestionService",
    "Sweep",
    "Swept",
    "ViewService",
    "WatchService",
    "expires_at",
]

__getattr__ = on_first_use(
    __name__,
    {
        "BulkService": "bulk",
        "Estimates": "estimating",
        "ExportService": "exporting",
        "JobDetails": "ordering",
        "JobService": "ordering",
        "ListRow": "lists",
        "ListService": "lists",
        "Order": "orders",
        "OrderLimits": "order_limits",
        "PauseService": "pausing",
        "RereadService": "rereading",
        "SuggestionService": "suggesting",
        "Sweep": "sweeping",
        "Swept": "sweeping",
        "ViewService": "views",
        "WatchService": "watching",
        "expires_at": "exporting",
    },
)
