"""The port for the numbers from which completions are estimated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from jobs.domain.expectation import Waiting
    from jobs.domain.job import Job, Run


class QueueNumbers(Protocol):
    """Numbers about the queue. Each call has an index and a limit, so its cost does not grow with history."""

    def first_due(self, limit: int) -> Sequence[Waiting]:
        """The due jobs in the order of claims. Pauses are ignored."""

    def held(self, limit: int) -> Sequence[int]:
        """The number of runs so far of each job that a worker holds, without expired leases."""

    def last_runs(self, limit: int) -> Sequence[Run]:
        """The runs that ended last, the latest first."""

    def last_of_list(self, list_id: str) -> Job | None:
        """The unfinished job of a list that presumably completes last: the most delayed one, else the newest.

        The cost grows with the list.
        """
