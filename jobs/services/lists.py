"""Orders many jobs as one list, which can be repeated after an interruption."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from jobs.domain.errors import FilesureError
from jobs.domain.job import Job
from jobs.domain.order_list import LONGEST_NAME, OrderList, RefusedRow, field_at_fault, job_id_in
from jobs.domain.wrong_use import InvalidOrder, UnknownList
from jobs.ports import Clock, OrderListRepository
from jobs.services.ordering import JobService
from jobs.services.orders import Order


@dataclass(frozen=True, kw_only=True)
class ListRow:
    """One row: an order, or its fault and text."""

    line: int
    order: Order | None = None
    problem: FilesureError | None = None
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class ListService:
    """The use cases of lists."""

    lists: OrderListRepository
    service: JobService
    clock: Clock

    def place(
        self,
        list_id: str,
        name: str,
        batches: Iterable[Sequence[ListRow]],
        *,
        requested_by: str,
        limit: int | None = None,
    ) -> OrderList:
        """Order the rows. Idempotent: the jobs' ids follow from the list's id and the rows' numbers.

        If it is interrupted, the rows so far are ordered, and a repetition orders the others. Raises InvalidOrder.
        ``limit``: how many orders the requester may place in a month. Raises MonthlyLimit, before anything is ordered.
        """
        named = " ".join(name.split())[:LONGEST_NAME]
        if not named.isprintable() or not named:
            raise InvalidOrder("The list needs a printable name.", field="name")
        held: list[str] = []
        if limit is not None and not self._is_done(list_id):
            batches = [list(batch) for batch in batches]
            held = self._held(list_id, batches, requested_by, limit)
        made = OrderList(id=list_id, name=named, by=requested_by, at=self.clock(), attempt=self.service.new_id())
        begun = self.lists.begin(made)
        if begun.done_at:
            return begun
        ordered = refused = 0
        for batch in batches:
            rows = self._refused(list_id, batch, requested_by, limit)
            self.lists.refuse(made, rows)
            ordered, refused = ordered + len(batch) - len(rows), refused + len(rows)
        self.lists.finish(made, ordered=ordered, refused=refused)
        self.service.placing.settle(held, requested_by)
        return self.lists.get(list_id)

    def _is_done(self, list_id: str) -> bool:
        with suppress(UnknownList):
            return self.lists.get(list_id).done_at is not None
        return False

    def _held(self, list_id: str, batches: Iterable[Sequence[ListRow]], by: str, limit: int) -> list[str]:
        """Count the orders of the whole list. Returns the ids to settle. Raises MonthlyLimit."""
        accepted: set[str] = set()
        jobs: list[Job] = []
        for batch in batches:
            orders, ids = _orders(list_id, batch)
            results = self.service.order(orders, requested_by=by, in_list=(list_id, ids), preview=accepted)
            found = [result for result in results if isinstance(result, Job)]
            accepted |= {job.cin for job in found}
            jobs += found
        return self.service.placing.hold(jobs, by, limit)

    def _refused(
        self, list_id: str, batch: Sequence[ListRow], requested_by: str, limit: int | None
    ) -> list[RefusedRow]:
        orders, ids = _orders(list_id, batch)
        results = iter(self.service.order(orders, requested_by=requested_by, in_list=(list_id, ids), limit=limit))
        outcomes = [(row, row.problem or next(results)) for row in batch]
        return [_refusal(row, outcome) for row, outcome in outcomes if not isinstance(outcome, Job)]


def _orders(list_id: str, batch: Sequence[ListRow]) -> tuple[list[Order], list[str]]:
    """The orders of some rows, and the ids of their jobs."""
    wanted = [(row.order, job_id_in(list_id, row.line)) for row in batch if row.order]
    return [order for order, _ in wanted], [job_id for _, job_id in wanted]


def _refusal(row: ListRow, error: FilesureError) -> RefusedRow:
    order = row.order or Order(cin="", company_name="")
    return RefusedRow(
        line=row.line,
        cin=order.cin,
        company_name=order.company_name,
        priority=str(order.priority or ""),
        not_before=str(order.not_before or ""),
        row="" if row.order else row.text,
        field=field_at_fault(error),
        reason=str(error),
    )
