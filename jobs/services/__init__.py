"""The use cases: order, view, cancel, retry and delete jobs; watch companies; pause and resume; sweep up leftovers."""

from jobs.services.bulk import BulkService
from jobs.services.estimating import Estimates
from jobs.services.exporting import ExportService, expires_at
from jobs.services.lists import ListRow, ListService
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
    "PauseService",
    "RereadService",
    "SuggestionService",
    "Sweep",
    "Swept",
    "ViewService",
    "WatchService",
    "expires_at",
]
