"""Lists of orders in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from jobs.domain.job import VISIBLE, Job, JobStatus
from jobs.domain.listing import Cursor, Page
from jobs.domain.order_list import OrderList, RefusedRow
from jobs.domain.wrong_use import UnknownList
from jobs.ports import Clock


class MemoryOrderListRepository:
    """``jobs.ports.OrderListRepository`` over dictionaries. ``jobs`` returns those of the queue."""

    def __init__(self, clock: Clock, jobs: Callable[[], Iterable[Job]] = list) -> None:
        self._lists: dict[str, OrderList] = {}
        self._refused: dict[tuple[str, str], dict[int, RefusedRow]] = {}
        self._clock, self._jobs = clock, jobs
        #: Placed lists that nobody has looked at since.
        self.marked: set[str] = set()

    def begin(self, made: OrderList) -> OrderList:
        begun = self._lists.setdefault(made.id, made)
        if begun.done_at is None:
            self._lists[made.id] = replace(begun, attempt=made.attempt)
        return self._lists[made.id]

    def refuse(self, made: OrderList, rows: Sequence[RefusedRow]) -> None:
        self._refused.setdefault((made.id, made.attempt), {}).update({row.line: row for row in rows})

    def finish(self, made: OrderList, *, ordered: int, refused: int) -> None:
        stored = self._lists[made.id]
        if stored.done_at is None:
            self._lists[made.id] = replace(
                stored, attempt=made.attempt, ordered=ordered, refused=refused, done_at=self._clock()
            )
            self.marked.add(made.id)

    def get(self, list_id: str) -> OrderList:
        if list_id not in self._lists:
            raise UnknownList(list_id)
        return self._lists[list_id]

    def wish(self, list_id: str, name: str, *, mail: bool) -> None:
        stored = self.get(list_id)
        self._lists[list_id] = replace(stored, wishes={**stored.wishes, name: mail})

    def latest(self, cursor: Cursor | None, limit: int) -> Page[OrderList]:
        """There are no previous pages."""
        ids = [each for each in sorted(self._lists, reverse=True) if cursor is None or each < cursor.id]
        following = Cursor(id=ids[limit - 1]) if len(ids) > limit else None
        return Page(items=[self._lists[each] for each in ids[:limit]], next=following)

    def refused(self, list_id: str) -> Iterator[RefusedRow]:
        attempt = self.get(list_id).attempt
        yield from (row for _, row in sorted(self._refused.get((list_id, attempt), {}).items()))

    def states(self, list_id: str) -> dict[JobStatus, int]:
        counted = Counter(job.status for job in self._jobs() if job.list_id == list_id)
        return {status: counted[status] for status in VISIBLE}
